"""A database that does not work: one sentence with the mend, and recovery without a restart."""

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path

import pytest
from sqlalchemy import text
from sqlalchemy.engine import Engine
from sqlalchemy.exc import StatementError

from sync.errors import StoreUnavailable
from sync.store import SqlStore, make_engine
from sync.store import engine as engines
from tests.contract.store.scene import ORG, a_notice
from tests.postgres import PostgresServer

SECRET = "pa55-word"
NAIVE = datetime(2026, 3, 1)  # noqa: DTZ001


@contextmanager
def said(*words: str) -> Iterator[None]:
    """The block fails with one sentence that has these words and no secret."""
    with pytest.raises(StoreUnavailable) as caught:
        yield
    message = str(caught.value)
    for word in words:
        assert word in message
    assert "\n" not in message
    assert SECRET not in message
    assert caught.value.__cause__ is None, "no traceback of the driver"


def test_tables_that_are_missing(empty_database_url: str) -> None:
    engine = make_engine(empty_database_url)
    with said("no tables of license-sync", "license-sync migrate"):
        SqlStore(engine).due_work()
    with said("no tables of license-sync"):
        SqlStore(engine).notice(ORG, [a_notice()])
    engine.dispose()


def test_a_folder_that_is_missing(tmp_path: Path) -> None:
    engine = make_engine(f"sqlite:///{tmp_path}/nowhere/license-sync.db")
    with said("nowhere/license-sync.db", "check that its folder exists"):
        SqlStore(engine).now()


def test_a_file_that_is_something_else(tmp_path: Path) -> None:
    path = tmp_path / "notes.txt"
    path.write_text("not a database at all, but quite long " * 30)
    with said("notes.txt", "is no SQLite database"):
        SqlStore(make_engine(f"sqlite:///{path}")).now()


def test_a_writer_that_does_not_let_go(sqlite_url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(engines, "BUSY_SECONDS", 0.1)
    store = SqlStore(make_engine(sqlite_url))
    other = sqlite3.connect(sqlite_url.removeprefix("sqlite:///"), isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    with said("is busy"):
        store.beat("sweep")
    assert store.beats() == {}, "reading waits for no writer"
    other.execute("COMMIT")
    other.close()
    store.beat("sweep")
    store.engine.dispose()


def test_a_disk_that_is_full(sqlite_url: str) -> None:
    store = SqlStore(make_engine(sqlite_url))
    with store.engine.connect() as connection:
        pages = connection.execute(text("PRAGMA page_count")).scalar_one()
        connection.rollback()
        connection.exec_driver_sql(f"PRAGMA max_page_count = {pages}")
    with said("the disk is full", "free some space"):
        store.notice(ORG, [a_notice(f"005{i:015}") for i in range(5000)])
    assert store.due_work() == {}
    store.engine.dispose()


@pytest.mark.parametrize("host", ["127.0.0.1:1", "/nowhere"])
def test_a_server_that_is_down(host: str) -> None:
    at = f"{host}/db" if ":" in host else f"/db?host={host}"
    store = SqlStore(make_engine(f"postgresql://ann:{SECRET}@{at}"))
    with said("cannot be reached: start it", host.split(":")[0]):
        store.now()


def test_a_database_that_does_not_exist(postgres_server: PostgresServer) -> None:
    url = postgres_server.url("missing").replace("postgres@", f"postgres:{SECRET}@")
    with said("missing", "does not exist on that server"):
        SqlStore(make_engine(url)).now()


def test_a_server_that_dropped_the_connections_is_found_again(postgres_url: str) -> None:
    store = SqlStore(make_engine(postgres_url))
    store.beat("sweep")
    with pytest.raises(StoreUnavailable, match="tried again"):
        _lose_the_connection(store, postgres_url)
    store.beat("sweep")
    _drop_connections(postgres_url)
    store.beat("sweep")
    store.engine.dispose()


def _lose_the_connection(store: SqlStore, url: str) -> None:
    with store.writing() as connection:
        _drop_connections(url)
        connection.execute(text("SELECT 1"))


def _drop_connections(url: str) -> None:
    engine: Engine = make_engine(url)
    with engine.begin() as connection:
        connection.execute(
            text(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
                "WHERE pid <> pg_backend_pid() AND datname = current_database()"
            )
        )
    engine.dispose()


def test_a_mistake_of_the_program_is_no_outage(sqlite_url: str) -> None:
    store = SqlStore(make_engine(sqlite_url))
    with pytest.raises(StatementError, match="without a zone"):
        SqlStore(store.engine, lambda: NAIVE).beat("sweep")
    assert store.beats() == {}
    store.engine.dispose()
