"""One ordered outbound message: which saves it tells of, to whom, and how badly it is delivered."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx2

from simulator.faults.fault import draw
from simulator.ids import to_18
from simulator.schema.model import Schema, SObject

KEYS = {
    "url",
    "object",
    "fields",
    "when",
    "ca_file",
    "insecure",
    "first_gap",
    "growth",
    "longest_gap",
    "duplicate",
    "reorder",
}
WHEN = {"ids", "share", "seed", "by"}
NUMBERS = {"first_gap": (15.0, 0.01), "growth": (2.0, 1.0), "longest_gap": (7200.0, 0.01)}
"""Default and least. Documented: gaps grow exponentially up to two hours; the rest is made up."""
MOST_GROWTH = 100.0


@dataclass(frozen=True)
class Share:
    """A part of all notifications, always the same ones; `seconds` is how long those wait."""

    share: float = 0.0
    seed: str = "0"
    seconds: float = 1.0

    def has(self, drawn_by: str) -> bool:
        return self.share > 0 and draw(self.seed, drawn_by) < self.share


@dataclass(frozen=True)
class Order:
    """`order` is checked already."""

    order: dict[str, Any]
    sobject: SObject
    fields: tuple[str, ...]
    duplicate: Share = field(default_factory=Share)
    reorder: Share = field(default_factory=Share)

    @property
    def url(self) -> str:
        return str(self.order["url"])

    def gap(self, attempts: int) -> float:
        """Seconds until the next try, after so many."""
        first, growth, longest = (float(self.order.get(k, NUMBERS[k][0])) for k in NUMBERS)
        exponent = min(attempts - 1, 64)  # beyond that only the longest counts
        return float(min(longest, first * growth**exponent))

    def means(self, record_id: str, role: str) -> bool:
        """Whether a save of this record by such a user is told."""
        when = self.order.get("when") or {}
        if when.get("by", "any") not in ("any", role):
            return False
        if when.get("ids") and record_id not in {to_18(i) for i in when["ids"]}:
            return False
        share = float(when.get("share", 1.0))
        return share >= 1.0 or draw(str(when.get("seed", 0)), record_id) < share


def read(order: dict[str, Any], schema: Schema) -> Order:
    """ValueError says what is wrong in it."""
    when = order.get("when") or {}
    unknown = set(order) - KEYS or set(when) - WHEN
    if unknown:
        raise ValueError(f"unknown keys: {', '.join(sorted(unknown))}")
    if not _is_address(str(order.get("url", ""))):
        raise ValueError("url must be an address: http://… or https://…")
    _check_values(order, when)
    sobject = schema.object(str(order.get("object", "User")))
    if sobject is None:
        raise ValueError(f"no such object: {order['object']}")
    return Order(
        order,
        sobject,
        _fields(sobject, order.get("fields") or []),
        _share(order, "duplicate"),
        _share(order, "reorder"),
    )


def check_places(order: dict[str, Any]) -> None:
    """What may be otherwise at the next start; ValueError."""
    ca_file = order.get("ca_file")
    if ca_file is not None and not Path(str(ca_file)).is_file():
        raise ValueError(f"ca_file: there is no {ca_file}")


def _is_address(text: str) -> bool:
    try:
        return bool(httpx2.URL(text).host) and text.startswith(("http://", "https://"))
    except httpx2.InvalidURL:
        return False


def _check_values(order: dict[str, Any], when: dict[str, Any]) -> None:
    for key, (usual, least) in NUMBERS.items():
        _number(key, order.get(key, usual), least, MOST_GROWTH if key == "growth" else None)
    _number("when.share", when.get("share", 1), 0, 1)


def _number(name: str, value: Any, least: float, most: float | None) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float) or value < least:
        raise ValueError(f"{name} must be a number from {least} on")
    if most is not None and value > most:
        raise ValueError(f"{name} must be at most {most}")
    return float(value)


def _share(order: dict[str, Any], name: str) -> Share:
    found = order.get(name) or {}
    if not isinstance(found, dict) or found.keys() - {"share", "seed", "seconds"}:
        raise ValueError(f"{name} is an object: share, seed, seconds")
    share = _number(f"{name}.share", found.get("share", 0), 0, 1)
    seconds = _number(f"{name}.seconds", found.get("seconds", 1), 0, None)
    return Share(share, str(found.get("seed", 0)), seconds)


def _fields(sobject: SObject, names: Any) -> tuple[str, ...]:
    """What a record says of itself: its Id first, whether that was asked for or not."""
    if not isinstance(names, list):
        raise ValueError("fields must be a list of names")
    found = [sobject.field(str(name)) for name in names]
    if None in found:
        raise ValueError(f"{sobject.name} has no field {names[found.index(None)]}")
    if any(one.virtual for one in found if one):
        raise ValueError("a compound field cannot be sent")
    return tuple(dict.fromkeys(["Id", *(one.name for one in found if one)]))
