"""From what a transaction saved to the events it publishes.

Documented: several changes of one record in a transaction are one event, with the first type and
the final data; the same change of many records in the same second and transaction is one event
with many ids. How many ids at most is unconfirmed and a setting.
"""

from __future__ import annotations

from typing import Any

import orjson

from simulator.pubsub.avro import Layout
from simulator.saves import Saved

Body = dict[str, Any]
Change = tuple[Saved, str, int]
"""What was saved, of which records, and its number among all changes of the transaction.

The number counts those that nobody selected as well, so a subscriber sees gaps.
"""


def changes(saved: list[Saved], most: int) -> list[Change]:
    if len(saved) == 1:
        return [(saved[0], saved[0].record_id, 1)]
    merged: list[tuple[Saved, list[str]]] = []
    open_: dict[Any, list[str]] = {}
    for one in _by_record(saved):
        key = (one.kind, one.sobject.name, one.user_id, orjson.dumps(one.values))
        if key not in open_ or len(open_[key]) >= most:
            open_[key] = []
            merged.append((one, open_[key]))
        open_[key].append(one.record_id)
    return [(one, " ".join(ids), number) for number, (one, ids) in enumerate(merged, 1)]


def _by_record(saved: list[Saved]) -> list[Saved]:
    found: dict[tuple[str, str], Saved] = {}
    for one in saved:
        key = (one.sobject.name, one.record_id)
        first = found.get(key)
        found[key] = first._replace(values=first.values | one.values) if first else one
    return list(found.values())


def body(layout: Layout, saved: Saved) -> Body:
    """The stored values where the schema has them; of a deleted record there are none."""
    if saved.kind == "DELETE":
        return {}
    found: Body = {}
    places = layout.places
    for name, value in saved.values.items():
        if name in places:
            top, part = places[name]
            if part is None:
                found[top] = value
            else:
                found.setdefault(top, {})[part] = value
    return found
