"""The rows of a query, in chunks, as text for a CSV or as records; what bulk queries refuse.

The only module here that knows how SOQL is parsed and compiled.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from functools import lru_cache
from typing import Any

import orjson

from simulator.bulk.forms import Form, reshaped
from simulator.clock import rest_datetime
from simulator.database import Database
from simulator.errors import ApiError
from simulator.schema.access import Access
from simulator.schema.model import Field, Schema
from simulator.soql.compiler import Compiler
from simulator.soql.parser import parse
from simulator.soql.periods import Moment
from simulator.soql.plan import Plan
from simulator.soql.shapes import RecordShape
from simulator.soql.syntax import (
    Compare,
    Junction,
    Literal,
    Ordering,
    Path,
    Place,
    Query,
)

ID_LENGTH = 18
NOWHERE = Place(0)
ID = Path(("Id",), NOWHERE)
Text = Callable[[Any], Any]
Rows = list[Any]


class Selection:
    """One query by one user; `moment` is what date literals count from.

    Raises the ApiError with which Salesforce refuses to make a job.
    """

    def __init__(
        self,
        database: Database,
        schema: Schema,
        access: Access,
        soql: str,
        moment: Moment,
        *,
        deleted: bool,
    ) -> None:
        self._db = database
        self._schema = schema
        self._access = access
        self._query = parse(soql)
        self._moment = moment
        self._deleted = deleted
        plan = self._compiler(self._query).plan(deleted=deleted)
        _refuse_unsupported(self._query, plan)
        self.object = plan.sobject.name
        assert isinstance(plan.root, RecordShape), "aggregates are refused"
        self._shape = plan.root
        self._base = ""
        self._columns = sorted(_flat(plan.root, ""), key=lambda column: column[1])

    def nest(self, form: Form, base: str) -> None:
        """From now on rows are records, with their parents inside; `base` begins their URLs."""
        self._shape, self._base = reshaped(form, self._shape), base

    def header(self) -> list[str]:
        return [name for name, _, _ in self._columns]

    def chunks(self, size: int) -> Iterator[Rows]:
        """Every row once. Between two chunks anything may happen to the records."""
        return self._by_key(size) if _chunked(self._query) else self._by_order(size)

    def _by_key(self, size: int) -> Iterator[Rows]:
        """In the order of ids, each chunk from after the last id of the one before."""
        last = ""
        while True:
            rows = self._run(self._after(last, size))
            if rows:
                yield self._shown(rows)
                last = rows[-1][0]
            if len(rows) < size:
                return

    def _by_order(self, size: int) -> Iterator[Rows]:
        """The ids in one go, 18 bytes each; a record that is gone meanwhile is left out."""
        plan = self._compiler(self._query).plan(deleted=self._deleted)
        sql = f"SELECT t0.Id {plan.tail}{plan.order} LIMIT ? OFFSET ?"
        found = self._db.execute(sql, (*plan.parameters, plan.limit, plan.offset))
        ids = bytearray()
        for row in found:
            ids += row[0].encode()
        for begin in range(0, len(ids), size * ID_LENGTH):
            part = ids[begin : begin + size * ID_LENGTH].decode()
            wanted = [part[i : i + ID_LENGTH] for i in range(0, len(part), ID_LENGTH)]
            rows = {row[0]: row for row in self._named(wanted)}
            yield self._shown([rows[i] for i in wanted if i in rows])

    def _after(self, last: str, size: int) -> Query:
        where = self._query.where
        if last:
            later = Compare(ID, ">", Literal("string", last, NOWHERE))
            where = Junction("AND", (where, later)) if where else later
        by_id = Ordering(ID, descending=False, nulls_last=False)
        return replace(self._query, where=where, order=(by_id,), limit=size)

    def _named(self, ids: list[str]) -> list[tuple[Any, ...]]:
        plan = self._compiler(self._query).plan_for_ids()
        sql = f"SELECT {plan.columns} {plan.tail}"
        return self._db.execute(sql, (orjson.dumps(ids).decode(),)).fetchall()

    def _compiler(self, query: Query) -> Compiler:
        return Compiler(query, self._schema, self._access, self._moment)

    def _run(self, query: Query) -> list[tuple[Any, ...]]:
        plan = self._compiler(query).plan(deleted=self._deleted)
        sql = f"SELECT {plan.columns} {plan.tail}{plan.order} LIMIT ? OFFSET ?"
        return self._db.execute(sql, (*plan.parameters, plan.limit, plan.offset)).fetchall()

    def _shown(self, rows: list[tuple[Any, ...]]) -> Rows:
        if self._base:
            return [self._shape.record(row, self._base) for row in rows]
        columns = [(index, text) for _, index, text in self._columns]
        return [[text(row[i]) if text else row[i] for i, text in columns] for row in rows]


def chunked_by_key(soql: str) -> bool:
    """What the job info calls isPkChunkingSupported: ORDER BY and LIMIT switch it off."""
    return _chunked(parse(soql))


def _chunked(query: Query) -> bool:
    return not query.order and query.limit is None


def _flat(node: RecordShape, prefix: str) -> Iterator[tuple[str, int, Text | None]]:
    """Name, place in the row and conversion of each selected column, parents' as `Rel.Field`."""
    for name, index, convert in node.entries:
        field = node.sobject.field(name)
        yield prefix + name, index, _text(field) if field else convert
    for name, parent in node.parents.items():
        yield from _flat(parent, f"{prefix}{name}.")


def _text(field: Field) -> Text | None:
    """How a stored value is written; None where it is written as it is."""
    return TEXTS.get(field.type)


def _flag(value: int | None) -> str:
    return "" if value is None else "true" if value else "false"


@lru_cache(maxsize=65536)
def _datetime(value: int | None) -> str:
    """Bulk results end a datetime in `Z` (recorded by connectors), unlike REST answers."""
    return "" if value is None else rest_datetime(value).replace("+0000", "Z")


TEXTS: dict[str, Text] = {"boolean": _flag, "datetime": _datetime}


def _refuse_unsupported(query: Query, plan: Plan) -> None:
    """Documented: no aggregates, no OFFSET, no nested queries. Wording is unconfirmed."""
    if plan.count_only or plan.grouped:
        raise _unsupported("aggregate queries")
    if query.offset:
        raise _unsupported("OFFSET")
    if query.children:
        message = "Aggregate Relationships not supported in Bulk Query"
        raise ApiError(400, "FUNCTIONALITY_NOT_ENABLED", message)


def _unsupported(what: str) -> ApiError:
    message = f"Implementation restriction: {what} not supported in Bulk Query"
    return ApiError(400, "API_ERROR", message)
