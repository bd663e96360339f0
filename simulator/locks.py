"""Row locks of transactions that have changed rows and not committed yet.

Salesforce waits about ten seconds for a row before it gives up with UNABLE_TO_LOCK_ROW.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager

PATIENCE = 10.0


class Locks:
    def __init__(self, patience: float = PATIENCE) -> None:
        self._patience = patience
        self._held: dict[str, asyncio.Event] = {}
        self._open: list[float] = []

    def __bool__(self) -> bool:
        return bool(self._held)

    def holds(self, record_id: str) -> bool:
        return record_id in self._held

    def oldest_open(self) -> float | None:
        """When the oldest transaction that is still open began."""
        return min(self._open, default=None)

    @contextmanager
    def hold(self, ids: set[str], began: float) -> Iterator[None]:
        released = asyncio.Event()
        self._held.update(dict.fromkeys(ids, released))
        self._open.append(began)
        try:
            yield
        finally:
            self._open.remove(began)
            for record_id in ids:
                self._held.pop(record_id, None)
            released.set()

    async def wait(self, ids: set[str]) -> frozenset[str]:
        """Waits until these rows are free; returns those that still are not."""
        loop = asyncio.get_running_loop()
        deadline = loop.time() + self._patience
        while busy := ids & self._held.keys():
            left = deadline - loop.time()
            if left <= 0:
                return frozenset(busy)
            try:
                await asyncio.wait_for(self._held[next(iter(busy))].wait(), left)
            except TimeoutError:
                return frozenset(ids & self._held.keys())
        return frozenset()
