"""Reading and changing records. Every change goes through here, and into the journal.

A stamp is the time of the DML statement, in whole seconds; an update that changes
nothing still moves it, as Salesforce does.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

import orjson

from simulator import cascades
from simulator.database import Database
from simulator.errors import ApiError, not_found
from simulator.formula import Formula, compile_formula
from simulator.history import Signature, note_change
from simulator.numbering import next_id, next_number
from simulator.references import References
from simulator.saves import Saved
from simulator.schema.access import Access
from simulator.schema.model import Field, Schema, SObject
from simulator.submission import submitted
from simulator.uniqueness import check_unique
from simulator.values import required

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

    @property
    def signature(self) -> Signature:
        return Signature(
            self.call, self.committed_at, int(self.at), self.access.user_id, self.automation
        )


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
        self.references = References(database, schema)
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
        _check_right(author, sobject, allowed=sobject.updateable)
        values = submitted(author.access, self.references, sobject, body, creating=False)
        author.check(row["Id"])
        changed = {name: value for name, value in values.items() if row[name] != value}
        self._check(sobject, row["Id"], changed)
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
        self._note(author, sobject, row["Id"], {name: row[name] for name in changed}, changed)
        self._save("UPDATE", author, sobject, row["Id"], _changed(sobject, row, after, changed))
        before = dict(row) if self.triggers else row
        row.update(after)
        if self.triggers:
            self.triggers.after_save(author, sobject, before, row, changed)

    def create(self, author: Author, sobject: SObject, body: dict[str, Any]) -> str:
        """One DML insert of one record; returns its id."""
        _check_right(author, sobject, allowed=sobject.createable)
        values = submitted(author.access, self.references, sobject, body, creating=True)
        by, stamp = author.access.user_id, int(author.at)
        row = {f.name: f.stored_default for f in sobject.fields} | values
        if "OwnerId" in row and row["OwnerId"] is None:
            row["OwnerId"] = by
        missing = [f.name for f in sobject.fields if _required(f) and row[f.name] is None]
        if missing:
            raise required(missing)
        self._check(sobject, None, values)
        row |= self._numbers(sobject)
        row.update(Id=next_id(self._db, sobject), CreatedDate=stamp, CreatedById=by)
        row.update(LastModifiedDate=stamp, LastModifiedById=by, SystemModstamp=stamp)
        if self.triggers:
            self._work_out(sobject, row)
            self.triggers.before_save(author, sobject, None, row, values)
        self.insert(sobject, [row])
        self._note(author, sobject, row["Id"], dict.fromkeys(values), values)
        self._save("CREATE", author, sobject, row["Id"], dict(row))
        if self.triggers:
            self.triggers.after_save(author, sobject, None, row, values)
        return str(row["Id"])

    def delete(self, author: Author, sobject: SObject, row: Row) -> None:
        """Into the recycle bin: the row stays, marked; what cascades goes with it."""
        if not sobject.deletable:
            raise ApiError(
                405,
                "METHOD_NOT_ALLOWED",
                "HTTP Method 'DELETE' not allowed. Allowed are HEAD,GET,PATCH",
            )
        _check_right(author, sobject, allowed=True)
        record_id = row["Id"]
        author.check(record_id)
        for child, field, child_id in cascades.pointers(self._db, self.schema, sobject, record_id):
            self._store(child, child_id, {field.name: None, "SystemModstamp": int(author.at)})
            self._note(author, child, child_id, {field.name: record_id}, {field.name: None})
            blank = {field.name: None, "LastModifiedDate": int(author.at)}
            self._save("UPDATE", author, child, child_id, blank)
        under = cascades.followers(self._db, self.schema, sobject, record_id, None)
        self._mark(author, sobject, record_id, under, deleted=1)

    def undelete(self, author: Author, sobject: SObject, row: Row) -> None:
        """Out of the recycle bin, with what went into it together; `row` becomes what is stored."""
        _check_right(author, sobject, allowed=sobject.deletable)
        if not row.get("IsDeleted"):
            raise ApiError(400, "UNDELETE_FAILED", "Entity is not in the recycle bin")
        author.check(row["Id"])
        self._check(sobject, row["Id"], {f.name: row[f.name] for f in sobject.unique_fields})
        stamp = row["SystemModstamp"]
        under = cascades.followers(self._db, self.schema, sobject, row["Id"], stamp)
        self._mark(author, sobject, row["Id"], under, deleted=0)
        row.update(IsDeleted=0, SystemModstamp=int(author.at))

    def insert(self, sobject: SObject, rows: list[Row]) -> None:
        """Stores whole rows, formulas worked out; no journal (seeding, create)."""
        for row in rows:
            self._work_out(sobject, row)
        stored = sobject.stored_columns
        columns, marks = ", ".join(f'"{c}"' for c in stored), ", ".join("?" * len(stored))
        self._db.executemany(
            f"INSERT INTO {sobject.table} ({columns}) VALUES ({marks})",
            ([row[c] for c in stored] for row in rows),
        )

    def _work_out(self, sobject: SObject, row: Row) -> None:
        for field, formula in self._formulas[sobject.name]:
            row[field.name] = formula(row)

    def _check(self, sobject: SObject, record_id: str | None, values: dict[str, Any]) -> None:
        self.references.check(sobject, values)
        check_unique(self._db, sobject, record_id, values)

    def _numbers(self, sobject: SObject) -> Row:
        counted = (f for f in sobject.fields if f.auto_number)
        return {f.name: next_number(self._db, sobject, f) for f in counted}

    def _mark(
        self,
        author: Author,
        sobject: SObject,
        record_id: str,
        under: Iterable[cascades.Child],
        *,
        deleted: int,
    ) -> None:
        """Deletes or undeletes this record and all that cascades from it, at any depth."""
        waiting = [(sobject, record_id), *((child, i) for child, _, i in under)]
        while waiting:
            kind, found = waiting.pop()
            stamp = None if deleted else self._stamp(kind, found)
            if found != record_id:
                below = cascades.followers(self._db, self.schema, kind, found, stamp)
                waiting += [(child, i) for child, _, i in below]
            self._store(kind, found, {"IsDeleted": deleted, "SystemModstamp": int(author.at)})
            self._note(author, kind, found, {"IsDeleted": 1 - deleted}, {"IsDeleted": deleted})
            whole = {} if deleted else self.fetch(kind, [found])[found]
            self._save("DELETE" if deleted else "UNDELETE", author, kind, found, whole)

    def _stamp(self, sobject: SObject, record_id: str) -> int:
        found = f"SELECT SystemModstamp FROM {sobject.table} WHERE Id = ?"
        return int(self._db.execute(found, (record_id,)).fetchone()[0])

    def _store(self, sobject: SObject, record_id: str, values: Row) -> None:
        sets = ", ".join(f'"{name}" = ?' for name in values)
        self._db.execute(
            f"UPDATE {sobject.table} SET {sets} WHERE Id = ?", [*values.values(), record_id]
        )

    def _note(
        self, author: Author, sobject: SObject, record_id: str, before: Row, after: Row
    ) -> None:
        note_change(self._db, author.signature, sobject, record_id, before, after)

    def _save(
        self, kind: str, author: Author, sobject: SObject, record_id: str, values: Row
    ) -> None:
        self._db.saved.append(Saved(kind, sobject, record_id, author.access.user_id, values))


def _changed(sobject: SObject, before: Row, after: Row, changed: Row) -> Row:
    """With the formulas that came out differently, and who last modified it if that is new."""
    found = {**changed, "LastModifiedDate": after["LastModifiedDate"]}
    for name in ("LastModifiedById", *(f.name for f in sobject.formulas)):
        if before[name] != after[name]:
            found[name] = after[name]
    return found


def compile_formulas(sobject: SObject) -> list[tuple[Field, Formula]]:
    names = {f.name.lower(): f.name for f in sobject.fields}
    return [(f, compile_formula(f.formula, names)) for f in sobject.formulas if f.formula]


def _check_right(author: Author, sobject: SObject, *, allowed: bool) -> None:
    if not allowed or not author.access.may_edit(sobject):
        raise ApiError(
            403, "INSUFFICIENT_ACCESS_OR_READONLY", "insufficient access rights on object id"
        )


def _required(field: Field) -> bool:
    return field.createable and not field.nillable and field.type != "boolean"
