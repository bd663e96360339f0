"""The header row: which field each column sets, or through which parent it does.

Grammar and refusals were recorded against a real org: `Field`, `Relation.Key` for a
lookup with one target, `Type:Relation.Key` only for one with several. The key is Id or
a field whose values identify a record.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from simulator.bulk.upload import BadUpload
from simulator.schema.access import Access
from simulator.schema.model import Field, Schema, SObject

LONGEST_HEADER = 32_000
RELATION = re.compile(r"(?:(\w+):)?(\w+)\.(\w+)")


@dataclass(frozen=True)
class Column:
    """`parent` and `key` are set where the value names a parent record."""

    field: Field
    parent: SObject | None = None
    key: Field | None = None


class Header:
    def __init__(self, schema: Schema, access: Access, sobject: SObject) -> None:
        self._schema = schema
        self._access = access
        self._sobject = sobject

    def columns(self, names: list[str]) -> list[Column]:
        """A column for each name, or BadUpload with the first that is wrong."""
        if sum(len(name) + 1 for name in names) > LONGEST_HEADER:
            raise BadUpload(
                f"InvalidBatch : The header row is longer than {LONGEST_HEADER} characters"
            )
        return [self._column(name) for name in names]

    def _column(self, name: str) -> Column:
        relation = RELATION.fullmatch(name)
        if relation:
            return self._through_parent(name, *relation.groups())
        found = self._access.find_readable(self._sobject, name)
        if found is None:
            raise _unknown(name)
        return Column(found)

    def _through_parent(self, name: str, kind: str | None, relation: str, key: str) -> Column:
        lookup = self._sobject.by_relationship.get(relation.lower())
        if lookup is None or not self._access.readable(self._sobject, lookup):
            raise BadUpload(f"InvalidBatch : Unable to find relationship: {relation}")
        several = len(lookup.reference_to) > 1
        if kind and not several:
            raise BadUpload(
                "InvalidBatch : type is not needed for non polymorphic foreign key references: "
                f"{relation}"
            )
        wanted = kind if kind else lookup.reference_to[0]
        targets = {target.lower() for target in lookup.reference_to}
        parent = self._schema.object(wanted) if wanted.lower() in targets else None
        found = self._access.find_readable(parent, key) if parent else None
        if (several and not kind) or found is None or not found.id_lookup:
            raise _unknown(name)
        return Column(lookup, parent, found)


def _unknown(name: str) -> BadUpload:
    return BadUpload(f"InvalidBatch : Field name not found : {name}")
