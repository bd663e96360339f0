"""Answers that no org gives: results lost, doubled, swapped, of somebody else, of another shape.

A client must survive them all the same: a proxy, a cache or a future release may be at work.
"""

from __future__ import annotations

import copy
from collections.abc import Callable
from typing import Any

from simulator.exchange import Reply
from simulator.faults.book import Faults
from simulator.faults.fault import Target

Items = list[Any]


def _lose(items: Items) -> None:
    del items[0]


def _double(items: Items) -> None:
    items.append(copy.deepcopy(items[-1]))


def _swap(items: Items) -> None:
    items[0], items[-1] = items[-1], items[0]


def _rename(items: Items) -> None:
    """The first item carries the id of the last: a valid one that was asked for, but elsewhere."""
    first, last = items[0], items[-1]
    for key in ("id", "Id"):
        if isinstance(first, dict) and isinstance(last, dict) and key in first and key in last:
            first[key] = last[key]


ITEMS: dict[str, Callable[[Items], None]] = {
    "lost_item": _lose,
    "extra_item": _double,
    "swapped_items": _swap,
    "wrong_id": _rename,
}
LEAST = {"swapped_items": 2, "wrong_id": 2}


def spoil(faults: Faults, target: Target, reply: Reply) -> None:
    """Changes the reply in place as ordered; what is stored stays true."""
    for kind, change in ITEMS.items():
        lists = [x for x in _results(reply.body) if len(x) >= LEAST.get(kind, 1)]
        if lists and faults.take(kind, target):
            for items in lists:
                change(items)
    whole = isinstance(reply.body, list | dict)
    if whole and faults.take("other_shape", target):
        reply.body = {"result": reply.body} if isinstance(reply.body, list) else [reply.body]
    fault = faults.take("wrong_content_type", target)
    if fault:
        reply.headers["Content-Type"] = str(fault.order.get("content_type", "text/plain"))
    if whole and faults.take("truncated_json", target):
        reply.truncated = True


def _results(body: Any) -> list[Items]:
    """The lists of results in an answer: its own, or those of a composite's collections."""
    if isinstance(body, list):
        return [body]
    if isinstance(body, dict) and isinstance(body.get("compositeResponse"), list):
        inner = (r.get("body") for r in body["compositeResponse"] if isinstance(r, dict))
        return [x for x in inner if isinstance(x, list)]
    return []
