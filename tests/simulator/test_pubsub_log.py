"""The log of events: which ids are taken back, and what of it is thrown away."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from simulator.clock import Clock
from simulator.database import Database
from simulator.pubsub.log import PURGE_EVERY, Event, EventLog, replay_bytes

HOUR = 3600


@pytest.fixture
def database(tmp_path: Path) -> Iterator[Database]:
    with closing(Database(tmp_path / "org.db")) as database:
        yield database


def put(log: EventLog, clock: Clock) -> bytes:
    replay = log.next()
    log.add(Event(replay, clock.now(), "User", "s", "UPDATE", "1", "", "me", 1, 1, b"{}"))
    return replay_bytes(replay)


def test_a_move_is_remembered(database: Database) -> None:
    clock = Clock()
    log = EventLog(database, clock)
    old = put(log, clock)
    assert log.knows(old)
    log.forget()
    again = EventLog(database, clock)
    assert not again.knows(old)
    new = put(again, clock)
    assert again.knows(new)
    assert [event.replay for event in again.after(0, ["User"], 9)] == [int.from_bytes(new)]


def test_ids_go_on_after_the_last_one(database: Database) -> None:
    clock = Clock()
    last = put(EventLog(database, clock), clock)
    assert put(EventLog(database, clock), clock) > last


def test_what_is_out_of_date_is_thrown_away_but_for_the_newest(database: Database) -> None:
    clock = Clock()
    log = EventLog(database, clock)
    for _ in range(PURGE_EVERY):
        put(log, clock)
    kept = log.count()
    clock.offset = 73 * HOUR
    log.retention = HOUR
    for _ in range(PURGE_EVERY):
        put(log, clock)
    assert kept == PURGE_EVERY
    assert log.count() < kept + PURGE_EVERY // 2
    assert len(log.after(0, ["User"], 10 * PURGE_EVERY)) == PURGE_EVERY


def test_a_sign_of_life_names_an_id_of_its_own_time(database: Database) -> None:
    clock = Clock()
    log = EventLog(database, clock)
    last = int.from_bytes(put(log, clock))
    assert log.told(100) == last
    clock.offset = 200
    told = log.told(100)
    assert told > last
    assert log.knows(replay_bytes(told))
    assert log.after(last, ["User"], 9) == []
