"""Every listing, walked forward and back: each matching row once, in order, and nobody else's."""

import base64
import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import datetime, timedelta, timezone
from typing import Any, TypeVar

import pytest
from alembic import command
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import bindparam, insert, text
from sqlalchemy.engine import Engine

from sync.errors import UnknownReference
from sync.model import CATALOGUE, FindingKind, License, Licenses
from sync.ports.browse import (
    COUNTED,
    Change,
    EntryQuery,
    EntrySort,
    HistoryQuery,
    ItemQuery,
    LicenseTotal,
    Listing,
    ParkedQuery,
    Place,
    RunQuery,
    UserQuery,
)
from sync.ports.conflict_log import Entry, EntryStatus
from sync.ports.history import HistoryOutcome, HistoryRow
from sync.ports.pending import Cause
from sync.ports.runs import PlanItem, RunKind, RunStatus
from sync.store import SqlStore, upgrade
from sync.store.browse_tables import known_user
from sync.store.schema import config_for
from sync.store.tables import conflict, history, pending_user, run, run_item
from tests.contract.store.rows import (
    ORGS,
    a_conflict,
    a_history,
    a_run,
    a_user,
    conflict_rows,
    history_rows,
    item_rows,
    pending_rows,
    run_rows,
    user_id_of,
    user_rows,
)
from tests.contract.store.scene import ANN, BOTH, FREEDOM, PBX, START, Clock, Scene

Row = TypeVar("Row")
List = Callable[[Place], Listing[Row]]

THOROUGH = settings(
    max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None
)

orgs = st.none() | st.frozensets(st.sampled_from((*ORGS, "other")))
searches = st.sampled_from(("", "", "a", "AN", "ann", "bob", "Zo", "ü", "no\0", user_id_of(3)))
licenses = st.none() | st.sampled_from(CATALOGUE)
limits = st.integers(1, 7)


@contextmanager
def filled(engine: Engine, **tables: list[dict[str, Any]]) -> Iterator[SqlStore]:
    """A store with these rows, for one example."""
    all_tables = {t.name: t for t in (conflict, history, pending_user, known_user, run, run_item)}
    try:
        with engine.begin() as connection:
            for name, rows in tables.items():
                if rows:
                    connection.execute(insert(all_tables[name]), rows)
        yield SqlStore(engine, Clock())
    finally:
        with engine.begin() as connection:
            for table in reversed(list(all_tables.values())):
                connection.execute(table.delete())


def forward(listing: List[Row], limit: int) -> list[Listing[Row]]:
    """All pages, first to last."""
    pages = [listing(Place(limit=limit))]
    while pages[-1].following is not None:
        pages.append(listing(Place(after=pages[-1].following, limit=limit)))
    return pages


def backward(listing: List[Row], last: Listing[Row], limit: int) -> list[Listing[Row]]:
    """All pages from the last to the first."""
    pages = [last]
    while pages[-1].preceding is not None:
        pages.append(listing(Place(before=pages[-1].preceding, limit=limit)))
    return pages


def assert_lists(listing: List[Row], wanted: list[Row], limit: int) -> None:
    """Both ways give these rows, each once and in this order, and say how many they are."""
    pages = forward(listing, limit)
    assert [row for page in pages for row in page.rows] == wanted
    assert all(page.total == len(wanted) for page in pages)
    assert all(len(page.rows) == limit for page in pages[:-1])
    assert pages[0].preceding is None
    back = backward(listing, pages[-1], limit)
    assert [row for page in reversed(back) for row in page.rows] == wanted
    assert back[-1].rows == () or back[-1].rows[0] == wanted[0]


def sees(org: str, allowed: frozenset[str] | None) -> bool:
    return allowed is None or org in allowed


def is_found(search: str, org: str, user_id: str, username: str, known: dict[Any, str]) -> bool:
    """What a search means, said once more."""
    name = known.get((org, user_id), "\0")
    start = search.lower()
    is_id = len(search) in (15, 18) and user_id.startswith(search)
    return username.lower().startswith(start) or name.lower().startswith(start) or is_id


