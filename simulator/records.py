"""Reading and changing records. Every change goes through here, and into the journal.

A stamp is the time of the DML statement, in whole seconds; an update that changes
nothing still moves it, as Salesforce does.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

import orjson

from simulator import ids
from simulator.database import Database
from simulator.errors import ApiError, not_found
from simulator.formula import Formula, compile_formula
from simulator.schema.access import Access
from simulator.schema.model import Field, Schema, SObject
from simulator.values import to_stored

Row = dict[str, Any]
RecordCheck = Callable[[str], None]


@dataclass(frozen=True)
class Author:
    """Who changes records, in which call, and what may stop a single record.

    `at` is the time of the DML statement, which stamps show; `committed_at` is later in
    a slow transaction. `automation` names the trigger or flow that writes, if it is one.
    """

    access: Access
    call: int | None
    at: float
    committed_at: float
    check: RecordCheck = lambda _: None
    automation: str | None = None


class Triggers(Protocol):
    """What an org does by itself around a save. `before` is None for a new record."""

    def before_save(
        self, author: Author, sobject: SObject, before: Row | None, after: Row, changed: Row
    ) -> None:
        """May refuse the record with ApiError; nothing of it is stored yet."""
        ...

    def after_save(
        self, author: Author, sobject: SObject, before: Row | None, row: Row, changed: Row
    ) -> None:
        """May write more, in the same transaction; `row` becomes what is stored then."""
        ...


class Records:
    def __init__(self, database: Database, schema: Schema) -> None:
        self._db = database
        self.schema = schema
        self._formulas = {o.name: compile_formulas(o) for o in schema.objects.values()}
        self.triggers: Triggers | None = None

    def select(
        self, sobject: SObject, names: Sequence[str], wanted: Iterable[str]
    ) -> Iterator[tuple[Any, ...]]:
        """These columns of the rows with these ids, in no order, deleted ones included."""
        columns = ", ".join(f'"{name}"' for name in names)
        sql = f"SELECT {columns} FROM {sobject.table} WHERE Id IN (SELECT value FROM json_each(?))"
        return self._db.execute(sql, (orjson.dumps(list(wanted)).decode(),))

    def fetch(self, sobject: SObject, wanted: Iterable[str]) -> dict[str, Row]:
        """The whole stored rows of these ids, deleted ones included."""
        found = self.select(sobject, sobject.columns, wanted)
        return {row[0]: dict(zip(sobject.columns, row, strict=True)) for row in found}

    def get(self, sobject: SObject, record_id: str) -> Row:
        row = self.fetch(sobject, [record_id]).get(record_id)
        if row is None:
            raise not_found()
        if row.get("IsDeleted"):
            raise ApiError(404, "ENTITY_IS_DELETED", "entity is deleted")
        return row

    def update(self, author: Author, sobject: SObject, row: Row, body: dict[str, Any]) -> None:
        """One DML update of one record; `row` becomes what is stored."""
        if not author.access.may_edit(sobject) or not sobject.updateable:
            raise ApiError(
                403, "INSUFFICIENT_ACCESS_OR_READONLY", "insufficient access rights on object id"
            )
        values = self._checked(author.access, sobject, body)
        author.check(row["Id"])
        changed = {name: value for name, value in values.items() if row[name] != value}
        stamp = int(author.at)
        moved = {
            "LastModifiedDate": stamp,
            "LastModifiedById": author.access.user_id,
            "SystemModstamp": stamp,
        }
        after = row | changed | moved
        for field, formula in self._formulas[sobject.name]:
            after[field.name] = moved[field.name] = formula(after)
        if self.triggers:
            self.triggers.before_save(author, sobject, row, after, changed)
        self._store(sobject, row["Id"], changed | moved)
        self._note(author, sobject, row, after, changed)
        before = dict(row) if self.triggers else row
        row.update(after)
        if self.triggers:
            self.triggers.after_save(author, sobject, before, row, changed)

    def create(self, author: Author, sobject: SObject, body: dict[str, Any]) -> str:
        if not author.access.may_edit(sobject) or not sobject.createable:
            raise ApiError(
                403, "INSUFFICIENT_ACCESS_OR_READONLY", "insufficient access rights on object id"
            )
        values = self._checked(author.access, sobject, body)
        missing = [f.name for f in sobject.fields if _required(f) and values.get(f.name) is None]
        if missing:
            message = f"Required fields are missing: [{', '.join(missing)}]"
            raise ApiError(400, "REQUIRED_FIELD_MISSING", message, missing)
        row = {field.name: field.stored_default for field in sobject.fields} | values
        stamp, by = int(author.at), author.access.user_id
        row.update(Id=self._next_id(sobject), CreatedDate=stamp, CreatedById=by)
        row.update(LastModifiedDate=stamp, LastModifiedById=by, SystemModstamp=stamp)
        if self.triggers:
            self._work_out(sobject, row)
            self.triggers.before_save(author, sobject, None, row, values)
        self.insert(sobject, [row])
        self._note(author, sobject, dict.fromkeys(values), row, values)
        if self.triggers:
            self.triggers.after_save(author, sobject, None, row, values)
        return str(row["Id"])

    def delete(self, author: Author, sobject: SObject, row: Row) -> None:
        """Into the recycle bin: the row stays, marked."""
        if not sobject.deletable:
            raise ApiError(
                405,
                "METHOD_NOT_ALLOWED",
                "HTTP Method 'DELETE' not allowed. Allowed are HEAD,GET,PATCH",
            )
        author.check(row["Id"])
        after = {**row, "IsDeleted": 1, "SystemModstamp": int(author.at)}
        self._store(sobject, row["Id"], {"IsDeleted": 1, "SystemModstamp": int(author.at)})
        self._note(author, sobject, row, after, {"IsDeleted": 1})

    def undelete(self, author: Author, sobject: SObject, row: Row) -> None:
        """Out of the recycle bin; a change like any, so its stamp moves (unconfirmed)."""
        author.check(row["Id"])
        after = {**row, "IsDeleted": 0, "SystemModstamp": int(author.at)}
        self._store(sobject, row["Id"], {"IsDeleted": 0, "SystemModstamp": int(author.at)})
        self._note(author, sobject, row, after, {"IsDeleted": 0})

    def insert(self, sobject: SObject, rows: list[Row]) -> None:
        """Stores whole rows, formulas worked out; no journal (seeding, create)."""
        for row in rows:
            self._work_out(sobject, row)
        columns, marks = (
            ", ".join(f'"{c}"' for c in sobject.columns),
            ", ".join("?" * len(sobject.columns)),
        )
        self._db.executemany(
            f"INSERT INTO {sobject.table} ({columns}) VALUES ({marks})",
            ([row[c] for c in sobject.columns] for row in rows),
        )

    def _work_out(self, sobject: SObject, row: Row) -> None:
        for field, formula in self._formulas[sobject.name]:
            row[field.name] = formula(row)

    def _checked(self, access: Access, sobject: SObject, body: dict[str, Any]) -> dict[str, Any]:
        values: dict[str, Any] = {}
        visible, editable = access.visible_fields(sobject), access.editable_fields(sobject)
        for name, value in body.items():
            field = visible.get(name.lower())
            if field is None:
                raise ApiError(
                    400,
                    "INVALID_FIELD",
                    f"No such column '{name}' on sobject of type {sobject.name}",
                )
            if field.name not in editable:
                raise _not_editable(field)
            values[field.name] = to_stored(field, value)
        return values

    def _store(self, sobject: SObject, record_id: str, values: Row) -> None:
        sets = ", ".join(f'"{name}" = ?' for name in values)
        self._db.execute(
            f"UPDATE {sobject.table} SET {sets} WHERE Id = ?", [*values.values(), record_id]
        )

    def _note(
        self, author: Author, sobject: SObject, before: Row, after: Row, changed: dict[str, Any]
    ) -> None:
        old = orjson.dumps({name: _shown(sobject, name, before[name]) for name in changed}).decode()
        new = orjson.dumps(
            {name: _shown(sobject, name, value) for name, value in changed.items()}
        ).decode()
        self._db.execute(
            "INSERT INTO change (call, at, stamp, object, id, by_id, before, after, automation) "
            "VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
            (
                author.call,
                author.committed_at,
                int(author.at),
                sobject.name,
                after["Id"],
                author.access.user_id,
                old,
                new,
                author.automation,
            ),
        )

    def _next_id(self, sobject: SObject) -> str:
        serial = int(self._db.setting("serial", "1000000")) + 1
        self._db.set_setting("serial", str(serial))
        return ids.make(sobject.prefix, self._db.setting("pod", "5f"), serial)


def compile_formulas(sobject: SObject) -> list[tuple[Field, Formula]]:
    names = {f.name.lower(): f.name for f in sobject.fields}
    return [(f, compile_formula(f.formula, names)) for f in sobject.formulas if f.formula]


def _shown(sobject: SObject, name: str, value: Any) -> Any:
    field = sobject.field(name)
    return bool(value) if field and field.type == "boolean" and value is not None else value


def _required(field: Field) -> bool:
    return field.createable and not field.nillable and field.type != "boolean"


def _not_editable(field: Field) -> ApiError:
    message = (
        f"Unable to create/update fields: {field.name}. Please check the security settings of "
        "this field and "
        "verify that it is read/write for your profile or permission set."
    )
    return ApiError(400, "INVALID_FIELD_FOR_INSERT_UPDATE", message, [field.name])
