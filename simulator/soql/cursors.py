"""What `nextRecordsUrl` stands on: the ids that matched when the query ran, in their order.

The ids lie in rows of two thousand, so that a page costs the same wherever it is and
however long the result is. A whole object in the order of its ids needs no list: its rows
never go away, and those made later have higher row numbers than the cursor's bound.

Field values are read when a page is asked for; that a page shows current values is
unconfirmed. Locators look like `0r8` + 15 characters + `-` + offset of the next row
(recorded May 2026), and live two days.
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
from simulator.schema.model import SObject

LIFE = 2 * 24 * 3600
CHUNK = 2000
ALPHABET = string.ascii_letters + string.digits
TABLES = """
CREATE TABLE IF NOT EXISTS result (
    locator TEXT PRIMARY KEY, user_id TEXT NOT NULL, soql TEXT NOT NULL, child INTEGER,
    bound INTEGER, total INTEGER NOT NULL, created_at REAL NOT NULL
) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS result_ids (
    locator TEXT NOT NULL, chunk INTEGER NOT NULL, ids TEXT NOT NULL,
    PRIMARY KEY (locator, chunk)
);
"""


@dataclass(frozen=True)
class Cursor:
    """`child` is the number of the nested query whose rows these are, or None.

    `bound` is the highest row number of a whole object, or None where ids are listed.
    """

    locator: str
    soql: str
    child: int | None
    bound: int | None
    total: int


class Cursors:
    """`result_ids` holds lists of ids; for a whole object, the id before each known offset."""

    def __init__(self, database: Database) -> None:
        self._db = database
        database.connection.executescript(TABLES)

    def keep(
        self, user_id: str, soql: str, child: int | None, ids: Iterable[str], now: float
    ) -> Cursor:
        """Stores a result as it comes."""
        locator = _new_locator()
        cursor = Cursor(locator, soql, child, None, self._store(locator, ids))
        return self._enter(cursor, user_id, now)

    def keep_whole(self, user_id: str, soql: str, sobject: SObject, now: float) -> Cursor:
        """All records of an object, in the order of their ids."""
        sql = f"SELECT max(rowid), (SELECT count(*) FROM {sobject.table}) FROM {sobject.table}"
        bound, total = self._db.execute(sql).fetchone()
        return self._enter(Cursor(_new_locator(), soql, None, bound, total), user_id, now)

    def find(self, locator: str, user_id: str, now: float) -> Cursor:
        """A live cursor of this user; INVALID_QUERY_LOCATOR for any other."""
        row = self._db.execute(
            "SELECT locator, soql, child, bound, total FROM result "
            "WHERE locator = ? AND user_id = ? AND created_at >= ?",
            (locator, user_id, now - LIFE),
        ).fetchone()
        if row is None:
            raise invalid_locator()
        return Cursor(*row)

    def ids(self, cursor: Cursor, sobject: SObject, begin: int, count: int) -> list[str]:
        """A stretch of the result."""
        if cursor.bound is not None:
            return self._whole_ids(cursor, sobject, begin, count)
        first, last = begin // CHUNK, (begin + count - 1) // CHUNK
        rows = self._db.execute(
            "SELECT ids FROM result_ids WHERE locator = ? AND chunk BETWEEN ? AND ? ORDER BY chunk",
            (cursor.locator, first, last),
        )
        found = [i for row in rows for i in orjson.loads(row[0])]
        skipped = begin - first * CHUNK
        return found[skipped : skipped + count]

    def _whole_ids(self, cursor: Cursor, sobject: SObject, begin: int, count: int) -> list[str]:
        """From the nearest place where a page has ended before; most clients read in order."""
        known, last = self._db.execute(
            "SELECT chunk, ids FROM result_ids WHERE locator = ? AND chunk <= ? "
            "ORDER BY chunk DESC LIMIT 1",
            (cursor.locator, begin),
        ).fetchone() or (0, "")
        rows = self._db.execute(
            f"SELECT Id FROM {sobject.table} WHERE Id > ? AND rowid <= ? ORDER BY Id "
            "LIMIT ? OFFSET ?",
            (last, cursor.bound, count, begin - known),
        )
        found = [row[0] for row in rows]
        if len(found) == count:
            self._db.execute(
                "INSERT OR REPLACE INTO result_ids VALUES (?, ?, ?)",
                (cursor.locator, begin + count, found[-1]),
            )
        return found

    def _enter(self, cursor: Cursor, user_id: str, now: float) -> Cursor:
        """Makes the cursor known, and forgets those that have ended."""
        ended = "SELECT locator FROM result WHERE created_at < ?"
        self._db.execute(f"DELETE FROM result_ids WHERE locator IN ({ended})", (now - LIFE,))
        self._db.execute("DELETE FROM result WHERE created_at < ?", (now - LIFE,))
        row = (cursor.locator, user_id, cursor.soql, cursor.child, cursor.bound, cursor.total, now)
        self._db.execute("INSERT INTO result VALUES (?, ?, ?, ?, ?, ?, ?)", row)
        return cursor

    def _store(self, locator: str, ids: Iterable[str]) -> int:
        rest, total = iter(ids), 0
        for chunk in iter(lambda: list(islice(rest, CHUNK)), []):
            self._db.execute(
                "INSERT INTO result_ids VALUES (?, ?, ?)",
                (locator, total // CHUNK, orjson.dumps(chunk).decode()),
            )
            total += len(chunk)
        return total


def _new_locator() -> str:
    return "0r8" + "".join(secrets.choice(ALPHABET) for _ in range(15))


def invalid_locator() -> ApiError:
    return ApiError(400, "INVALID_QUERY_LOCATOR", "invalid query locator")
