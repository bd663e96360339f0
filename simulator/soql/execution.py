"""Runs queries: first pages, the pages behind them, nested results."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any
from zoneinfo import ZoneInfo

import orjson

from simulator.database import Database
from simulator.errors import ApiError
from simulator.schema.access import Access
from simulator.schema.model import Schema
from simulator.soql import functions
from simulator.soql.compiler import Compiler
from simulator.soql.cursors import Cursor, Cursors, invalid_locator
from simulator.soql.parser import parse
from simulator.soql.periods import Moment, sunday_first
from simulator.soql.plan import Plan
from simulator.soql.reading import Reader, read_page

Page = dict[str, Any]
UNPAGED = (
    "Aggregate query does not support queryMore(), use LIMIT to restrict the results to a single "
    "batch"
)


class Queries:
    def __init__(self, database: Database, schema: Schema) -> None:
        functions.register(database)
        self._db = database
        self._schema = schema
        self._cursors = Cursors(database)

    def run(
        self, text: str, access: Access, base: str, *, batch: int, deleted: bool, now: float
    ) -> Page:
        """The first page. `base` is `/services/data/vXX.X/`, for the URLs in the answer."""
        plan = self.plan(text, access, deleted=deleted, now=now)
        if plan.count_only:
            return {"totalSize": self._count(plan), "done": True, "records": []}
        cursor = self._whole(plan, text, access, batch, now)
        if cursor is None:
            rows = self._rows(plan, batch + 1)
            if len(rows) <= batch:
                records = self._reader(text, access, base, batch, now).records(plan, rows)
                return {"totalSize": len(rows), "done": True, "records": records}
            if plan.grouped:
                raise ApiError(400, "EXCEEDED_ID_LIMIT", UNPAGED)
            cursor = self._cursors.keep(access.user_id, text, None, self._ids(plan), now)
        return self._page(cursor, 0, access, base, batch=batch, now=now)

    def more(self, locator: str, access: Access, base: str, *, batch: int, now: float) -> Page:
        """The page that a locator names, of a query or of a nested one."""
        name, _, offset = locator.partition("-")
        if not offset.isdigit():
            raise invalid_locator()
        cursor = self._cursors.find(name, access.user_id, now)
        return self._page(cursor, int(offset), access, base, batch=batch, now=now)

    def plan(self, text: str, access: Access, *, deleted: bool, now: float) -> Plan:
        """The compiled query; refusals come out as ApiError."""
        return self._compiler(text, access, now).plan(deleted=deleted)

    def explain(self, text: str, access: Access, now: float) -> dict[str, Any]:
        """The answer of `?explain=`: one plan, a scan of the table. Costs are unconfirmed."""
        plan = self.plan(text, access, deleted=False, now=now)
        table = f"SELECT count(*) FROM {plan.sobject.table}"
        shown = {
            "cardinality": self._count(plan),
            "fields": [],
            "leadingOperationType": "TableScan",
            "notes": [],
            "relativeCost": 1.0,
            "sobjectCardinality": int(self._db.execute(table).fetchone()[0]),
            "sobjectType": plan.sobject.name,
        }
        return {"plans": [shown], "sourceQuery": text}

    def _whole(
        self, plan: Plan, text: str, access: Access, batch: int, now: float
    ) -> Cursor | None:
        """A cursor that needs no list of ids, where the query asks for more than a page of all."""
        if not plan.whole:
            return None
        most = f"SELECT 1 FROM {plan.sobject.table} LIMIT 1 OFFSET ?"
        if self._db.execute(most, (batch,)).fetchone() is None:
            return None
        return self._cursors.keep_whole(access.user_id, text, plan.sobject, now)

    def _page(
        self, cursor: Cursor, begin: int, access: Access, base: str, *, batch: int, now: float
    ) -> Page:
        """A page by the ids of the cursor: also the first, so that no two pages overlap."""
        plan = self._plan_for_ids(cursor, access, now)
        wanted = self._cursors.ids(cursor, plan.sobject, begin, batch)
        rows = self._db.execute(
            f"SELECT {plan.columns} {plan.tail}", (orjson.dumps(wanted).decode(),)
        )
        by_id = {row[0]: row for row in rows}
        reader = self._reader(cursor.soql, access, base, batch, now)
        records = reader.records(plan, [by_id[i] for i in wanted if i in by_id])
        return read_page(records, cursor, begin + batch, base)

    def _compiler(self, text: str, access: Access, now: float) -> Compiler:
        return Compiler(parse(text), self._schema, access, self.moment(access, now))

    def _plan_for_ids(self, cursor: Cursor, access: Access, now: float) -> Plan:
        compiler = self._compiler(cursor.soql, access, now)
        if cursor.child is not None:
            child = parse(cursor.soql).children[cursor.child]
            _, compiler, _ = compiler.child_compiler(child)
        return compiler.plan_for_ids()

    def _reader(self, text: str, access: Access, base: str, batch: int, now: float) -> Reader:
        def keep(child: int, ids: list[str]) -> Cursor:
            return self._cursors.keep(access.user_id, text, child, ids, now)

        return Reader(self._db, base, batch, keep)

    def moment(self, access: Access, now: float) -> Moment:
        """Date literals count in the zone and locale of the running user."""
        row = self._db.execute(
            'SELECT TimeZoneSidKey, LocaleSidKey FROM "so_User" WHERE Id = ?', (access.user_id,)
        ).fetchone()
        zone, locale = row or (None, None)
        return Moment(now, ZoneInfo(zone or "UTC"), sunday_first(locale or "en_US"))

    def _rows(self, plan: Plan, most: int) -> list[tuple[Any, ...]]:
        limit = most if plan.limit < 0 else min(most, plan.limit)
        sql = f"SELECT {plan.columns} {plan.tail}{plan.order} LIMIT ? OFFSET ?"
        return self._db.execute(sql, (*plan.parameters, limit, plan.offset)).fetchall()

    def _ids(self, plan: Plan) -> Iterator[str]:
        sql = f'SELECT t0."Id" {plan.tail}{plan.order} LIMIT ? OFFSET ?'
        rows = self._db.execute(sql, (*plan.parameters, plan.limit, plan.offset))
        return (row[0] for row in rows)

    def _count(self, plan: Plan) -> int:
        sql = f"SELECT count(*) FROM (SELECT 1 {plan.tail} LIMIT ? OFFSET ?)"
        return int(self._db.execute(sql, (*plan.parameters, plan.limit, plan.offset)).fetchone()[0])
