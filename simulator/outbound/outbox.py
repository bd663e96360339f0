"""What is to be told and to whom, in the org's database: a restart loses none of it.

An order remembers up to which change it has looked. Whoever calls needs no open transaction.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import orjson

from simulator import ids
from simulator.database import Database
from simulator.outbound.order import Order, check_places, read
from simulator.schema.model import Schema

PREFIX, ACTION_PREFIX = "04l", "04k"  # the first is unconfirmed
FIRST = 1_000_000
LIFE = 24 * 3600.0  # documented: then it is given up
MOST = 100  # documented: notifications of one message
LOOKED_AT = 1000
TABLES = """
CREATE TABLE IF NOT EXISTS outbound_order (
    number INTEGER PRIMARY KEY AUTOINCREMENT, body TEXT NOT NULL, position INTEGER NOT NULL,
    delivered INTEGER NOT NULL DEFAULT 0, dropped INTEGER NOT NULL DEFAULT 0
);
CREATE TABLE IF NOT EXISTS outbound_notification (
    seq INTEGER PRIMARY KEY AUTOINCREMENT, of_order INTEGER NOT NULL, record_id TEXT NOT NULL,
    queued_at REAL NOT NULL, due_at REAL NOT NULL, attempts INTEGER NOT NULL DEFAULT 0,
    repeated INTEGER NOT NULL DEFAULT 0
);
CREATE INDEX IF NOT EXISTS outbound_due ON outbound_notification (of_order, due_at);
"""


@dataclass(frozen=True)
class Waiting:
    """A notification that is due. `repeated` is one that was heard already."""

    seq: int
    id: str
    record_id: str
    attempts: int
    repeated: bool


class Outbox:
    def __init__(
        self, database: Database, schema: Schema, role_of: Callable[[str | None], str]
    ) -> None:
        self._db = database
        self._schema = schema
        self._role_of = role_of
        database.connection.executescript(TABLES)
        self._orders: dict[int, Order] = {
            number: read(orjson.loads(body), schema)
            for number, body in database.execute("SELECT number, body FROM outbound_order")
        }
        self.last: dict[int, dict[str, Any] | None] = {}

    @property
    def numbers(self) -> list[int]:
        return list(self._orders)

    def add(self, body: dict[str, Any]) -> int:
        """Takes an order for what is saved from now on; ValueError."""
        order = read(body, self._schema)
        check_places(body)
        made = self._db.execute(
            "INSERT INTO outbound_order (body, position) SELECT ?, ifnull(max(seq), 0) FROM change",
            (orjson.dumps(body).decode(),),
        )
        number = int(made.lastrowid or 0)
        self._orders[number] = order
        return number

    def remove(self, number: int | None = None) -> int:
        """What waits goes with it."""
        gone = [n for n in self._orders if number in (None, n)]
        with self._db.transaction():
            for one in gone:
                self._db.execute("DELETE FROM outbound_notification WHERE of_order = ?", (one,))
                self._db.execute("DELETE FROM outbound_order WHERE number = ?", (one,))
        for one in gone:
            del self._orders[one]
            self.last.pop(one, None)
        return len(gone)

    def order(self, number: int) -> Order | None:
        return self._orders.get(number)

    def json(self, number: int) -> dict[str, Any]:
        delivered, dropped, waiting = self._db.execute(
            "SELECT delivered, dropped, (SELECT count(*) FROM outbound_notification "
            "WHERE of_order = number) FROM outbound_order WHERE number = ?",
            (number,),
        ).fetchone()
        return {
            "id": number,
            "action_id": self.action_id(number),
            **self._orders[number].order,
            "waiting": waiting,
            "delivered": delivered,
            "dropped": dropped,
            "last": self.last.get(number),
        }

    def action_id(self, number: int) -> str:
        return self._id(ACTION_PREFIX, number)

    def collect(self, number: int, now: float) -> None:
        """Queues what was committed since the last look, and gives up what is too old."""
        changes = self._db.execute(
            "SELECT seq, id, by_id, object, after FROM change WHERE seq > "
            "(SELECT position FROM outbound_order WHERE number = ?) ORDER BY seq LIMIT ?",
            (number, LOOKED_AT),
        ).fetchall()
        if changes:
            with self._db.transaction():
                for _, record_id, by_id, name, after in changes:
                    self._queue(number, (record_id, by_id, name), orjson.loads(after), now)
                position = (changes[-1][0], number)
                self._db.execute(
                    "UPDATE outbound_order SET position = ? WHERE number = ?", position
                )
        self._expire(number, now)

    def due(self, number: int, now: float) -> list[Waiting]:
        rows = self._db.execute(
            "SELECT seq, record_id, attempts, repeated FROM outbound_notification "
            "WHERE of_order = ? AND due_at <= ? ORDER BY due_at, seq LIMIT ?",
            (number, now, MOST),
        ).fetchall()
        return [
            Waiting(seq, self._id(PREFIX, seq), record_id, attempts, bool(repeated))
            for seq, record_id, attempts, repeated in rows
        ]

    def heard(self, number: int, order: Order, sent: Sequence[Waiting], now: float) -> None:
        """They were acknowledged; of some the org does not know it, and sends them again."""
        with self._db.transaction():
            for one in sent:
                if order.duplicate.has(one.id) and not one.repeated:
                    self._db.execute(
                        "UPDATE outbound_notification SET repeated = 1, due_at = ? WHERE seq = ?",
                        (now + order.duplicate.seconds, one.seq),
                    )
                    continue
                self._db.execute("DELETE FROM outbound_notification WHERE seq = ?", (one.seq,))
                self._db.execute(
                    "UPDATE outbound_order SET delivered = delivered + 1 WHERE number = ?",
                    (number,),
                )

    def not_heard(self, order: Order, sent: Sequence[Waiting], now: float) -> None:
        with self._db.transaction():
            for one in sent:
                self._db.execute(
                    "UPDATE outbound_notification SET attempts = ?, due_at = ? WHERE seq = ?",
                    (one.attempts + 1, now + order.gap(one.attempts + 1), one.seq),
                )

    def _queue(
        self, number: int, change: tuple[str, str, str], after: dict[str, Any], now: float
    ) -> None:
        record_id, by_id, name = change
        order = self._orders[number]
        if name != order.sobject.name or after.get("IsDeleted"):
            return
        if not order.means(record_id, self._role_of(by_id)):
            return
        made = self._db.execute(
            "INSERT INTO outbound_notification (of_order, record_id, queued_at, due_at) "
            "VALUES (?, ?, ?, ?)",
            (number, record_id, now, now),
        )
        seq = int(made.lastrowid or 0)
        if order.reorder.has(self._id(PREFIX, seq)):
            self._db.execute(
                "UPDATE outbound_notification SET due_at = ? WHERE seq = ?",
                (now + order.reorder.seconds, seq),
            )

    def _expire(self, number: int, now: float) -> None:
        too_old = (number, now - LIFE)
        where = "FROM outbound_notification WHERE of_order = ? AND queued_at <= ?"
        if not self._db.execute(f"SELECT EXISTS (SELECT 1 {where})", too_old).fetchone()[0]:
            return
        with self._db.transaction():
            gone = self._db.execute(f"DELETE {where}", too_old).rowcount
            self._db.execute(
                "UPDATE outbound_order SET dropped = dropped + ? WHERE number = ?", (gone, number)
            )

    def _id(self, prefix: str, serial: int) -> str:
        return ids.make(prefix, self._db.setting("pod", "5f"), FIRST + serial)
