"""All faults that are ordered, and the questions that calls ask of them."""

from __future__ import annotations

from typing import Any

from simulator.clock import Clock
from simulator.faults import kinds
from simulator.faults.errors import made, row_lock
from simulator.faults.fault import Fault, Target


class Faults:
    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._faults: list[Fault] = []
        self._last = 0

    @property
    def version(self) -> tuple[int, ...]:
        """Differs whenever other faults restrict what users may see or change."""
        if not self._faults:
            return ()
        now = self._clock.now()
        lasting = (*kinds.FIELD_KINDS, "no_access")
        return tuple(f.number for f in self._faults if f.kind in lasting and f.active(now))

    def add(self, *orders: dict[str, Any]) -> list[Fault]:
        """Takes all orders, or raises ValueError with what is wrong in one and takes none."""
        for order in orders:
            kinds.check(order)
        now, added = self._clock.now(), []
        for order in orders:
            self._last += 1
            added.append(Fault(self._last, order, now))
        self._faults += added
        return added

    def remove(self, number: int | None = None) -> int:
        kept = [] if number is None else [f for f in self._faults if f.number != number]
        removed = len(self._faults) - len(kept)
        self._faults = kept
        return removed

    def json(self) -> list[dict[str, Any]]:
        now = self._clock.now()
        return [fault.json(now) for fault in self._faults]

    def take(
        self, kind: str, target: Target, record_id: str | None = None, *, fits: bool = True
    ) -> Fault | None:
        """The first fault of that kind that strikes now.

        What does not fit the kind (an answer without CSV for a truncated CSV) is hit only
        where the order names the calls itself.
        """
        if not self._faults:
            return None
        now = self._clock.now()
        for fault in self._faults:
            if (
                fault.kind == kind
                and (fits or fault.explicit)
                and fault.strikes(target, now, record_id)
            ):
                target.struck.append(kind)
                return fault
        return None

    def check_record(self, target: Target, record_id: str) -> None:
        """Raises the error that is ordered for this record, if one is."""
        if not self._faults:
            return
        if self.take("row_lock", target, record_id):
            raise row_lock(record_id)
        fault = self.take("record_error", target, record_id)
        if fault:
            order = fault.order
            code = order.get("code") or order.get("statusCode")
            raise made(
                str(code or "FIELD_CUSTOM_VALIDATION_EXCEPTION"),
                status=order.get("status"),
                message=order.get("message"),
                record_id=record_id,
                fields=[str(order["field"])] if "field" in order else [],
            )

    def restricted_fields(self, kind: str, user: str) -> frozenset[str]:
        return frozenset(str(f.order["field"]).lower() for f in self._lasting(kind, user))

    def closed_objects(self, user: str) -> frozenset[str]:
        """Lower-case names of the objects that this user has no rights to any more."""
        return frozenset(
            str(f.order.get("object", "User")).lower() for f in self._lasting("no_access", user)
        )

    def _lasting(self, kind: str, user: str) -> list[Fault]:
        now = self._clock.now()
        return [f for f in self._faults if f.kind == kind and f.means(user) and f.active(now)]
