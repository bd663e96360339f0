"""The SQLite file behind the org. One connection, one writer, no awaiting inside.

`synchronous=OFF` is right for a simulator: what was committed survives the death of
the process (the operating system has it), though not a power cut. The exclusive lock
keeps a second process off the same folder.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from simulator.saves import Saved, Watcher

TABLES = """
CREATE TABLE IF NOT EXISTS setting (name TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS assignment (
    user_id TEXT NOT NULL, permission_set TEXT NOT NULL, PRIMARY KEY (user_id, permission_set)
) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS call (
    seq INTEGER PRIMARY KEY, received_at REAL NOT NULL, answered_at REAL, user_id TEXT,
    method TEXT NOT NULL, path TEXT NOT NULL, template TEXT NOT NULL, query TEXT NOT NULL,
    status INTEGER, api_calls INTEGER NOT NULL, records INTEGER NOT NULL, detail TEXT NOT NULL
);
CREATE TABLE IF NOT EXISTS change (
    seq INTEGER PRIMARY KEY AUTOINCREMENT, call INTEGER, at REAL NOT NULL, stamp INTEGER NOT NULL,
    object TEXT NOT NULL, id TEXT NOT NULL, by_id TEXT NOT NULL,
    before TEXT NOT NULL, after TEXT NOT NULL, automation TEXT
);
CREATE INDEX IF NOT EXISTS change_call ON change (call);
"""


class Database:
    """Plain SQL with explicit transactions; savepoints nest inside them."""

    def __init__(self, path: Path) -> None:
        self.connection = sqlite3.connect(
            path, isolation_level=None, timeout=1, cached_statements=1024
        )
        self.connection.execute("PRAGMA locking_mode=EXCLUSIVE")
        self.connection.execute("PRAGMA journal_mode=WAL")
        self.connection.execute("PRAGMA synchronous=OFF")
        self.connection.executescript(TABLES)
        self._grow()
        self.execute = self.connection.execute
        self.executemany = self.connection.executemany
        self.saved: list[Saved] = []
        self.watcher: Watcher | None = None

    def _grow(self) -> None:
        """A folder of an older simulator lives on."""
        if "automation" not in {r[1] for r in self.connection.execute("PRAGMA table_info(change)")}:
            self.connection.execute("ALTER TABLE change ADD COLUMN automation TEXT")

    def close(self) -> None:
        self.connection.close()

    @contextmanager
    def transaction(self, origin: str = "") -> Iterator[None]:
        """Who watches hears of what was saved in it, and that it came by the API of `origin`."""
        self.execute("BEGIN IMMEDIATE")
        try:
            yield
            if self.saved and self.watcher:
                self.watcher.committing(self.saved, origin)
        except BaseException:
            self.execute("ROLLBACK")
            self.saved.clear()
            raise
        self.execute("COMMIT")
        if self.saved:
            self.saved.clear()
            if self.watcher:
                self.watcher.committed()

    @contextmanager
    def savepoint(self) -> Iterator[None]:
        """Everything inside counts, or nothing of it. Needs an open transaction."""
        saved = len(self.saved)
        self.execute("SAVEPOINT part")
        try:
            yield
        except BaseException:
            self.execute("ROLLBACK TO part")
            self.execute("RELEASE part")
            del self.saved[saved:]
            raise
        self.execute("RELEASE part")

    def setting(self, name: str, default: str = "") -> str:
        row = self.execute("SELECT value FROM setting WHERE name = ?", (name,)).fetchone()
        return str(row[0]) if row else default

    def set_setting(self, name: str, value: str) -> None:
        self.execute("INSERT OR REPLACE INTO setting VALUES (?, ?)", (name, value))
