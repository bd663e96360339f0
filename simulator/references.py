"""Lookups: what a request body may say instead of an id, and whether the id leads anywhere."""

from __future__ import annotations

from typing import Any

from simulator.database import Database
from simulator.errors import ApiError, parser_error
from simulator.schema.model import Field, Schema, SObject
from simulator.uniqueness import keyed
from simulator.values import malformed_id, to_stored

UNORDERED = (
    "Nested object for polymorphic foreign key must have an attributes field before any other "
    "fields."
)


def unknown_reference() -> ApiError:
    """Recorded answer for an id that leads nowhere."""
    return ApiError(400, "INVALID_CROSS_REFERENCE_KEY", "invalid cross reference id", [])


class References:
    def __init__(self, database: Database, schema: Schema) -> None:
        self._db = database
        self._schema = schema

    def check(self, sobject: SObject, values: dict[str, Any]) -> None:
        """Each id is of an object that the lookup points to, and of a record that is there.

        Objects that this org does not have are not looked into. That a wrong object is
        MALFORMED_ID is documented for paths, not for values.
        """
        for field in sobject.references:
            value = values.get(field.name)
            if value is not None:
                self._check_one(field, value)

    def _check_one(self, field: Field, value: str) -> None:
        known = [t for name in field.reference_to if (t := self._schema.object(name))]
        target = next((t for t in known if t.prefix == value[:3]), None)
        if target is None and len(known) == len(field.reference_to):
            raise malformed_id(field.label, value, field.name)
        if target is None:
            return
        alive = " AND IsDeleted = 0" if target.deletable else ""
        found = f"SELECT 1 FROM {target.table} WHERE Id = ?{alive}"
        if not self._db.execute(found, (value,)).fetchone():
            raise unknown_reference()

    def resolve(self, field: Field, nested: dict[str, Any]) -> str:
        """The id of the record that `{"Ext__c": "value"}` names (external ids only)."""
        target = self._target(field, nested)
        pairs = [(name, value) for name, value in nested.items() if name != "attributes"]
        if len(pairs) != 1:
            raise parser_error(f"A nested {field.relationship} needs exactly one external ID field")
        name, value = pairs[0]
        key = target.field(name)
        if key is None or not key.id_lookup:
            message = f"No such column '{name}' on sobject of type {target.name}"
            raise ApiError(400, "INVALID_FIELD", message)
        found = self.with_key(target, key, value)
        if len(found) == 1:
            return found[0]
        told = "not found" if not found else "is not unique"
        message = f"Foreign key external ID: {value} {told} for field {key.name} in entity "
        raise ApiError(400, "INVALID_FIELD", message + target.name, [])

    def _target(self, field: Field, nested: dict[str, Any]) -> SObject:
        kind = None
        if "attributes" in nested:
            attributes = nested["attributes"]
            kind = attributes.get("type") if isinstance(attributes, dict) else None
        if field.polymorphic and (kind is None or next(iter(nested)) != "attributes"):
            raise parser_error(UNORDERED)
        name = str(kind or field.reference_to[0])
        target = self._schema.object(name)
        if target is None or target.name not in field.reference_to:
            raise ApiError(400, "INVALID_TYPE", f"sObject type '{name}' is not supported.")
        return target

    def with_key(self, sobject: SObject, key: Field, value: object) -> list[str]:
        """The ids of the living records that have this value, at most 100."""
        stored = to_stored(key, value) if key.type != "id" else value
        alive = " AND IsDeleted = 0" if sobject.deletable else ""
        rows = self._db.execute(
            f"SELECT Id FROM {sobject.table} WHERE {keyed(key)} = ?{alive} ORDER BY Id LIMIT 100",
            (stored,),
        )
        return [row[0] for row in rows]
