"""Changes told without what changed: as a gap, as an overflow, as any record of the object.

A real org does so where it cannot say more; here for as long as a test has ordered it.
"""

from __future__ import annotations

import time

from simulator.pubsub.log import Event

GAP, OVERFLOW, WILDCARD = "GAP", "GAP_OVERFLOW", "wildcard"
WAYS = (GAP, OVERFLOW, WILDCARD)
EVERY_RECORD = "000000000000000AAA"


class Concealing:
    def __init__(self) -> None:
        self.concealed = 0
        self._way = GAP
        self._until = 0.0

    def order(self, way: str, seconds: float) -> None:
        """The last order counts; none of any length ends it."""
        self._way, self._until = way, time.monotonic() + seconds

    def told(self, event: Event, prefix: str) -> Event:
        if time.monotonic() >= self._until:
            return event
        self.concealed += 1
        kind, ids = event.kind, event.ids
        if self._way == GAP:
            kind = f"GAP_{event.kind}"
        elif self._way == OVERFLOW:
            kind, ids = OVERFLOW, EVERY_RECORD
        else:
            ids = f"{prefix}*"
        return event._replace(kind=kind, ids=ids, body=b"{}")
