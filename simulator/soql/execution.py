"""Runs plans, and keeps the cursors behind `nextRecordsUrl`.

A cursor holds the ids that matched when the query ran; field values are read when a
page is asked for. That a page shows current values is unconfirmed. Locators look like
`0r8` + 15 characters + `-` + offset of the next row (recorded May 2026), live two days.
"""

from __future__ import annotations

import secrets
import string
from dataclasses import replace
from typing import Any

import orjson

from simulator.database import Database
from simulator.errors import ApiError
from simulator.schema.access import Access
from simulator.schema.model import Schema
from simulator.soql.compiler import Compiler, Plan
from simulator.soql.parser import parse
from simulator.soql.syntax import Query

CURSOR_LIFE = 2 * 24 * 3600
ALPHABET = string.ascii_letters + string.digits
Page = dict[str, Any]


class Queries:
    def __init__(self, database: Database, schema: Schema) -> None:
        self._db = database
        self._schema = schema

    def run(
        self, text: str, access: Access, base: str, *, batch: int, deleted: bool, now: float
    ) -> Page:
        """The first page. `base` is `/services/data/vXX.X/`, for the URLs in the answer."""
        query = parse(text)
        plan = Compiler(query, self._schema, access).plan(deleted=deleted)
        if plan.count_only:
            return {"totalSize": self._count(plan), "done": True, "records": []}
        rows = self._rows(plan, batch + 1)
        if len(rows) <= batch:
            return {"totalSize": len(rows), "done": True, "records": _records(plan, rows, base)}
        ids = self._ids(plan)
        locator = "0r8" + "".join(secrets.choice(ALPHABET) for _ in range(15))
        self._db.execute("DELETE FROM query_cursor WHERE created_at < ?", (now - CURSOR_LIFE,))
        self._db.execute(
            "INSERT INTO query_cursor VALUES (?, ?, ?, ?, ?, ?)",
            (locator, access.user_id, text, orjson.dumps(ids).decode(), int(deleted), now),
        )
        return _page(_records(plan, rows[:batch], base), len(ids), locator, batch, base)

    def more(self, locator: str, access: Access, base: str, *, batch: int, now: float) -> Page:
        name, _, offset = locator.partition("-")
        found = self._db.execute(
            "SELECT soql, ids, deleted FROM query_cursor WHERE locator = ? AND user_id = ? "
            "AND created_at >= ?",
            (name, access.user_id, now - CURSOR_LIFE),
        ).fetchone()
        if found is None or not offset.isdigit():
            raise ApiError(400, "INVALID_QUERY_LOCATOR", "invalid query locator")
        soql, ids, begin = found[0], orjson.loads(found[1]), int(offset)
        wanted = ids[begin : begin + batch]
        plan = Compiler(_unfiltered(parse(soql)), self._schema, access).plan(deleted=True)
        sql = f"SELECT {plan.columns} {plan.tail} WHERE t0.Id IN (SELECT value FROM json_each(?))"
        rows = {row[0]: row for row in self._db.execute(sql, (orjson.dumps(wanted).decode(),))}
        records = _records(plan, [rows[i] for i in wanted if i in rows], base)
        return _page(records, len(ids), name, begin + batch, base)

    def _rows(self, plan: Plan, most: int) -> list[tuple[Any, ...]]:
        limit = most if plan.limit < 0 else min(most, plan.limit)
        sql = f"SELECT {plan.columns} {plan.tail}{plan.order} LIMIT ? OFFSET ?"
        return self._db.execute(sql, (*plan.parameters, limit, plan.offset)).fetchall()

    def _ids(self, plan: Plan) -> list[str]:
        sql = f"SELECT t0.Id {plan.tail}{plan.order} LIMIT ? OFFSET ?"
        return [
            row[0] for row in self._db.execute(sql, (*plan.parameters, plan.limit, plan.offset))
        ]

    def _count(self, plan: Plan) -> int:
        sql = f"SELECT count(*) FROM (SELECT 1 {plan.tail} LIMIT ? OFFSET ?)"
        return int(self._db.execute(sql, (*plan.parameters, plan.limit, plan.offset)).fetchone()[0])


def _unfiltered(query: Query) -> Query:
    return replace(query, where=None, order=(), limit=None, offset=0)


def _records(plan: Plan, rows: list[tuple[Any, ...]], base: str) -> list[dict[str, Any] | None]:
    url = f"{base}sobjects/"
    return [plan.root.record(row, url) for row in rows]


def _page(
    records: list[dict[str, Any] | None], total: int, locator: str, following: int, base: str
) -> Page:
    """`nextRecordsUrl` is absent, not null, on the last page (recorded)."""
    if following >= total:
        return {"totalSize": total, "done": True, "records": records}
    url = f"{base}query/{locator}-{following}"
    return {"totalSize": total, "done": False, "nextRecordsUrl": url, "records": records}
