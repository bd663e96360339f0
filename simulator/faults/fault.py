"""One ordered trouble: which calls and records it means, and whether it happens now."""

from __future__ import annotations

import hashlib
import random
import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from simulator.ids import to_18


@dataclass(frozen=True)
class Target:
    """The side of a call that a fault can match; `struck` collects what happened to it."""

    method: str
    path: str
    user: str
    struck: list[str] = field(default_factory=list, compare=False)


class Fault:
    """`order` is checked already; its times count from `now`, on the org's clock."""

    def __init__(self, number: int, order: dict[str, Any], now: float) -> None:
        match = order.get("match") or {}
        self.number = number
        self.order = order
        self.kind = str(order["kind"])
        self.path = re.compile(match["path"]) if match.get("path") else None
        self.method = str(match["method"]).upper() if match.get("method") else None
        everyone = "any" if self.kind == "removed_field" else "integration"
        self.user = str(match.get("user") or everyone)
        self.left: int | None = order.get("count")
        self.share = float(order.get("share", 1.0))
        self.seed = str(order.get("seed", 0))
        self.random = random.Random(self.seed)
        self.ids = {to_18(i) for i in order["ids"]} if order.get("ids") else None
        self.every = int(order.get("every", 1))
        self.ordinals = frozenset(order["calls"]) if "calls" in order else None
        self.begins, self.ends = _window(order, now)
        self.seen = 0
        self.hits = 0

    @property
    def explicit(self) -> bool:
        return self.path is not None or self.method is not None

    def active(self, now: float) -> bool:
        return self.left != 0 and self.begins <= now and (self.ends is None or now < self.ends)

    def means(self, user: str) -> bool:
        return self.user in ("any", user)

    def matches(self, target: Target, now: float) -> bool:
        if not self.active(now) or not self.means(target.user):
            return False
        if self.method and self.method != target.method:
            return False
        if self.path is None:
            return target.path.startswith(("/services/data", "/services/async"))
        return bool(self.path.search(target.path))

    def strikes(self, target: Target, now: float, record_id: str | None = None) -> bool:
        """Whether it happens now; if so, it counts."""
        if not self.matches(target, now) or (
            self.ids is not None and record_id is not None and record_id not in self.ids
        ):
            return False
        self.seen += 1
        if self.seen % self.every or (self.ordinals is not None and self.seen not in self.ordinals):
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
        return draw(self.seed, record_id)

    def json(self, now: float) -> dict[str, Any]:
        shown = {"id": self.number, **self.order, "left": self.left, "hits": self.hits}
        return {**shown, "seen": self.seen, "active": self.active(now)}


def draw(seed: str, record_id: str) -> float:
    """A number from 0 to 1 that always is the same for this record."""
    digest = hashlib.sha256(f"{seed}:{record_id}".encode()).digest()
    return int.from_bytes(digest[:8], "big") / 2**64


def named(struck: Iterable[str]) -> dict[str, Any]:
    """What the journal says of the faults that struck a call: the first, and all if several."""
    kinds = list(dict.fromkeys(struck))
    if not kinds:
        return {}
    return {"fault": kinds[0]} | ({"faults": kinds} if len(kinds) > 1 else {})


def _window(order: dict[str, Any], now: float) -> tuple[float, float | None]:
    begins = now + order.get("from", order.get("after", 0)) if _timed(order) else float("-inf")
    if "until" in order:
        return begins, now + order["until"]
    return begins, begins + order["for"] if "for" in order else None


def _timed(order: dict[str, Any]) -> bool:
    """A fault without times holds whatever happens to the clock."""
    return bool({"from", "until", "after", "for"} & order.keys())