def names_in(rows: list[dict[str, Any]]) -> dict[Any, str]:
    return {(row["org"], row["user_id"]): row["name"] for row in rows}


_ENTRY_ORDER: dict[EntrySort, Callable[[Entry], Any]] = {
    EntrySort.NEWEST: lambda e: -e.id,
    EntrySort.OLDEST: lambda e: e.id,
    EntrySort.USER: lambda e: (e.username.lower(), e.id),
    EntrySort.MOST_SEEN: lambda e: (-e.seen_count, -e.id),
}


@THOROUGH
@given(
    rows=conflict_rows,
    users=user_rows,
    query=st.builds(
        EntryQuery,
        orgs=orgs,
        kind=st.sampled_from((None, None, FindingKind.CONFLICT, FindingKind.REFUSAL)),
        code=st.sampled_from((None, None, "x", "no\0")),
        statuses=st.lists(st.sampled_from(EntryStatus), unique=True),
        license=licenses,
        opened_before=st.none() | st.just(START + timedelta(seconds=2)),
        user_id=st.sampled_from((None, None, user_id_of(1))),
        search=searches,
        sort=st.sampled_from(EntrySort),
    ),
    limit=limits,
)
def test_entries(
    engine: Engine,
    rows: list[dict[str, Any]],
    users: list[dict[str, Any]],
    query: EntryQuery,
    limit: int,
) -> None:
    with filled(engine, conflict=rows, known_user=users) as store:
        everything = [store.entry(row["id"]) for row in rows]
        wanted = [e for e in everything if matches_entry(e, query, names_in(users))]
        wanted.sort(key=_ENTRY_ORDER[query.sort])
        assert_lists(lambda place: store.list_entries(query, place), wanted, limit)


def matches_entry(entry: Entry, query: EntryQuery, known: dict[Any, str]) -> bool:
    return (
        sees(entry.org, query.orgs)
        and query.kind in (None, entry.kind)
        and query.code in (None, entry.code)
        and (not query.statuses or entry.status in query.statuses)
        and (query.license is None or query.license in entry.licenses)
        and (query.opened_before is None or entry.opened_at < query.opened_before)
        and query.user_id in (None, entry.user_id)
        and is_found(query.search, entry.org, entry.user_id, entry.username, known)
    )


@THOROUGH
@given(
    rows=history_rows,
    users=user_rows,
    query=st.builds(
        HistoryQuery,
        orgs=orgs,
        user_id=st.sampled_from((None, None, user_id_of(1))),
        search=searches,
        causes=st.lists(st.sampled_from(Cause), max_size=3),
        actor=st.sampled_from((None, None, "ada", "\0")),
        license=licenses,
        outcomes=st.lists(st.sampled_from(HistoryOutcome), max_size=3),
        run_id=st.sampled_from((None, None, 7, 2**70)),
        since=st.none() | st.just(START + timedelta(seconds=1)),
        until=st.none() | st.just(START + timedelta(seconds=3)),
    ),
    limit=limits,
)
def test_history(
    engine: Engine,
    rows: list[dict[str, Any]],
    users: list[dict[str, Any]],
    query: HistoryQuery,
    limit: int,
) -> None:
    with filled(engine, history=rows, known_user=users) as store:
        wanted = [row for row in store.history() if matches_row(row, query, names_in(users))]
        wanted.sort(key=lambda row: (row.at, row.id), reverse=True)
        assert_lists(lambda place: store.list_history(query, place), wanted, limit)


def matches_row(row: HistoryRow, query: HistoryQuery, known: dict[Any, str]) -> bool:
    said = row.intent
    return (
        sees(row.org, query.orgs)
        and query.user_id in (None, said.user_id)
        and (not query.causes or said.cause in query.causes)
        and query.actor in (None, said.actor)
        and (query.license is None or query.license in said.held_before ^ said.held_after)
        and (not query.outcomes or row.outcome in query.outcomes)
        and query.run_id in (None, said.run_id)
        and (query.since is None or row.at >= query.since)
        and (query.until is None or row.at < query.until)
        and is_found(query.search, row.org, said.user_id, said.username, known)
    )


