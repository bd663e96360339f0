"""What is remembered of users: the newest look, cheaply, and never at anybody's cost."""

import logging
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import event, text
from sqlalchemy.engine import Engine

from sync.model import NONE, Flags, UserRecord
from sync.ports.browse import UserQuery
from sync.store import SqlStore
from sync.store.known_users import REFRESH
from tests.contract.store.scene import BOTH, FREEDOM, ORG, PBX, START, Clock
from tests.fakes.org import record

FULL = replace(
    record(1, requested=BOTH, held=FREEDOM),
    requested=Flags(BOTH, PBX),
    held=Flags(FREEDOM, PBX),
    active=None,
    in_recording_group=True,
    status="Conflict",
    message="choose one",
    decided="FS",
)


def known(store: SqlStore, number: int = 1, org: str = ORG) -> UserRecord | None:
    found = store.known_user(org, record(number).user_id)
    return None if found is None else found.record


def looked_at(store: SqlStore) -> Any:
    found = store.known_user(ORG, record(1).user_id)
    assert found is not None
    return found.looked_at


def later(one: UserRecord, **changes: Any) -> UserRecord:
    return replace(one, modstamp=one.modstamp + timedelta(seconds=1), **changes)


def test_everything_of_a_record_is_kept(store: SqlStore) -> None:
    store.remember(ORG, [FULL])
    assert known(store) == FULL
    assert looked_at(store) == START
    assert known(store, org="other") is None


@pytest.mark.parametrize(
    "changes",
    [
        {"username": "other@example.com"},
        {"name": "Another"},
        {"active": True},
        {"requested": Flags(BOTH)},
        {"requested": Flags(NONE, PBX)},
        {"held": Flags(FREEDOM)},
        {"held": Flags(NONE, PBX)},
        {"in_recording_group": None},
        {"in_recording_group": False},
        {"status": None},
        {"message": "choose"},
        {"decided": ""},
        {"modified_at": START},
        {"modified_by": None},
    ],
    ids=str,
)
def test_what_differs_is_kept_even_within_the_same_second(
    store: SqlStore, clock: Clock, changes: dict[str, Any]
) -> None:
    store.remember(ORG, [FULL])
    now = clock.pass_(5)
    changed = replace(FULL, **changes)
    store.remember(ORG, [changed])
    assert known(store) == changed
    assert looked_at(store) == now


def test_a_late_look_does_not_undo_a_newer_one(store: SqlStore) -> None:
    newer = later(FULL, held=Flags(BOTH))
    store.remember(ORG, [newer])
    store.remember(ORG, [FULL])
    assert known(store) == newer


def test_somebody_elses_newer_look_between_reading_and_writing_stays(
    store: SqlStore, engine: Engine
) -> None:
    """The second look is slower: it read before the first one wrote."""
    newer, slow = later(FULL, name="Newer"), SqlStore(engine, Clock())
    looks = iter([newer])

    def meanwhile(*_: object) -> None:
        for one in looks:
            store.remember(ORG, [one])

    event.listen(engine, "commit", meanwhile)
    slow.remember(ORG, [FULL])
    assert list(looks) == []
    assert known(store) == newer


def test_a_look_that_finds_nothing_new_writes_nothing_for_half_a_day(
    store: SqlStore, engine: Engine, clock: Clock
) -> None:
    written: list[str] = []

    def note(_: object, __: object, statement: str, *___: object) -> None:
        if statement.startswith(("INSERT", "UPDATE")):
            written.append(statement)

    store.remember(ORG, [FULL])
    event.listen(engine, "before_cursor_execute", note)
    clock.pass_(REFRESH.total_seconds())
    store.remember(ORG, [FULL])
    store.remember(ORG, [])
    assert (written, looked_at(store)) == ([], START)
    now = clock.pass_(1)
    store.remember(ORG, [FULL])
    assert (len(written), looked_at(store)) == (1, now)


def test_a_page_of_many_users_in_any_order(store: SqlStore) -> None:
    records = [record(number) for number in range(1, 1203)]
    store.remember(ORG, list(reversed(records)))
    assert store.list_users(UserQuery()).total == len(records)
    assert known(store, 1202) == records[-1]


def test_who_is_gone_is_forgotten_in_that_org_alone(store: SqlStore) -> None:
    for org in (ORG, "other"):
        store.remember(org, [record(1), record(2)])
    store.forget(ORG, [record(1).user_id, "005nobody"])
    store.forget(ORG, [])
    assert (known(store, 1), known(store, 1, "other")) == (None, record(1))
    assert known(store, 2) == record(2)


@pytest.mark.parametrize("username", ["ANN@Example.com", "ann@example.COM"])
def test_users_are_found_in_any_case(store: SqlStore, username: str) -> None:
    store.remember(ORG, [replace(FULL, username=username, name="Ärmel O'Neil")])
    for search in ("ann", "ANN@EXAMPLE.COM", "ärmel", "ÄRMEL o'", " ann ", FULL.user_id[:15]):
        assert store.list_users(UserQuery(search=search)).total == 1, search
    for search in ("nn", "%", "a_n", "o'neil", FULL.user_id[:14]):
        assert store.list_users(UserQuery(search=search)).total == 0, search


def test_what_no_database_can_keep_is_kept_without_it(store: SqlStore) -> None:
    store.remember(ORG, [replace(FULL, name="a\0b\ud800", message="\0")])
    found = known(store)
    assert found is not None
    assert (found.name, found.message) == ("ab?", "")


def test_a_store_that_cannot_remember_says_so_and_goes_on(
    store: SqlStore, engine: Engine, caplog: pytest.LogCaptureFixture
) -> None:
    with engine.begin() as connection:
        connection.execute(text("ALTER TABLE known_user RENAME TO elsewhere"))
    try:
        with caplog.at_level(logging.WARNING):
            store.remember(ORG, [FULL])
            store.forget(ORG, [FULL.user_id])
    finally:
        with engine.begin() as connection:
            connection.execute(text("ALTER TABLE elsewhere RENAME TO known_user"))
    assert [r.getMessage() for r in caplog.records] == [
        "acme: what was seen of 1 users is not kept this time (StoreUnavailable)"
    ] * 2
