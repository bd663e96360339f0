"""Rows to the records of a page, with the results of nested queries inside."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Sequence
from typing import Any

import orjson

from simulator.database import Database
from simulator.soql.cursors import Cursor
from simulator.soql.plan import ChildPlan, Plan
from simulator.soql.shapes import Record, Row

KeepIds = Callable[[int, list[str]], Cursor]
Page = dict[str, Any]


class Reader:
    """`keep` stores the ids of a nested result that is longer than a page."""

    def __init__(self, database: Database, base: str, batch: int, keep: KeepIds) -> None:
        self._db = database
        self._base = base
        self._batch = batch
        self._keep = keep

    def records(self, plan: Plan, rows: Sequence[Row]) -> list[Record | None]:
        """One record for each row, in their order."""
        url = f"{self._base}sobjects/"
        found = [plan.root.record(row, url) for row in rows]
        for number, child in enumerate(plan.children):
            results = self._nested(number, child, [row[0] for row in rows])
            for row, record in zip(rows, found, strict=True):
                if record is not None:
                    record[child.key] = results.get(row[0])
        return found

    def _nested(self, number: int, child: ChildPlan, parents: list[str]) -> dict[str, Page]:
        """The nested result of each parent that has one; the others show null (recorded)."""
        plan = child.plan
        rows_of: dict[str, list[Row]] = defaultdict(list)
        sql = f"SELECT {plan.columns} {plan.tail}{plan.order}"
        for row in self._db.execute(sql, (*plan.parameters, orjson.dumps(parents).decode())):
            rows_of[row[-1]].append(row)
        end = None if plan.limit < 0 else plan.offset + plan.limit
        cut = {parent: rows[plan.offset : end] for parent, rows in rows_of.items()}
        return {parent: self._page(number, plan, rows) for parent, rows in cut.items() if rows}

    def _page(self, number: int, plan: Plan, rows: list[Row]) -> Page:
        url = f"{self._base}sobjects/"
        records = [plan.root.record(row, url) for row in rows[: self._batch]]
        if len(rows) <= self._batch:
            return {"totalSize": len(rows), "done": True, "records": records}
        cursor = self._keep(number, [row[0] for row in rows])
        return read_page(records, cursor, self._batch, self._base)


def read_page(records: list[Record | None], cursor: Cursor, following: int, base: str) -> Page:
    """`nextRecordsUrl` is absent, not null, on the last page (recorded)."""
    if following >= cursor.total:
        return {"totalSize": cursor.total, "done": True, "records": records}
    url = f"{base}query/{cursor.locator}-{following}"
    return {
        "totalSize": cursor.total,
        "done": False,
        "nextRecordsUrl": url,
        "records": records,
    }