@THOROUGH
@given(rows=user_rows, query=st.builds(UserQuery, orgs=orgs, search=searches), limit=limits)
def test_users(engine: Engine, rows: list[dict[str, Any]], query: UserQuery, limit: int) -> None:
    with filled(engine, known_user=rows) as store:
        wanted = [
            store.known_user(row["org"], row["user_id"])
            for row in rows
            if sees(row["org"], query.orgs)
            and is_found(query.search, row["org"], row["user_id"], row["username"], names_in(rows))
        ]
        wanted.sort(key=lambda u: u and (u.record.username.lower(), u.org, u.record.user_id))
        assert_lists(lambda place: store.list_users(query, place), wanted, limit)


@THOROUGH
@given(
    rows=pending_rows,
    users=user_rows,
    query=st.builds(
        ParkedQuery, orgs=orgs, code=st.sampled_from((None, None, "A", "B")), search=searches
    ),
    limit=limits,
)
def test_parked(
    engine: Engine,
    rows: list[dict[str, Any]],
    users: list[dict[str, Any]],
    query: ParkedQuery,
    limit: int,
) -> None:
    with filled(engine, pending_user=rows, known_user=users) as store:
        known = names_in(users)
        wanted = [
            user
            for user in store.parked()
            if sees(user.org, query.orgs)
            and query.code in (None, user.code)
            and is_found(query.search, user.org, user.user_id, user.username, known)
        ]
        wanted.sort(key=lambda user: (user.parked_at, user.org, user.user_id))
        assert_lists(lambda place: store.list_parked(query, place), wanted, limit)


@THOROUGH
@given(
    rows=run_rows,
    query=st.builds(
        RunQuery,
        orgs=orgs,
        kinds=st.lists(st.sampled_from(RunKind), max_size=2),
        statuses=st.lists(st.sampled_from(RunStatus), max_size=2),
    ),
    limit=limits,
)
def test_runs(engine: Engine, rows: list[dict[str, Any]], query: RunQuery, limit: int) -> None:
    with filled(engine, run=rows) as store:
        wanted = [
            one
            for one in sorted((store.run(row["id"]) for row in rows), key=lambda r: -r.id)
            if sees(one.org, query.orgs)
            and (not query.kinds or one.kind in query.kinds)
            and (not query.statuses or one.status in query.statuses)
        ]
        assert_lists(lambda place: store.list_runs(query, place), wanted, limit)


@THOROUGH
@given(
    rows=item_rows,
    users=user_rows,
    query=st.builds(
        ItemQuery,
        run_id=st.sampled_from((1, 1, 2)),
        change=st.none() | st.sampled_from(Change),
        license=licenses,
        search=searches,
    ),
    limit=limits,
)
def test_items_and_their_totals(
    engine: Engine,
    rows: list[dict[str, Any]],
    users: list[dict[str, Any]],
    query: ItemQuery,
    limit: int,
) -> None:
    runs = [a_run(id=1, org=ORGS[0]), a_run(id=2, org=ORGS[1])]
    with filled(engine, run=runs, run_item=rows, known_user=users) as store:
        known, org = names_in(users), ORGS[query.run_id - 1]
        every = store.items(query.run_id)
        wanted = [
            item
            for item in every
            if does(item, query.change, query.license)
            and is_found(query.search, org, item.user_id, item.username, known)
        ]
        assert_lists(lambda place: store.list_items(query, place), wanted, limit)
        assert store.totals(query.run_id) == [
            LicenseTotal(one, gained, lost)
            for one in CATALOGUE
            if (gained := sum(one in item.granted for item in every))
            + (lost := sum(one in item.removed for item in every))
        ]


def does(item: PlanItem, change: Change | None, license: License | None) -> bool:
    mask = Licenses.union(CATALOGUE if license is None else (license,))
    gains, loses = bool(item.granted & mask), bool(item.removed & mask)
    match change:
        case Change.GAINS:
            return gains
        case Change.LOSES:
            return loses
        case Change.NEITHER:
            return not gains and not loses
        case None:
            return license is None or gains or loses


