"""How a row of the SQL result becomes a record of the answer."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from simulator.schema.model import SObject
from simulator.values import Converter

Row = tuple[Any, ...]
Record = dict[str, Any]
Entry = tuple[str, int, Converter | None]


@dataclass
class RecordShape:
    """An object in the result: the queried one, or a parent reached through a relation.

    A parent comes where it was first selected from (recorded): `place` fields before it.
    """

    sobject: SObject
    id_column: int
    place: int = 0
    entries: list[Entry] = field(default_factory=list)
    parents: dict[str, RecordShape] = field(default_factory=dict)

    def record(self, row: Row, url: str) -> Record | None:
        """`url` is that of all objects; None when there is no such parent."""
        record_id = row[self.id_column]
        if record_id is None:
            return None
        name = self.sobject.name
        found: Record = {"attributes": {"type": name, "url": f"{url}{name}/{record_id}"}}
        filled = 0
        for key, parent in self.parents.items():
            _fill(found, self.entries[filled : parent.place], row)
            found[key] = parent.record(row, url)
            filled = parent.place
        _fill(found, self.entries[filled:] if filled else self.entries, row)
        return found


@dataclass
class AggregateShape:
    """A row of an aggregate query, as recorded: no URL, `expr0` where no alias is."""

    entries: list[Entry] = field(default_factory=list)

    def record(self, row: Row, _url: str) -> Record:
        found: Record = {"attributes": {"type": "AggregateResult"}}
        _fill(found, self.entries, row)
        return found


def _fill(found: Record, entries: list[Entry], row: Row) -> None:
    for key, column, convert in entries:
        found[key] = convert(row[column]) if convert else row[column]
