"""What can be tried without a server: waiting for rows, and the journal's bound."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from simulator.database import Database
from simulator.journal import PRUNE_EVERY, Journal, template
from simulator.locks import Locks


def test_a_row_that_is_released_in_time() -> None:
    async def story() -> frozenset[str]:
        locks = Locks(patience=5)
        with locks.hold({"a", "b"}, 10.0):
            assert locks.oldest_open() == 10.0
            waiting = asyncio.create_task(locks.wait({"a", "c"}))
            await asyncio.sleep(0.01)
            assert not waiting.done()
        assert not locks
        assert locks.oldest_open() is None
        return await waiting

    assert asyncio.run(story()) == frozenset()


def test_a_row_that_stays_locked_is_given_up() -> None:
    async def story() -> frozenset[str]:
        locks = Locks(patience=0.02)
        with locks.hold({"a", "b"}, 1.0):
            return await locks.wait({"a", "c"})

    assert asyncio.run(story()) == {"a"}


def test_the_oldest_of_several_counts() -> None:
    async def story() -> None:
        locks = Locks()
        with locks.hold({"a"}, 5.0):
            with locks.hold({"b"}, 7.0):
                assert locks.oldest_open() == 5.0
            assert locks.oldest_open() == 5.0

    asyncio.run(story())


def test_old_calls_are_dropped_and_that_is_said(tmp_path: Path) -> None:
    database = Database(tmp_path / "org.db")
    journal = Journal(database, bound=100)
    for n in range(2 * PRUNE_EVERY):
        journal.note(journal.begin(float(n), "GET", "/services/data", ""))
    calls = journal.calls(0, 10_000)
    assert calls["dropped"] == 2 * PRUNE_EVERY - 100
    assert calls["calls"][0]["seq"] == calls["dropped"] + 1
    assert calls["last"] == 2 * PRUNE_EVERY
    database.close()


def write_and_fail(database: Database, value: str) -> None:
    database.set_setting("a", value)
    raise KeyError(value)


def test_an_undone_savepoint_leaves_the_rest(tmp_path: Path) -> None:
    database = Database(tmp_path / "org.db")
    with database.transaction():
        database.set_setting("a", "1")
        with pytest.raises(KeyError), database.savepoint():
            write_and_fail(database, "2")
    assert database.setting("a") == "1"
    with pytest.raises(KeyError), database.transaction():
        write_and_fail(database, "3")
    assert database.setting("a") == "1"
    database.close()


def test_a_journal_of_an_older_simulator_is_read_on(tmp_path: Path) -> None:
    old = Database(tmp_path / "org.db")
    old.execute("ALTER TABLE change DROP COLUMN automation")
    old.execute(
        "INSERT INTO change (at, stamp, object, id, by_id, before, after) "
        "VALUES (1, 1, 'User', '005', '005', '{}', '{}')"
    )
    old.close()
    database = Database(tmp_path / "org.db")
    [change] = Journal(database).changes(0, 10)["changes"]
    assert change["object"] == "User"
    assert "automation" not in change
    database.close()


BASE = "/services/data/v59.0"
PATTERN = "/services/data/{version}"


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        ("/query/0r8abcDEF123456789-2000", "/query/{locator}"),
        ("/sobjects/User/0055f000005mc66AAA/", "/sobjects/User/{id}"),
        ("/sobjects/User/updated", "/sobjects/User/updated"),
        ("/composite/sobjects", "/composite/sobjects"),
    ],
)
def test_templates(path: str, expected: str) -> None:
    assert template(BASE + path) == PATTERN + expected
