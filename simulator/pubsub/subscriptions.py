"""ManagedEventSubscription: subscriptions whose position the org keeps (beta).

Made by control, not by metadata: nothing here can deploy. The key prefix is documented, the other
states than RUN and STOP are unconfirmed.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from simulator import ids
from simulator.database import Database

PREFIX = "18x"
STATES = ("RUN", "STOP")
PRESETS = ("LATEST", "EARLIEST")
TABLE = """CREATE TABLE IF NOT EXISTS managed_subscription (
    id TEXT PRIMARY KEY, name TEXT NOT NULL UNIQUE, topic TEXT NOT NULL, state TEXT NOT NULL,
    start TEXT NOT NULL, recovery TEXT NOT NULL, position INTEGER
)"""


@dataclass(frozen=True)
class Subscription:
    """`position` is None until something was committed; `recovery` is for one that is gone."""

    id: str
    name: str
    topic: str
    state: str
    start: str
    recovery: str
    position: int | None

    def record(self) -> dict[str, Any]:
        """As the Tooling API shows it."""
        path = f"/services/data/v62.0/tooling/sobjects/ManagedEventSubscription/{self.id}"
        return {
            "attributes": {"type": "ManagedEventSubscription", "url": path},
            "Id": self.id,
            "DeveloperName": self.name,
            "Metadata": {
                "defaultReplay": self.start,
                "errorRecoveryReplay": self.recovery,
                "label": self.name,
                "state": self.state,
                "topicName": self.topic,
                "version": 62.0,
            },
        }


class Subscriptions:
    def __init__(self, database: Database) -> None:
        self._db = database
        self._db.execute(TABLE)

    def find(self, key: str) -> Subscription | None:
        """By id, of 15 or 18 characters, or by developer name."""
        row = self._db.execute(
            "SELECT * FROM managed_subscription WHERE id = ? OR name = ?", (ids.to_18(key), key)
        ).fetchone()
        return Subscription(*row) if row else None

    def all(self) -> list[Subscription]:
        rows = self._db.execute("SELECT * FROM managed_subscription ORDER BY id")
        return [Subscription(*row) for row in rows]

    def put(self, name: str, topic: str, state: str, start: str, recovery: str) -> Subscription:
        """A new one, or another configuration of one that is there; its position stays."""
        found = self.find(name)
        number = int(self._db.setting("managed_subscriptions", "0")) + 1
        self._db.set_setting("managed_subscriptions", str(number))
        pod = self._db.setting("pod", "5f")
        made = found.id if found else ids.make(PREFIX, pod, number)
        self._db.execute(
            "INSERT INTO managed_subscription VALUES (?, ?, ?, ?, ?, ?, NULL) ON CONFLICT (id) DO "
            "UPDATE SET topic = ?3, state = ?4, start = ?5, recovery = ?6",
            (made, name, topic, state, start, recovery),
        )
        return Subscription(made, name, topic, state, start, recovery, None)

    def commit(self, key: str, position: int) -> None:
        sql = "UPDATE managed_subscription SET position = ? WHERE id = ?"
        self._db.execute(sql, (position, key))

    def clear(self) -> None:
        self._db.execute("DELETE FROM managed_subscription")
