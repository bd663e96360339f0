"""Troubles that a test orders: what goes wrong, for which calls, how often.

A fault hits the integration user's REST calls unless its `match` says otherwise, so
that the people who edit in the same test are left alone.
"""

from __future__ import annotations

import hashlib
import random
import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from simulator.errors import ApiError, invalid_session
from simulator.ids import to_18

REFUSALS: dict[str, Callable[[], ApiError]] = {
    "expired_token": invalid_session,
    "daily_limit": lambda: ApiError(403, "REQUEST_LIMIT_EXCEEDED", "TotalRequests Limit exceeded."),
    "concurrent_limit": lambda: ApiError(
        403,
        "REQUEST_LIMIT_EXCEEDED",
        "ConcurrentRequests (Concurrent API Requests) Limit exceeded.",
    ),
    "api_disabled": lambda: ApiError(
        403, "API_DISABLED_FOR_ORG", "The REST API is not enabled for this Organization."
    ),
}
RECORD_KINDS = {"row_lock", "record_error"}
FIELD_KINDS = {"hidden_field", "read_only_field"}
CALL_KINDS = {
    "html_503",
    "lost_answer",
    "cut_before",
    "slow_commit",
    "slow_answer",
    "null_record",
    "truncated_json",
}
KINDS = {*REFUSALS, *RECORD_KINDS, *FIELD_KINDS, *CALL_KINDS}
KNOWN_KEYS = {
    "kind",
    "match",
    "count",
    "share",
    "seed",
    "ids",
    "seconds",
    "status",
    "field",
    "statusCode",
    "message",
}
MATCH_KEYS = {"path", "method", "user"}


@dataclass(frozen=True)
class Target:
    """The side of a call that a fault can match."""

    method: str
    path: str
    user: str


class Fault:
    def __init__(self, number: int, order: dict[str, Any]) -> None:
        match = order.get("match") or {}
        self.number = number
        self.order = order
        self.kind = str(order["kind"])
        self.path = re.compile(match["path"]) if match.get("path") else None
        self.method = str(match["method"]).upper() if match.get("method") else None
        self.user = str(match.get("user") or "integration")
        self.left: int | None = order.get("count")
        self.share = float(order.get("share", 1.0))
        self.seed = str(order.get("seed", 0))
        self.random = random.Random(self.seed)
        self.ids = {to_18(i) for i in order["ids"]} if order.get("ids") else None
        self.hits = 0

    @property
    def explicit(self) -> bool:
        return self.path is not None or self.method is not None

    def matches(self, target: Target) -> bool:
        if self.left == 0 or self.user not in ("any", target.user):
            return False
        if self.method and self.method != target.method:
            return False
        if self.path is None:
            return target.path.startswith("/services/data")
        return bool(self.path.search(target.path))

    def strikes(self, target: Target, record_id: str | None = None) -> bool:
        """Whether it happens now; if so, it counts."""
        if not self.matches(target) or (
            self.ids is not None and record_id is not None and record_id not in self.ids
        ):
            return False
        if self.share < 1.0 and self._draw(record_id) >= self.share:
            return False
        self.hits += 1
        if self.left is not None:
            self.left -= 1
        return True

    def _draw(self, record_id: str | None) -> float:
        """A share of records means always the same records, except for row locks, which pass."""
        if record_id is None or self.kind == "row_lock":
            return self.random.random()
        digest = hashlib.sha256(f"{self.seed}:{record_id}".encode()).digest()
        return int.from_bytes(digest[:8], "big") / 2**64

    def json(self) -> dict[str, Any]:
        return {"id": self.number, **self.order, "left": self.left, "hits": self.hits}


class Faults:
    def __init__(self) -> None:
        self._faults: list[Fault] = []
        self._last = 0
        self.version = 0

    def add(self, order: dict[str, Any]) -> Fault:
        """Takes an order, or raises ValueError with what is wrong in it."""
        _check(order)
        self._last += 1
        self.version += 1
        fault = Fault(self._last, order)
        self._faults.append(fault)
        return fault

    def remove(self, number: int | None = None) -> int:
        kept = [] if number is None else [f for f in self._faults if f.number != number]
        removed = len(self._faults) - len(kept)
        self._faults, self.version = kept, self.version + 1
        return removed

    def json(self) -> list[dict[str, Any]]:
        return [fault.json() for fault in self._faults]

    def take(self, kind: str, target: Target, record_id: str | None = None) -> Fault | None:
        """The first fault of that kind that strikes now."""
        if not self._faults:
            return None
        return next(
            (f for f in self._faults if f.kind == kind and f.strikes(target, record_id)), None
        )

    def take_if_written(self, kind: str, target: Target, changed: int) -> Fault | None:
        """Without an explicit match, only calls that changed a record are hit."""
        if not self._faults:
            return None
        fitting = (f for f in self._faults if f.kind == kind and (changed or f.explicit))
        return next((f for f in fitting if f.strikes(target)), None)

    def check_record(self, target: Target, record_id: str) -> None:
        if not self._faults:
            return
        if self.take("row_lock", target, record_id):
            raise row_lock(record_id)
        error = self.take("record_error", target, record_id)
        if error:
            code = str(error.order.get("statusCode", "FIELD_CUSTOM_VALIDATION_EXCEPTION"))
            fields = [str(error.order["field"])] if "field" in error.order else []
            raise ApiError(
                400, code, str(error.order.get("message", "A validation rule says no.")), fields
            )

    def restricted_fields(self, kind: str, user: str) -> frozenset[str]:
        fitting = [f for f in self._faults if f.kind == kind and f.user in ("any", user)]
        return frozenset(str(f.order["field"]).lower() for f in fitting)


def row_lock(record_id: str) -> ApiError:
    message = f"unable to obtain exclusive access to this record or 1 records: {record_id}"
    return ApiError(400, "UNABLE_TO_LOCK_ROW", message, [])


def _check(order: dict[str, Any]) -> None:
    """A misspelled order must not look like a fault that never strikes."""
    if order.get("kind") not in KINDS:
        raise ValueError(f"kind must be one of {', '.join(sorted(KINDS))}")
    match = order.get("match") or {}
    unknown = set(order) - KNOWN_KEYS or set(match) - MATCH_KEYS
    if unknown:
        raise ValueError(f"unknown keys: {', '.join(sorted(unknown))}")
    if order["kind"] in FIELD_KINDS and not order.get("field"):
        raise ValueError("this kind needs a field")
    if order["kind"] in ("slow_commit", "slow_answer") and not isinstance(
        order.get("seconds"), int | float
    ):
        raise ValueError("this kind needs seconds")
    if not isinstance(order.get("count"), int | None) or not 0 <= order.get("share", 1) <= 1:
        raise ValueError("count must be a whole number or null, share a number from 0 to 1")
    try:
        re.compile(match.get("path") or "")
    except re.error as error:
        raise ValueError(f"match.path: {error}") from error
