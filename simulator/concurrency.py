"""How many calls are running for long: the limit that shares its code with the daily quota.

25 calls of more than 20 s in a production org or sandbox (limits quick reference). Time here
is what really passes, whatever the org's clock is set to.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager

MOST = 25
LONG_SECONDS = 20.0


class Concurrency:
    def __init__(self, most: int = MOST, long_seconds: float = LONG_SECONDS) -> None:
        self.most = most
        self.long_seconds = long_seconds
        self._running: dict[int, float] = {}
        self._last = 0

    @contextmanager
    def running(self) -> Iterator[None]:
        self._last += 1
        number = self._last
        self._running[number] = time.monotonic()
        try:
            yield
        finally:
            del self._running[number]

    @property
    def long_running(self) -> int:
        began_before = time.monotonic() - self.long_seconds
        return sum(began <= began_before for began in self._running.values())

    @property
    def exhausted(self) -> bool:
        """Whether a new call is one too many."""
        return self.long_running >= self.most
