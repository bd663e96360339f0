"""The program's store, read by SQL: its tables as they are, on SQLite and PostgreSQL."""

import sqlite3
from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Protocol

import psycopg
from psycopg.rows import dict_row

Rows = list[dict[str, Any]]

BUSY = (sqlite3.Error, psycopg.Error)
"""What reading may raise while the database is in trouble."""

ARMED_ORGS = "SELECT count(*) AS n FROM org_state WHERE armed_fingerprint IS NOT NULL"
_WAITING = "SELECT count(*) AS n FROM pending_user WHERE parked_at IS NULL"
_RUNS = "SELECT count(*) AS n FROM run WHERE status IN ('queued', 'running', 'applying')"
_TROUBLE = "SELECT count(*) AS n FROM org_state WHERE problem IS NOT NULL OR paused_at IS NOT NULL"
_STREAMS = "SELECT org, heard_at FROM event_stream WHERE opened_at IS NOT NULL"
_HEARD = "SELECT org, events, mattered, restarts FROM event_stream"
_POLLS = "SELECT org, last_poll_at FROM org_state WHERE armed_fingerprint IS NOT NULL"
_OVERLAPS = "SELECT org, finished_at FROM scan_cursor WHERE source = 'overlap'"


class Books(Protocol):
    """A store that can be asked in SQL."""

    def rows(self, query: str) -> Rows:
        """The rows of a query, as they are in the database. Raises what BUSY names."""
        ...

    def tables(self) -> list[str]:
        """The names of all tables."""
        ...


class SqliteBooks:
    """A SQLite file, opened anew for each question and never written."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def rows(self, query: str) -> Rows:
        address = f"file:{self._path}?mode=ro"
        with closing(sqlite3.connect(address, uri=True, timeout=20)) as database:
            database.row_factory = sqlite3.Row
            return [dict(row) for row in database.execute(query)]

    def tables(self) -> list[str]:
        found = self.rows("SELECT name FROM sqlite_master WHERE type = 'table'")
        return [row["name"] for row in found]


class PostgresBooks:
    """A database of a PostgreSQL server, asked over a connection of its own each time."""

    def __init__(self, url: str) -> None:
        self._url = url.replace("postgresql+psycopg://", "postgresql://")

    def rows(self, query: str) -> Rows:
        with self._connection() as connection:
            return connection.execute(query.encode()).fetchall()

    def tables(self) -> list[str]:
        found = self.rows("SELECT tablename FROM pg_tables WHERE schemaname = 'public'")
        return [row["tablename"] for row in found]

    @contextmanager
    def _connection(self) -> Iterator["psycopg.Connection[dict[str, Any]]"]:
        with psycopg.connect(self._url, connect_timeout=5, row_factory=dict_row) as connection:
            yield connection


def count(books: Books, query: str) -> int:
    """The number that a query counts as `n`."""
    return int(books.rows(query)[0]["n"])


def work_left(books: Books) -> Mapping[str, int]:
    """What keeps the program from being idle: users, runs, orgs that are paused or in trouble."""
    queries = {"waiting": _WAITING, "runs": _RUNS, "orgs in trouble": _TROUBLE}
    return {name: found for name, query in queries.items() if (found := count(books, query))}


def looks(books: Books) -> tuple[Mapping[str, object], Mapping[str, object]]:
    """When each org was last polled, and when its last overlap scan ended."""
    polls = {row["org"]: row["last_poll_at"] for row in books.rows(_POLLS)}
    overlaps = {row["org"]: row["finished_at"] for row in books.rows(_OVERLAPS)}
    return polls, overlaps


def open_streams(books: Books) -> Mapping[str, object]:
    """When each org that is listened to was last heard."""
    return {row["org"]: row["heard_at"] for row in books.rows(_STREAMS)}


def heard(books: Books, org: str) -> Mapping[str, int]:
    """What the store counted of an org's stream; nothing if nobody ever listened."""
    found = [row for row in books.rows(_HEARD) if row.pop("org") == org]
    return found[0] if found else {}


def seconds(moment: object) -> float:
    """A time of the database as seconds since 1970: SQLite keeps UTC as text."""
    if isinstance(moment, str):
        moment = datetime.fromisoformat(moment).replace(tzinfo=UTC)
    assert isinstance(moment, datetime)
    return moment.timestamp()


def everything(books: Books) -> Iterator[tuple[str, Sequence[object]]]:
    """All values of all tables: for what must not be in any."""
    for table in books.tables():
        for row in books.rows(f'SELECT * FROM "{table}"'):
            yield table, list(row.values())
