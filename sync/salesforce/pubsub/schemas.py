"""Schemas of change events by their ids. An id stands for one schema for ever: kept once read."""

import json
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import fastavro
from fastavro.types import Schema

MOST = 64
"""Schemas kept: an org has one for each object, and a new one whenever its fields change."""

HEADER = "ChangeEventHeader"


class OddSchema(ValueError):
    """A schema that is not that of a change event."""


@dataclass(frozen=True, slots=True)
class EventSchema:
    """What is needed of an event's schema: how its header is written, and the fields' names.

    The header comes first, so that it can be read without what follows.
    """

    header: Schema
    names: tuple[str, ...]


class Schemas:
    """The schemas that were read; `fetch` reads one by its id, as JSON."""

    def __init__(self, fetch: Callable[[str], str]) -> None:
        self._fetch = fetch
        self._known: OrderedDict[str, EventSchema] = OrderedDict()

    def get(self, schema_id: str) -> EventSchema:
        """The schema with this id; OddSchema, or what `fetch` raises."""
        if schema_id not in self._known:
            self._known[schema_id] = parse(self._fetch(schema_id))
            if len(self._known) > MOST:
                self._known.popitem(last=False)
        self._known.move_to_end(schema_id)
        return self._known[schema_id]


def parse(text: str) -> EventSchema:
    """A change event's schema from its JSON; OddSchema."""
    try:
        fields: list[dict[str, Any]] = json.loads(text)["fields"]
        names = tuple(str(field["name"]) for field in fields)
        header = fastavro.parse_schema(fields[0]["type"])
    except (
        ValueError,
        TypeError,
        LookupError,
        RecursionError,
        fastavro.schema.SchemaParseException,
    ):
        raise OddSchema("what should be an event's schema cannot be read") from None
    if names[0] != HEADER:
        raise OddSchema(f"an event's schema begins with {names[0][:40]!r}, not with {HEADER}")
    return EventSchema(header, names)