# --- marks, limits, counts ---------------------------------------------------------------------


def encoded(value: object) -> str:
    return base64.urlsafe_b64encode(json.dumps(value).encode()).decode().rstrip("=")


@pytest.mark.parametrize(
    "mark",
    [
        "",
        "!",
        "ä",
        "a",
        "=" * 9,
        "[" * 100_000,
        encoded(3),
        encoded([]),
        encoded([3]),
        encoded(["2026-03-01T12:00:00", 3]),
        encoded(["2026-03-01T12:00:00+01:00", 3]),
        encoded(["2026-03-01T12:00:00+00:00", "3"]),
        encoded(["2026-03-01T12:00:00+00:00", 3.0]),
        encoded(["2026-03-01T12:00:00+00:00", True]),
        encoded(["2026-03-01T12:00:00+00:00", 2**63]),
        encoded(["2026-03-01T12:00:00+00:00", 3, 4]),
        encoded("[" * 3),
        base64.urlsafe_b64encode(b"[" * 100_000).decode(),
        base64.urlsafe_b64encode(b"\xff\xfe").decode(),
    ],
)
def test_a_mark_that_cannot_be_read_is_said_to_be_so(store: SqlStore, mark: str) -> None:
    for place in (Place(after=mark), Place(before=mark)):
        with pytest.raises(UnknownReference, match="start again at the first page"):
            store.list_history(HistoryQuery(), place)


@pytest.mark.parametrize("name", ["\0", "\ud800"])
def test_a_mark_holds_no_text_that_cannot_be_stored(store: SqlStore, name: str) -> None:
    with pytest.raises(UnknownReference):
        store.list_users(UserQuery(), Place(after=encoded([name, "acme", ANN])))


def test_a_page_is_neither_empty_nor_endless(engine: Engine) -> None:
    rows = [a_history(id=i) for i in range(1, 2103)]
    with filled(engine, history=rows) as store:
        assert len(store.list_history(HistoryQuery(), Place(limit=0)).rows) == 1
        assert len(store.list_history(HistoryQuery(), Place(limit=-5)).rows) == 1
        assert len(store.list_history(HistoryQuery(), Place(limit=10**9)).rows) == 2000


def test_more_rows_than_are_counted_have_no_total(engine: Engine) -> None:
    rows = [a_history(id=i) for i in range(1, COUNTED + 1)]
    with filled(engine, history=rows) as store:
        one = Place(limit=1)
        assert store.list_history(HistoryQuery(), one).total == COUNTED
        assert store.list_history(HistoryQuery(), Place(limit=1, counted=False)).total is None
        with engine.begin() as connection:
            connection.execute(insert(history), [a_history(id=COUNTED + 1)])
        assert store.list_history(HistoryQuery(), one).total is None
        assert store.list_history(HistoryQuery(search="ann"), one).total is None


def test_what_left_a_page_does_not_lose_the_way_back(scene: Scene) -> None:
    first, second = scene.open(ANN), scene.open("005000000000009AAA")
    query = EntryQuery(sort=EntrySort.OLDEST)
    mark = scene.store.list_entries(query, Place(limit=1)).following
    scene.store.dismiss(second.id, "ada", "fine")
    open_ = replace(query, statuses=(EntryStatus.OPEN,))
    left = scene.store.list_entries(open_, Place(after=mark))
    assert (left.rows, left.following, left.total) == ((), None, 1)
    back = scene.store.list_entries(open_, Place(before=left.preceding))
    assert back.preceding is None
    assert [e.id for e in scene.store.list_entries(open_).rows] == [first.id]


# --- names and activity ------------------------------------------------------------------------


