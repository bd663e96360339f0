"""Celery's log lines about a broker that does not answer: one sentence, no traceback."""

import logging

import redis
from celery.beat import SchedulingError
from kombu.exceptions import KombuError

_NAMED = (SchedulingError, KombuError, redis.RedisError, OSError)


class OneSentence(logging.Filter):
    """Takes the traceback from what the text of the error says well enough."""

    def filter(self, record: logging.LogRecord) -> bool:
        """Shorten the record in place; it is always let through."""
        error = record.exc_info[1] if record.exc_info else None
        if isinstance(error, _NAMED):
            text = (record.getMessage().strip().splitlines() or [""])[0]
            said = str(error)
            record.msg = text if said in text else f"{text} ({said})"
            record.args = ()
            record.exc_info = record.exc_text = None
        return True
