"""Celery's log lines about a broker or a child that is gone: one sentence, no traceback."""

import logging
from collections.abc import Iterator

import redis
from billiard.exceptions import WorkerLostError
from celery.beat import SchedulingError
from kombu.exceptions import KombuError

_NAMED = (SchedulingError, KombuError, WorkerLostError, redis.RedisError, OSError)


class OneSentence(logging.Filter):
    """Takes the traceback from what the text of the error says well enough."""

    def filter(self, record: logging.LogRecord) -> bool:
        """Shorten the record in place; it is always let through."""
        error = record.exc_info[1] if record.exc_info else None
        named = next((e for e in _causes(error, record.name) if isinstance(e, _NAMED)), None)
        if named is not None:
            text = (record.getMessage().strip().splitlines() or [""])[0]
            said = str(named)
            record.msg = text if said in text else f"{text} ({said})"
            record.args = ()
            record.exc_info = record.exc_text = None
        return True


def _causes(error: BaseException | None, logger: str) -> Iterator[BaseException]:
    """The error, unwrapped; for Celery's own trouble also what it was busy with when it came.

    kombu stumbles over itself when it closes the connection to a broker that died: what is to be
    said is that the broker died.
    """
    while error is not None:
        error = getattr(error, "exc", error)
        yield error
        error = error.__context__ if logger.startswith("celery.worker") else None
