"""The events of an org in their order, each with its replay id, kept in the org's own database.

Replay ids are opaque to clients: eight bytes, growing, with gaps. Only an id that was given
out, is not older than the retention and does not come from before an org move is taken back;
so a mark is put into the log where a client is told an id and nothing has happened for long.
"""

from __future__ import annotations

from collections.abc import Iterable
from random import random
from typing import NamedTuple

import orjson

from simulator.clock import Clock
from simulator.database import Database

FIRST = 4_300_000
LARGEST_GAP = 9
MARK = ""
PURGE_EVERY = 1000
RETENTION = 72 * 3600.0
TABLE = """CREATE TABLE IF NOT EXISTS event (
    replay INTEGER PRIMARY KEY, at REAL NOT NULL, object TEXT NOT NULL, schema_id TEXT NOT NULL,
    kind TEXT NOT NULL, ids TEXT NOT NULL, origin TEXT NOT NULL, user_id TEXT NOT NULL,
    commit_number INTEGER NOT NULL, sequence INTEGER NOT NULL, body BLOB NOT NULL
)"""
INSERT = "INSERT INTO event VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"


class Event(NamedTuple):
    """As stored: ids with spaces between, and the body, in JSON, as values of the database."""

    replay: int
    at: float
    object: str
    schema_id: str
    kind: str
    ids: str
    origin: str
    user_id: str
    commit_number: int
    sequence: int
    body: bytes


def replay_bytes(replay: int) -> bytes:
    return replay.to_bytes(8)


class EventLog:
    def __init__(self, database: Database, clock: Clock) -> None:
        self._db = database
        self._clock = clock
        self.retention = RETENTION
        self._db.execute(TABLE)
        self.forgotten = int(database.setting("events_forgotten", "0"))
        self.newest = int(
            database.execute("SELECT ifnull(max(replay), 0) FROM event").fetchone()[0]
        )
        if not self.newest:
            self.newest = FIRST
            self.mark()

    def next(self) -> int:
        """The id of the next event; what is rolled back leaves a gap."""
        self.newest += 1 + int(random() * LARGEST_GAP)
        return self.newest

    def add(self, event: Event) -> None:
        self._db.execute(INSERT, event)
        if event.replay % PURGE_EVERY < LARGEST_GAP:
            self._purge()

    def mark(self) -> int:
        """An id that says how far a client is, although there is no event."""
        self.add(Event(self.next(), self._clock.now(), MARK, "", "", "", "", "", 0, 0, b"{}"))
        return self.newest

    def after(self, replay: int, objects: Iterable[str], limit: int) -> list[Event]:
        wanted = list(objects)
        rows = self._db.execute(
            "SELECT * FROM event WHERE replay > ? AND at > ? AND object IN "
            f"({', '.join('?' * len(wanted))}) ORDER BY replay LIMIT ?",
            (max(replay, self.forgotten), self._oldest(), *wanted, limit),
        )
        return [Event(*row) for row in rows]

    def those(self, replays: Iterable[int]) -> list[Event]:
        rows = self._db.execute(
            "SELECT * FROM event WHERE replay IN (SELECT value FROM json_each(?)) ORDER BY replay",
            (orjson.dumps(list(replays)).decode(),),
        )
        return [Event(*row) for row in rows]

    def last(self, objects: Iterable[str], count: int) -> list[int]:
        """The ids of the last events of these objects, oldest first."""
        wanted = list(objects)
        rows = self._db.execute(
            f"SELECT replay FROM event WHERE object IN ({', '.join('?' * len(wanted))}) "
            "ORDER BY replay DESC LIMIT ?",
            (*wanted, count),
        )
        return sorted(row[0] for row in rows)

    def knows(self, replay_id: bytes) -> bool:
        """Whether a client can go on behind that id."""
        if len(replay_id) != 8:
            return False
        replay = int.from_bytes(replay_id)
        if not self.forgotten < replay <= self.newest:
            return False
        row = self._db.execute("SELECT at FROM event WHERE replay = ?", (replay,)).fetchone()
        return row is not None and row[0] > self._oldest()

    def told(self, quiet: float) -> int:
        """The newest id; one of its own time where the last event is older than so many seconds."""
        row = self._db.execute("SELECT at FROM event WHERE replay = ?", (self.newest,)).fetchone()
        fresh = row is not None and row[0] > self._clock.now() - quiet
        return self.newest if fresh and self.newest > self.forgotten else self.mark()

    def count(self) -> int:
        sql = "SELECT count(*) FROM event WHERE object != ?"
        return int(self._db.execute(sql, (MARK,)).fetchone()[0])

    def forget(self) -> None:
        """No id given out so far means anything any more."""
        self.forgotten = self.newest
        self._db.set_setting("events_forgotten", str(self.newest))

    def _oldest(self) -> float:
        return self._clock.now() - self.retention

    def _purge(self) -> None:
        """Of the oldest rows those that are out of date: never the newest, the next id needs it."""
        self._db.execute(
            "DELETE FROM event WHERE at <= ? AND replay < "
            "(SELECT replay FROM event ORDER BY replay LIMIT 1 OFFSET ?)",
            (self._oldest(), PURGE_EVERY),
        )
