"""What really happened: every call, and every committed record change in its order.

Tests judge the program by this. Old calls are dropped beyond a bound, and the answer
then says how many; changes are never dropped.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Any

import orjson

from simulator.database import Database

BOUND = 500_000
PRUNE_EVERY = 1000
CHANGE = "seq, call, at, stamp, object, id, by_id, before, after, automation"
VERSION = re.compile(r"/v\d+\.\d|(?<=/services/async)/\d+\.\d")
LOCATOR = re.compile(r"/0r8\w+-\d+")
RECORD_ID = re.compile(r"/[0-9A-Za-z]{15}(?:[0-9A-Z]{3})?(?=/|$)")


@dataclass
class Entry:
    """One call while it is being answered."""

    number: int
    received_at: float
    method: str
    path: str
    query: str
    user_id: str | None = None
    answered_at: float | None = None
    status: int | None = None
    api_calls: int = 0
    records: int = 0
    detail: dict[str, Any] = field(default_factory=dict)


class Journal:
    def __init__(self, database: Database, bound: int = BOUND) -> None:
        self._db = database
        self._bound = bound
        self._last = int(database.execute("SELECT ifnull(max(seq), 0) FROM call").fetchone()[0])

    def begin(self, received_at: float, method: str, path: str, query: str) -> Entry:
        self._last += 1
        return Entry(self._last, received_at, method, path, query)

    def note(self, entry: Entry) -> None:
        """Writes the call; inside the transaction of its changes where there are any."""
        self._db.execute(
            "INSERT OR REPLACE INTO call VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
            (
                entry.number,
                entry.received_at,
                entry.answered_at,
                entry.user_id,
                entry.method,
                entry.path,
                template(entry.path),
                entry.query,
                entry.status,
                entry.api_calls,
                entry.records,
                orjson.dumps(entry.detail).decode(),
            ),
        )
        if entry.number % PRUNE_EVERY == 0:
            self._db.execute("DELETE FROM call WHERE seq <= ?", (self._last - self._bound,))

    def header(self, number: int | None, name: str) -> str:
        """What the call said in one of its noted headers; empty where it said nothing."""
        row = self._db.execute("SELECT detail FROM call WHERE seq = ?", (number,)).fetchone()
        headers = orjson.loads(row[0]).get("headers", {}) if row else {}
        return str(headers.get(name, ""))

    def changed(self, number: int) -> int:
        """How many records the call changed so far."""
        return int(
            self._db.execute("SELECT count(*) FROM change WHERE call = ?", (number,)).fetchone()[0]
        )

    def calls(self, since: int, limit: int) -> dict[str, Any]:
        rows = self._db.execute(
            "SELECT seq, received_at, answered_at, user_id, method, path, query, status, "
            "api_calls, records, detail "
            "FROM call WHERE seq > ? ORDER BY seq LIMIT ?",
            (since, limit),
        ).fetchall()
        return {
            "calls": [self._call(row) for row in rows],
            "last": self._last,
            "dropped": self._dropped(),
        }

    def summary(self) -> dict[str, Any]:
        rows = self._db.execute(
            "SELECT method, template, count(*), sum(api_calls), sum(records), "
            "sum(status IS NULL OR status >= 400) FROM call GROUP BY method, template ORDER "
            "BY template, method"
        )
        names = ("method", "path", "count", "api_calls", "records", "failed")
        groups = [dict(zip(names, row, strict=True)) for row in rows]
        return {
            "calls": groups,
            "last": self._last,
            "dropped": self._dropped(),
            "last_change": self.last_change(),
        }

    def changes(
        self, since: int, limit: int, *, sobject: str | None = None, record_id: str | None = None
    ) -> dict[str, Any]:
        """All of them in their order, or those of one object or record."""
        rows = self._db.execute(
            f"SELECT {CHANGE} FROM change WHERE seq > ? AND (? IS NULL OR object = ? COLLATE "
            "NOCASE) AND (? IS NULL OR id = ?) ORDER BY seq LIMIT ?",
            (since, sobject, sobject, record_id, record_id, limit),
        )
        return {"changes": [_change(row) for row in rows], "last": self.last_change()}

    def last_change(self) -> int:
        return int(self._db.execute("SELECT ifnull(max(seq), 0) FROM change").fetchone()[0])

    def _dropped(self) -> int:
        first = self._db.execute("SELECT min(seq) FROM call").fetchone()[0]
        return int(first) - 1 if first else 0

    def _call(self, row: tuple[Any, ...]) -> dict[str, Any]:
        names = (
            "seq",
            "received_at",
            "answered_at",
            "user_id",
            "method",
            "path",
            "query",
            "status",
            "api_calls",
        )
        call: dict[str, Any] = (
            dict(zip(names, row[:9], strict=True)) | {"records": row[9]} | orjson.loads(row[10])
        )
        writes = self._db.execute(
            f"SELECT {CHANGE} FROM change WHERE call = ? ORDER BY seq", (row[0],)
        )
        call["writes"] = [_change(write) for write in writes]
        return call


def template(path: str) -> str:
    """A path with its version, locator and record id taken out, so that calls can be counted."""
    path = VERSION.sub("/{version}", path.rstrip("/"))
    return RECORD_ID.sub("/{id}", LOCATOR.sub("/{locator}", path))


def _change(row: tuple[Any, ...]) -> dict[str, Any]:
    names = ("seq", "call", "at", "stamp", "object", "id", "by")
    change: dict[str, Any] = dict(zip(names, row[:7], strict=True))
    change |= {"before": orjson.loads(row[7]), "after": orjson.loads(row[8])}
    return change | ({"automation": row[9]} if row[9] else {})
