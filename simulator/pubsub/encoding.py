"""A stored event as a subscriber gets it: Avro by its own schema, bitmaps by the positions there.

Encoded when it is delivered, so that an event that nobody listens for costs a row and no more.
"""

from __future__ import annotations

import json
import uuid
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime
from io import BytesIO
from typing import Any

import fastavro

from simulator.pubsub.bitmaps import Places, bitmaps
from simulator.pubsub.log import Event

Visible = Callable[[str], bool]
NO_BITMAPS: dict[str, list[str]] = {"nulledFields": [], "diffFields": [], "changedFields": []}


@dataclass(frozen=True)
class Codec:
    """A schema made ready: how each field is written, and where it stands."""

    parsed: Any
    kinds: Mapping[str, Any]
    places: Places

    def encode(self, event: Event, visible: Visible) -> bytes:
        """Fields that the subscriber may not see are as if they had not changed."""
        stored: dict[str, Any] = json.loads(event.body)
        body = {name: value for name, value in stored.items() if visible(name)}
        header = header_of(event)
        if event.kind == "UPDATE":
            header |= self._bitmaps(body)
        record = {"ChangeEventHeader": header, **self._written(body)}
        into = BytesIO()
        fastavro.schemaless_writer(into, self.parsed, record)
        return into.getvalue()

    def _bitmaps(self, body: dict[str, Any]) -> dict[str, list[str]]:
        known = {name: value for name, value in body.items() if name in self.places}
        changed = {n: list(v) if isinstance(v, dict) else None for n, v in known.items()}
        nulled: dict[str, list[str] | None] = {n: None for n, v in known.items() if v is None}
        for name, value in known.items():
            if isinstance(value, dict) and None in value.values():
                nulled[name] = [part for part, inner in value.items() if inner is None]
        return {
            "changedFields": bitmaps(self.places, changed),
            "nulledFields": bitmaps(self.places, nulled),
        }

    def _written(self, body: dict[str, Any]) -> dict[str, Any]:
        found: dict[str, Any] = {}
        for name, kind in self.kinds.items():
            value = body.get(name)
            if isinstance(value, dict):
                parts = {part: written(inner, value.get(part)) for part, inner in kind.items()}
                found[name] = parts if any(v is not None for v in parts.values()) else None
            else:
                found[name] = written(kind, value)
        return found


def header_of(event: Event) -> dict[str, Any]:
    """All but the bitmaps. A transaction is known by its commit, so its key is made of that."""
    return {
        "entityName": event.object,
        "recordIds": event.ids.split(),
        "changeType": event.kind,
        "changeOrigin": event.origin,
        "transactionKey": transaction_key(event),
        "sequenceNumber": event.sequence,
        "commitTimestamp": int(event.at * 1000),
        "commitNumber": event.commit_number,
        "commitUser": event.user_id,
        **NO_BITMAPS,
    }


def transaction_key(event: Event) -> str:
    return str(uuid.uuid5(uuid.NAMESPACE_OID, f"transaction {event.at} {event.commit_number}"))


def make_codec(schema: str) -> Codec:
    declared = json.loads(schema)
    named: dict[str, dict[str, str]] = {}
    kinds: dict[str, Any] = {}
    for field in declared["fields"][1:]:  # behind the header
        kind = field["type"][-1]
        if isinstance(kind, dict) and kind["type"] == "record":
            parts = {part["name"]: part["type"][-1] for part in kind["fields"]}
            named[kind["name"]] = parts
            kind = parts
        kinds[field["name"]] = named.get(kind, kind) if isinstance(kind, str) else kind
    places = {
        name: (position, _positions(kind)) for position, (name, kind) in enumerate(kinds.items(), 1)
    }
    return Codec(fastavro.parse_schema(declared), kinds, places)


def _positions(kind: Any) -> dict[str, int] | None:
    """Of the parts of a compound field; a list's type is a mapping, too, but not of parts."""
    if not isinstance(kind, dict) or "items" in kind:
        return None
    return {part: number for number, part in enumerate(kind)}


def written(kind: Any, value: Any) -> Any:
    """A stored value as the Avro type takes it. Moments and dates are epoch milliseconds."""
    if value is None:
        return None
    if kind == "boolean":
        return bool(value)
    if kind == "double":
        return float(value)
    if kind == "long":
        return _milliseconds(value)
    return value


def _milliseconds(value: Any) -> int:
    if isinstance(value, str):
        day = date.fromisoformat(value)
        return int(datetime(day.year, day.month, day.day, tzinfo=UTC).timestamp()) * 1000
    return int(value) * 1000
