"""What the program asks of a connection."""

from pathlib import Path

import pytest
from sqlalchemy import event
from sqlalchemy.engine import Engine

from sync.errors import NotAllowed
from sync.store import SqlStore, make_engine


def pragma(engine: Engine, name: str) -> object:
    """A setting of a SQLite connection."""
    with engine.connect() as connection:
        return connection.exec_driver_sql(f"PRAGMA {name}").scalar_one()


def test_sqlite_loses_no_commit_and_waits_for_other_writers(tmp_path: Path) -> None:
    engine = make_engine(f"sqlite:///{tmp_path}/x.db")
    wanted = {"journal_mode": "wal", "synchronous": 2, "foreign_keys": 1, "busy_timeout": 30000}
    assert {name: pragma(engine, name) for name in wanted} == wanted


def test_every_write_waits_its_turn_from_the_start(tmp_path: Path) -> None:
    store = SqlStore(make_engine(f"sqlite:///{tmp_path}/x.db"))
    said: list[str] = []
    event.listen(store.engine, "before_cursor_execute", lambda *a: said.append(a[2]), named=False)
    with store.writing(), store.reading():
        pass
    assert said == ["BEGIN IMMEDIATE", "BEGIN"]


@pytest.mark.parametrize("scheme", ["postgres", "postgresql", "postgresql+psycopg"])
def test_postgresql_is_reached_by_psycopg_with_timeouts(scheme: str) -> None:
    engine = make_engine(f"{scheme}://ann:secret@db.example:5433/sync")
    assert engine.url.drivername == "postgresql+psycopg"
    arguments = engine.dialect.create_connect_args(engine.url)[1]
    assert arguments["port"] == 5433
    asked: dict[str, object] = {}

    @event.listens_for(engine, "do_connect")
    def _(_dialect: object, _record: object, _args: object, given: dict[str, object]) -> None:
        asked.update(given)
        raise ConnectionError

    with pytest.raises(ConnectionError):
        engine.connect()
    assert asked["application_name"] == "license-sync"
    assert asked["connect_timeout"] == 5
    assert "statement_timeout=60s" in str(asked["options"])


def test_what_the_url_says_wins() -> None:
    engine = make_engine("postgresql://db.example/sync?connect_timeout=9&application_name=mine")
    asked: dict[str, object] = {}

    @event.listens_for(engine, "do_connect")
    def _(_dialect: object, _record: object, _args: object, given: dict[str, object]) -> None:
        asked.update(given)
        raise ConnectionError

    with pytest.raises(ConnectionError):
        engine.connect()
    assert (asked["connect_timeout"], asked["application_name"]) == ("9", "mine")


@pytest.mark.parametrize(
    ("url", "words"),
    [
        ("mysql://ann:secret@db/x", "SQLite or PostgreSQL"),
        ("nonsense", "cannot be read"),
        ("sqlite://", "needs a file"),
    ],
)
def test_another_url_is_named_without_its_secret(url: str, words: str) -> None:
    with pytest.raises(NotAllowed, match=words) as caught:
        make_engine(url)
    assert "secret" not in str(caught.value)
