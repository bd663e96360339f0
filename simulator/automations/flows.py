"""What an automation does some time after the commit.

The intention is stored in the transaction that sets it off, so that a rollback takes it back.
A flow waits for a row that another transaction has locked; it dies with the simulator.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import orjson

from simulator.database import Database

TABLE = """CREATE TABLE IF NOT EXISTS flow (
    seq INTEGER PRIMARY KEY, due_at REAL NOT NULL, name TEXT NOT NULL, by_id TEXT NOT NULL,
    object TEXT NOT NULL, record_id TEXT NOT NULL, body TEXT NOT NULL
)"""


@dataclass(frozen=True)
class Flow:
    number: int
    name: str
    by_id: str
    sobject: str
    record_id: str
    body: dict[str, Any]


class Flows:
    def __init__(self, database: Database) -> None:
        self._db = database
        self._db.execute(TABLE)
        self._db.execute("DELETE FROM flow")

    def add(
        self, due_at: float, name: str, by_id: str, sobject: str, record_id: str, body: Any
    ) -> None:
        self._db.execute(
            "INSERT INTO flow (due_at, name, by_id, object, record_id, body) "
            "VALUES (?, ?, ?, ?, ?, ?)",
            (due_at, name, by_id, sobject, record_id, orjson.dumps(body).decode()),
        )

    def waiting(self) -> int:
        return int(self._db.execute("SELECT count(*) FROM flow").fetchone()[0])

    def due(self, now: float) -> list[Flow]:
        rows = self._db.execute(
            "SELECT seq, name, by_id, object, record_id, body FROM flow WHERE due_at <= ? "
            "ORDER BY due_at, seq",
            (now,),
        ).fetchall()
        return [
            Flow(number, name, by_id, sobject, record_id, orjson.loads(body))
            for number, name, by_id, sobject, record_id, body in rows
        ]

    @contextmanager
    def running(self, flow: Flow) -> Iterator[None]:
        """Its transaction: what it writes and that it is done."""
        with self._db.transaction():
            self._db.execute("DELETE FROM flow WHERE seq = ?", (flow.number,))
            yield
