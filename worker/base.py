"""What all tasks share: the process's runtime, log context, and errors said in one sentence."""

import logging
import time
from functools import cache
from typing import Any

import redis
from celery import Task
from celery.signals import setup_logging, worker_process_init

from config.loading import load_settings
from config.logging import configure_logging
from config.wiring import Runtime
from sync.errors import SyncError
from worker.lanes import Lane, Lanes, Verdict, live_turns
from worker.sentences import OneSentence
from worker.ticks import HEADER, Ticks
from worker.wake import Waker

log = logging.getLogger(__name__)


@cache
def runtime() -> Runtime:
    """This process's runtime, made on first use: after the fork, never before."""
    return Runtime(load_settings())


@cache
def broker() -> redis.Redis:
    """This process's connections to the broker, for marks beside its messages."""
    return redis.Redis.from_url(runtime().settings.redis(), socket_timeout=5)


@cache
def waker() -> Waker:
    """This process's wake-ups."""
    return Waker(broker())


@cache
def lanes() -> Lanes:
    """Which workers an org's tasks run on, as this process sees it."""
    return Lanes(broker(), live_turns(runtime().settings.live_workers))


@cache
def ticks() -> Ticks:
    """Which ticks were carried out lately."""
    return Ticks(broker())


@setup_logging.connect
def _log(**_: object) -> None:
    configure_logging(load_settings())
    for handler in logging.getLogger().handlers:
        handler.addFilter(OneSentence())


@worker_process_init.connect
def _forget_parent(**_: object) -> None:
    for made in (runtime, broker, waker, lanes, ticks):
        made.cache_clear()


class SyncTask(Task):  # type: ignore[type-arg]
    """A task that is its own retry: what it leaves undone, the next tick finds."""

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        """Run, unless it is a late tick; an error with a sentence is a log line."""
        try:
            if not self._is_late(*args):
                return self._begin(*args, **kwargs)
        except SyncError as error:
            log.warning("%s%s: %s", self.name, args, error)
        except redis.RedisError as error:
            log.warning("%s%s: the broker does not answer: %s", self.name, args, error)
        return None

    def _begin(self, *args: Any, **kwargs: Any) -> Any:
        return super().__call__(*args, **kwargs)

    def _is_late(self, *args: Any) -> bool:
        seconds = self.request.get(HEADER)
        return seconds is not None and ticks().is_late(_work(self, *args), seconds)


class OrgTask(SyncTask):
    """A task of one org, its first argument, that runs where it keeps no other org waiting.

    Tasks of one kind have one slot of the slow workers together.
    """

    def kind(self, *_args: Any) -> str:
        """The kind of a call with these arguments after the org."""
        return "look"

    def tells_length(self, *_args: Any) -> bool:
        """Whether the time that such a call takes says that the org takes long."""
        return True

    def _begin(self, org: str, *args: Any) -> Any:
        """Run it, or send it to the slow workers, or drop what is being done there."""
        lane = _lane(self)
        if lane is None:
            return super()._begin(org, *args)
        if lane is Lane.SLOW:
            lanes().arrived(org, _work(self, *args))
        with lanes().turn(org, lane, self.kind(*args)) as verdict:
            if verdict is Verdict.RUN:
                return self._timed(lane, org, *args)
        if verdict is Verdict.ASIDE:
            self._send_aside(org, *args)
        self.not_here(org, *args)
        return None

    def not_here(self, org: str, *args: Any) -> None:
        """What becomes of a call that was sent aside or dropped."""

    def _send_aside(self, org: str, *args: Any) -> None:
        work = _work(self, *args)
        if not lanes().leaves(org, work):
            return
        try:
            self.apply_async((org, *args), queue=Lane.SLOW.value)
        except Exception:
            lanes().arrived(org, work)
            raise

    def _timed(self, lane: Lane, org: str, *args: Any) -> Any:
        """On the slow workers heartbeats wait behind what takes long, so that its end is one."""
        started = time.monotonic()
        try:
            return super()._begin(org, *args)
        finally:
            if self.tells_length(*args):
                lanes().took(org, time.monotonic() - started)
            if lane is Lane.SLOW:
                runtime().store.beat("worker-slow")


class SettleTask(OrgTask):
    """Writing to users of one org: what is edited does not wait for what a reconcile found."""

    def kind(self, *args: Any) -> str:
        """One for each of the queues that its users wait in."""
        return ":".join(("settle", *map(str, args)))

    def tells_length(self, *args: Any) -> bool:
        """What a reconcile found takes its time by design."""
        return Lane.BULK.value not in args

    def not_here(self, org: str, *args: Any) -> None:
        """What is noticed from now on may wake another one: who has the turn may have claimed."""
        for queue in args:
            waker().woken(org, queue)


class RunTask(OrgTask):
    """A pass of a run over one org."""

    def kind(self, *_args: Any) -> str:
        """One for all runs: there is one at a time."""
        return "run"

    def tells_length(self, *_args: Any) -> bool:
        """A pass takes its time by design."""
        return False


def _work(task: "Task[..., Any]", *args: Any) -> str:
    return ":".join((str(task.name), *map(str, args)))


def _lane(task: "Task[..., Any]") -> Lane | None:
    """The queue that the message came from; None for a call without a message."""
    delivery = task.request.delivery_info
    if task.request.called_directly or delivery is None:
        return None
    return Lane(str(delivery.get("routing_key")))