def test_names_of_users_that_were_seen(engine: Engine) -> None:
    rows = [a_user(org="acme", number=1, name="Ann A"), a_user(org="zeta", number=1, name="Zoe")]
    with filled(engine, known_user=rows) as store:
        asked = [("acme", user_id_of(1)), ("acme", user_id_of(2)), ("\0", ANN), ("zeta", "\ud800")]
        assert store.names_of(asked) == {("acme", user_id_of(1)): "Ann A"}
        assert store.names_of([]) == {}
        assert store.known_user("zeta", user_id_of(2)) is None
        assert store.known_user("\0", user_id_of(1)) is None


def test_activity_counts_by_the_hour_and_shows_empty_hours(engine: Engine) -> None:
    hour = START.replace(minute=0, second=0, microsecond=0)
    rows = [
        a_history(id=1, at=hour - timedelta(hours=2)),
        a_history(id=2, at=hour, status_after="Corrected"),
        a_history(id=3, at=hour + timedelta(minutes=59), status_after="Conflict"),
        a_history(id=4, at=hour, outcome=HistoryOutcome.REFUSED),
        a_history(id=5, at=hour - timedelta(microseconds=1), org="zeta"),
        a_history(id=6, at=hour, status_after="Failed"),
    ]
    opened = [a_conflict(id=1, number=1, opened_at=hour - timedelta(hours=1))]
    with filled(engine, history=rows, conflict=opened) as store:
        seen = store.activity(None, 3)
        assert [one.at for one in seen] == [hour - timedelta(hours=back) for back in (2, 1, 0)]
        assert [(one.writes, one.corrections, one.conflicts) for one in seen] == [
            (1, 0, 0),
            (1, 0, 1),
            (3, 2, 0),
        ]
        assert [one.writes for one in store.activity(frozenset({"zeta"}), 2)] == [1, 0]
        assert [one.writes for one in store.activity(frozenset(), 2)] == [0, 0]
        assert len(store.activity(None, 0)) == 1
        assert len(store.activity(None, 10**9)) == 24 * 366


def test_what_a_plan_would_do_to_nobody_has_no_totals(store: SqlStore) -> None:
    assert store.totals(12) == []
    assert store.totals(2**80) == []


def test_times_outside_of_what_a_database_knows_are_no_error(store: SqlStore) -> None:
    east, west = timezone(timedelta(hours=14)), timezone(timedelta(hours=-12))
    early, late = datetime.min.replace(tzinfo=east), datetime.max.replace(tzinfo=west)
    assert store.list_history(HistoryQuery(since=early, until=late)).total == 0
    assert store.list_entries(EntryQuery(opened_before=early)).rows == ()


_LATER = ("username_key", "changed")


def test_rows_from_before_there_were_listings_are_found_too(engine: Engine) -> None:
    with engine.begin() as connection:
        command.downgrade(config_for(connection), "0002")
    old = [{**a_conflict(id=id_, number=id_), "username": "Ann@acme.example"} for id_ in (1, 2)]
    written = {
        **a_history(id=1, held_before=BOTH | PBX, held_after=BOTH - FREEDOM | PBX),
        "username": "Ann@acme.example",
    }
    for table, rows in ((conflict, [*old]), (history, [written])):
        values = [{k: v for k, v in row.items() if k not in _LATER} for row in rows]
        names = ", ".join(values[0])
        places = [bindparam(k, type_=table.c[k].type) for k in values[0]]
        marks = ", ".join(f":{k}" for k in values[0])
        with engine.begin() as connection:
            connection.execute(
                text(f"INSERT INTO {table.name} ({names}) VALUES ({marks})").bindparams(*places),
                values,
            )
    upgrade(engine)
    store = SqlStore(engine, Clock())
    assert [e.id for e in store.list_entries(EntryQuery(search="ann@")).rows] == [2, 1]
    found = [one for one in CATALOGUE if store.list_history(HistoryQuery(license=one)).total]
    assert found == [License.FREEDOM]
    assert store.list_history(HistoryQuery(search="ANN@")).total == 1
    with engine.begin() as connection:
        command.downgrade(config_for(connection), "0002")
    upgrade(engine)
    assert store.list_entries(EntryQuery(search="ann@")).total == 2
