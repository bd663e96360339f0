"""From what a transaction saved to the events it publishes.

Documented: several changes of one record in a transaction are one event, with the first type and
the final data; the same change of many records in the same second and transaction is one event
with many ids. How many ids at most is unconfirmed and a setting.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any

import orjson

from simulator.pubsub.avro import Layout
from simulator.saves import Saved

Body = dict[str, Any]
WHOLE = ("CREATE", "UNDELETE")


@dataclass(frozen=True)
class Change:
    """One event of the transaction; `sequence` counts those that nobody selected as well."""

    saved: Saved
    ids: list[str]
    sequence: int


def changes(saved: list[Saved], most: int) -> Iterator[Change]:
    if len(saved) == 1:
        yield Change(saved[0], [saved[0].record_id], 1)
        return
    merged: list[tuple[Saved, list[str]]] = []
    open_: dict[Any, list[str]] = {}
    for one in _by_record(saved):
        key = (one.kind, one.sobject.name, one.user_id, orjson.dumps(one.values))
        if key not in open_ or len(open_[key]) >= most:
            open_[key] = []
            merged.append((one, open_[key]))
        open_[key].append(one.record_id)
    for number, (one, ids) in enumerate(merged, 1):
        yield Change(one, ids, number)


def _by_record(saved: list[Saved]) -> list[Saved]:
    found: dict[tuple[str, str], Saved] = {}
    for one in saved:
        key = (one.sobject.name, one.record_id)
        first = found.get(key)
        found[key] = replace(first, values=first.values | one.values) if first else one
    return list(found.values())


def body(layout: Layout, saved: Saved) -> Body:
    """The stored values where the schema has them; of a deleted record there are none."""
    if saved.kind == "DELETE":
        return {}
    found: Body = {}
    for name, value in saved.values.items():
        top, part = layout.places.get(name, (None, None))
        if top is None:
            continue
        if part is None:
            found[top] = value
        else:
            found.setdefault(top, {})[part] = value
    return found
