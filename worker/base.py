"""What all tasks share: the process's runtime, log context, and errors said in one sentence."""

import logging
from functools import cache
from typing import Any

import redis
from celery import Task
from celery.signals import setup_logging, worker_process_init

from config.loading import load_settings
from config.logging import configure_logging
from config.wiring import Runtime
from sync.errors import SyncError
from worker.sentences import OneSentence
from worker.wake import Waker

log = logging.getLogger(__name__)


@cache
def runtime() -> Runtime:
    """This process's runtime, made on first use: after the fork, never before."""
    return Runtime(load_settings())


@cache
def waker() -> Waker:
    """This process's wake-ups."""
    return Waker(redis.Redis.from_url(runtime().settings.redis(), socket_timeout=5))


@setup_logging.connect
def _log(**_: object) -> None:
    configure_logging(load_settings())
    for handler in logging.getLogger().handlers:
        handler.addFilter(OneSentence())


@worker_process_init.connect
def _forget_parent(**_: object) -> None:
    runtime.cache_clear()
    waker.cache_clear()


class SyncTask(Task):  # type: ignore[type-arg]
    """A task that is its own retry: what it leaves undone, the next tick finds."""

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        """Run; an error with a sentence is a log line, anything else a traceback."""
        try:
            return super().__call__(*args, **kwargs)
        except SyncError as error:
            log.warning("%s%s: %s", self.name, args, error)
        except redis.RedisError as error:
            log.warning("%s%s: the broker does not answer: %s", self.name, args, error)
        return None
