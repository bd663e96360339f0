"""What `nextRecordsUrl` stands on: the ids that matched when the query ran, in their order.

The ids lie in rows of two thousand, so that a page costs the same wherever it is and
however long the result is. Field values are read when a page is asked for; that a page
shows current values is unconfirmed. Locators look like `0r8` + 15 characters + `-` +
offset of the next row (recorded May 2026), and live two days.
"""

from __future__ import annotations

import secrets
import string
from collections.abc import Iterable
from dataclasses import dataclass
from itertools import islice

import orjson

from simulator.database import Database
from simulator.errors import ApiError

LIFE = 2 * 24 * 3600
CHUNK = 2000
ALPHABET = string.ascii_letters + string.digits
TABLES = """
CREATE TABLE IF NOT EXISTS result (
    locator TEXT PRIMARY KEY, user_id TEXT NOT NULL, soql TEXT NOT NULL, child INTEGER,
    total INTEGER NOT NULL, created_at REAL NOT NULL
) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS result_ids (
    locator TEXT NOT NULL, chunk INTEGER NOT NULL, ids TEXT NOT NULL,
    PRIMARY KEY (locator, chunk)
);
"""


@dataclass(frozen=True)
class Cursor:
    """`child` is the number of the nested query whose rows these are, or None."""

    locator: str
    soql: str
    child: int | None
    total: int


class Cursors:
    def __init__(self, database: Database) -> None:
        self._db = database
        database.connection.executescript(TABLES)

    def keep(
        self, user_id: str, soql: str, child: int | None, ids: Iterable[str], now: float
    ) -> Cursor:
        """Stores a result, as it comes; also forgets those that have ended."""
        self._forget(now - LIFE)
        locator = "0r8" + "".join(secrets.choice(ALPHABET) for _ in range(15))
        total = self._store(locator, ids)
        self._db.execute(
            "INSERT INTO result VALUES (?, ?, ?, ?, ?, ?)",
            (locator, user_id, soql, child, total, now),
        )
        return Cursor(locator, soql, child, total)

    def find(self, locator: str, user_id: str, now: float) -> Cursor:
        """A live cursor of this user; INVALID_QUERY_LOCATOR for any other."""
        row = self._db.execute(
            "SELECT locator, soql, child, total FROM result "
            "WHERE locator = ? AND user_id = ? AND created_at >= ?",
            (locator, user_id, now - LIFE),
        ).fetchone()
        if row is None:
            raise invalid_locator()
        return Cursor(*row)

    def ids(self, cursor: Cursor, begin: int, count: int) -> list[str]:
        """A stretch of the result."""
        first, last = begin // CHUNK, (begin + count - 1) // CHUNK
        rows = self._db.execute(
            "SELECT ids FROM result_ids WHERE locator = ? AND chunk BETWEEN ? AND ? ORDER BY chunk",
            (cursor.locator, first, last),
        )
        found = [i for row in rows for i in orjson.loads(row[0])]
        skipped = begin - first * CHUNK
        return found[skipped : skipped + count]

    def _store(self, locator: str, ids: Iterable[str]) -> int:
        rest, total = iter(ids), 0
        for chunk in iter(lambda: list(islice(rest, CHUNK)), []):
            self._db.execute(
                "INSERT INTO result_ids VALUES (?, ?, ?)",
                (locator, total // CHUNK, orjson.dumps(chunk).decode()),
            )
            total += len(chunk)
        return total

    def _forget(self, before: float) -> None:
        ended = "SELECT locator FROM result WHERE created_at < ?"
        self._db.execute(f"DELETE FROM result_ids WHERE locator IN ({ended})", (before,))
        self._db.execute("DELETE FROM result WHERE created_at < ?", (before,))


def invalid_locator() -> ApiError:
    return ApiError(400, "INVALID_QUERY_LOCATOR", "invalid query locator")
