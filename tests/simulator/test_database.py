"""What a transaction tells who watches it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from simulator.database import Database
from simulator.saves import Saved
from simulator.schema.standard import USER


class Watcher:
    def __init__(self) -> None:
        self.told: list[tuple[list[str], str]] = []
        self.commits = 0

    def committing(self, saved: list[Saved], origin: str) -> None:
        self.told.append(([one.record_id for one in saved], origin))

    def committed(self) -> None:
        self.commits += 1


@pytest.fixture
def database(tmp_path: Path) -> Iterator[Database]:
    with closing(Database(tmp_path / "org.db")) as database:
        database.watcher = Watcher()
        yield database


def save(database: Database, record_id: str) -> None:
    database.saved.append(Saved("UPDATE", USER, record_id, "me", {}))


def watcher(database: Database) -> Watcher:
    assert isinstance(database.watcher, Watcher)
    return database.watcher


def test_what_was_saved_is_told_once_and_where_it_came_from(database: Database) -> None:
    for record_id in ("one", "two"):
        with database.transaction(f"origin of {record_id}"):
            save(database, record_id)
    assert watcher(database).told == [(["one"], "origin of one"), (["two"], "origin of two")]
    assert watcher(database).commits == 2


def test_a_transaction_without_saves_is_not_worth_telling(database: Database) -> None:
    with database.transaction():
        pass
    assert (watcher(database).told, watcher(database).commits) == ([], 0)


def break_savepoint(database: Database) -> None:
    with database.savepoint():
        save(database, "outer")
        with database.savepoint():
            save(database, "inner")
        raise ZeroDivisionError


def break_transaction(database: Database) -> None:
    with database.transaction():
        save(database, "broken")
        raise ZeroDivisionError


def test_a_savepoint_takes_its_saves_back(database: Database) -> None:
    with database.transaction():
        save(database, "before")
        with pytest.raises(ZeroDivisionError):
            break_savepoint(database)
        save(database, "after")
    assert watcher(database).told == [(["before", "after"], "")]


def test_nothing_of_a_broken_transaction_is_told_later(database: Database) -> None:
    with pytest.raises(ZeroDivisionError):
        break_transaction(database)
    with database.transaction():
        save(database, "whole")
    assert watcher(database).told == [(["whole"], "")]
    assert watcher(database).commits == 1
