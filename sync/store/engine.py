"""Connections to the database: made once in each process, after it has forked."""

import sqlite3
from typing import Any

from sqlalchemy import create_engine, event
from sqlalchemy.engine import URL, Connection, Engine, make_url
from sqlalchemy.exc import ArgumentError

from sync.errors import NotAllowed

BUSY_SECONDS = 30
"""How long SQLite waits for another writer."""

STATEMENT_SECONDS = 60
LOCK_SECONDS = 20
CONNECT_SECONDS = 5
APPLICATION = "license-sync"

READ_ONLY = "license_sync_read_only"
"""Execution option of a transaction that only reads: on SQLite it waits for no writer."""


def make_engine(url: str | URL) -> Engine:
    """An engine for a SQLite file or a PostgreSQL database; connects to nothing yet."""
    address = _address(url)
    if address.get_backend_name() == "sqlite":
        return _sqlite(address)
    return _postgresql(address)


def _address(url: str | URL) -> URL:
    try:
        address = make_url(url)
    except ArgumentError:
        raise NotAllowed(
            "The database URL cannot be read: write it like sqlite:////var/lib/license-sync/db "
            "or postgresql://user:password@host/database."
        ) from None
    drivers = {
        "sqlite": "sqlite",
        "postgresql": "postgresql+psycopg",
        "postgres": "postgresql+psycopg",
    }
    driver = drivers.get(address.drivername.split("+")[0])
    if driver == "sqlite" and not address.database:
        raise NotAllowed("SQLite needs a file to keep anything: name one in the database URL.")
    if driver is None:
        raise NotAllowed(
            f"license-sync keeps its data in SQLite or PostgreSQL, not in {address.drivername}: "
            "correct the database URL."
        )
    return address.set(drivername=driver)


def _sqlite(url: URL) -> Engine:
    engine = create_engine(
        url, connect_args={"timeout": BUSY_SECONDS}, hide_parameters=True, pool_timeout=BUSY_SECONDS
    )
    event.listen(engine, "connect", _prepare_sqlite)
    event.listen(engine, "begin", _begin_sqlite)
    return engine


def _prepare_sqlite(connection: sqlite3.Connection, _: object) -> None:
    """WAL lets readers and one writer go on side by side; FULL loses no commit to a power cut."""
    connection.isolation_level = None
    for pragma in (
        f"busy_timeout = {BUSY_SECONDS * 1000}",
        "journal_mode = WAL",
        "synchronous = FULL",
        "foreign_keys = ON",
        "cache_size = -16000",
    ):
        connection.execute(f"PRAGMA {pragma}")


def _begin_sqlite(connection: Connection) -> None:
    """A transaction that reads first and writes later would fail at once, not wait its turn.

    https://sqlite.org/lang_transaction.html#deferred_immediate_and_exclusive_transactions
    """
    reads = connection.get_execution_options().get(READ_ONLY, False)
    connection.exec_driver_sql("BEGIN" if reads else "BEGIN IMMEDIATE")


def _postgresql(url: URL) -> Engine:
    arguments: dict[str, Any] = {}
    if "connect_timeout" not in url.query:
        arguments["connect_timeout"] = CONNECT_SECONDS
    if "application_name" not in url.query:
        arguments["application_name"] = APPLICATION
    if "options" not in url.query:
        arguments["options"] = (
            f"-c statement_timeout={STATEMENT_SECONDS}s -c lock_timeout={LOCK_SECONDS}s "
            f"-c idle_in_transaction_session_timeout={STATEMENT_SECONDS}s -c timezone=UTC"
        )
    return create_engine(
        url,
        connect_args=arguments,
        hide_parameters=True,
        pool_pre_ping=True,
        pool_recycle=1800,
        pool_size=2,
        max_overflow=8,
        pool_timeout=BUSY_SECONDS,
    )
