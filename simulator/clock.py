"""The org's clock. Whole seconds are all that Salesforce's stamps ever show."""

from __future__ import annotations

import time
from datetime import UTC, datetime
from email.utils import formatdate, parsedate_to_datetime
from functools import lru_cache


class Clock:
    """The machine's time plus an offset, which grows while a test lets time run faster."""

    def __init__(self, offset: float = 0.0) -> None:
        self._offset = offset
        self._speed = 1.0
        self._since = time.time()

    def now(self) -> float:
        return time.time() + self.offset

    def seconds(self) -> int:
        return int(self.now())

    @property
    def offset(self) -> float:
        return self._offset + (self._speed - 1.0) * (time.time() - self._since)

    @offset.setter
    def offset(self, seconds: float) -> None:
        self._offset, self._since = seconds, time.time()

    @property
    def speed(self) -> float:
        return self._speed

    @speed.setter
    def speed(self, factor: float) -> None:
        """From now on; what has passed so far stays passed."""
        self.offset = self.offset
        self._speed = factor


@lru_cache(maxsize=65536)
def rest_datetime(seconds: int) -> str:
    """As REST answers print it: no colon in the offset, always `.000` (recorded)."""
    return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%dT%H:%M:%S.000+0000")


@lru_cache(maxsize=8)
def http_date(seconds: int) -> str:
    return formatdate(seconds, usegmt=True)


def parse_http_date(text: str) -> int | None:
    """Seconds of an RFC 1123 date, or None when it is not one."""
    try:
        parsed = parsedate_to_datetime(text)
    except (TypeError, ValueError):
        return None
    if parsed.tzinfo is None:
        parsed = parsed.replace(tzinfo=UTC)
    return int(parsed.timestamp())


def parse_iso(text: str) -> int | None:
    """Seconds of an ISO 8601 datetime with `Z` or an offset; None without a zone."""
    try:
        parsed = datetime.fromisoformat(text)
    except ValueError:
        return None
    return int(parsed.timestamp()) if parsed.tzinfo else None
