"""Walking through a listing, there and back, whatever it is sorted and filtered by."""

from collections.abc import Callable
from datetime import timedelta

import pytest

from sync.errors import UnknownReference
from sync.model import FindingKind, License
from sync.ports.browse import (
    COUNTED,
    EntryQuery,
    EntrySort,
    HistoryQuery,
    Listing,
    ParkedQuery,
    Place,
    RunQuery,
    UserQuery,
)
from sync.ports.conflict_log import EntryStatus
from sync.ports.pending import Cause
from sync.ports.runs import RunKind
from sync.ports.settling import OutcomeKind
from tests.contract.store.scene import (
    ANN,
    BOB,
    CID,
    CONFLICT,
    DAN,
    ORG,
    PRINT,
    REFUSAL,
    Scene,
    a_resolution,
    an_intent,
)
from tests.fakes.records import a_record

ALL = tuple(EntryStatus)
EVERYBODY = (ANN, BOB, CID, DAN)


def walk(read: Callable[[Place], Listing[object]], limit: int) -> list[object]:
    """All rows, forward; on the way each page is left and come back to."""
    rows: list[object] = []
    page = read(Place(limit=limit))
    assert page.preceding is None
    while True:
        rows += page.rows
        if page.following is None:
            return rows
        following = read(Place(after=page.following, limit=limit))
        assert following.rows
        assert following.preceding is not None
        back = read(Place(before=following.preceding, limit=limit))
        assert back.rows == page.rows
        assert (back.preceding is None) == (page.preceding is None)
        page = following


@pytest.mark.parametrize("sort", list(EntrySort))
@pytest.mark.parametrize("limit", [1, 2, 3, 8, 50])
def test_each_entry_is_met_once_in_order(scene: Scene, sort: EntrySort, limit: int) -> None:
    for user_id in EVERYBODY:
        scene.open(user_id)
        scene.open(user_id, REFUSAL)
    found = walk(lambda place: scene.store.list_entries(EntryQuery(sort=sort), place), limit)
    whole = scene.store.list_entries(EntryQuery(sort=sort))
    assert found == list(whole.rows)
    assert len(found) == whole.total == 8
    keys = {
        EntrySort.NEWEST: lambda e: -e.id,
        EntrySort.OLDEST: lambda e: e.id,
        EntrySort.USER: lambda e: (e.username, e.id),
        EntrySort.MOST_SEEN: lambda e: (-e.seen_count, -e.id),
    }
    assert found == sorted(found, key=keys[sort])


def test_entries_are_found_by_what_they_are(scene: Scene) -> None:
    mine = scene.open(ANN)
    other = scene.open(BOB, REFUSAL)
    scene.store.resolve(mine.id, a_resolution())

    def found(**wanted: object) -> list[int]:
        query = EntryQuery(**{"sort": EntrySort.OLDEST, **wanted})  # type: ignore[arg-type]
        return [entry.id for entry in scene.store.list_entries(query).rows]

    assert found() == [mine.id, other.id]
    assert found(kind=FindingKind.REFUSAL) == [other.id]
    assert found(code=mine.code) == [mine.id]
    assert found(statuses=(EntryStatus.DECIDING,)) == [mine.id]
    assert found(license=License.SCV) == [mine.id]
    assert found(license=License.CTI) == [other.id]
    assert found(license=License.PCI) == []
    assert found(user_id=BOB) == [other.id]
    assert found(opened_before=mine.opened_at) == []
    assert found(opened_before=other.opened_at + timedelta(seconds=1)) == [mine.id, other.id]


def test_entries_are_found_by_the_beginning_of_a_name(scene: Scene) -> None:
    entry = scene.open(ANN)
    scene.open(BOB)
    scene.store.remember(ORG, [a_record(ANN, username="Zed_1@x.example", name="Ännchen Ö%")])
    for search in ("zed_1", "ZED", "änn", "Ännchen ö%", ANN, str(entry.id), entry.username[:20]):
        rows = scene.store.list_entries(EntryQuery(search=search)).rows
        assert entry.id in [row.id for row in rows], search
    for search in ("zed%", "z_d", "nnchen", "%"):
        assert scene.store.list_entries(EntryQuery(search=search)).rows == (), search


def test_nobody_sees_an_org_that_is_not_theirs(scene: Scene) -> None:
    scene.open(ANN)
    scene.store.remember(ORG, [a_record(ANN)])
    scene.store.create_run(ORG, RunKind.PLAN, PRINT, "ann")
    scene.notice(BOB)
    claim = scene.claim()
    scene.store.record_intents(claim, [an_intent(BOB)])
    scene.book(claim, OutcomeKind.PARKED, code="x", reason="y")
    store = scene.store
    for orgs, expected in ((None, True), (frozenset({ORG}), True), (frozenset({"b"}), False)):
        assert bool(store.list_entries(EntryQuery(orgs=orgs)).rows) is expected
        assert bool(store.list_users(UserQuery(orgs=orgs)).rows) is expected
        assert bool(store.list_runs(RunQuery(orgs=orgs)).rows) is expected
        assert bool(store.list_history(HistoryQuery(orgs=orgs)).rows) is expected
        assert bool(store.list_parked(ParkedQuery(orgs=orgs)).rows) is expected
        assert any(a.conflicts for a in store.activity(orgs, 2)) is expected
    assert store.list_entries(EntryQuery(orgs=frozenset())).rows == ()


def test_the_history_is_found_by_what_it_says(scene: Scene) -> None:
    scene.notice(ANN)
    claim = scene.claim()
    scene.store.record_intents(claim, [an_intent(ANN), an_intent(BOB, cause=Cause.RETRY)])

    def found(**wanted: object) -> list[str]:
        rows = scene.store.list_history(HistoryQuery(**wanted)).rows  # type: ignore[arg-type]
        return [row.intent.user_id for row in rows]

    now = scene.clock.now
    assert found() == [BOB, ANN]
    assert found(user_id=ANN) == [ANN]
    assert found(causes=(Cause.RETRY,)) == [BOB]
    assert found(license=License.FREEDOM) == [BOB, ANN]
    assert found(license=License.SCV) == []
    assert found(actor="nobody") == []
    assert found(since=now, until=now + timedelta(seconds=1)) == [BOB, ANN]
    assert found(until=now) == []
    assert found(search=BOB.lower()) == [BOB]
    assert found(run_id=7) == []


def test_a_mark_that_nobody_gave_is_refused(scene: Scene) -> None:
    scene.open(ANN)
    good = scene.store.list_entries(EntryQuery(), Place(limit=1))
    for mark in ("x", "", "W10", "WyJhIl0", "WzldXQ", "é", "W1swXV0", "WzllOTk5XQ"):
        if mark:
            with pytest.raises(UnknownReference, match="no such page"):
                scene.store.list_entries(EntryQuery(), Place(after=mark))
    assert good.total == 1


def test_long_listings_are_counted_so_far(scene: Scene) -> None:
    records = [a_record(f"005{i:012d}AAA") for i in range(COUNTED + 1)]
    assert scene.store.remember(ORG, records) == COUNTED + 1
    assert scene.store.list_users(UserQuery()).total is None
    assert scene.store.list_users(UserQuery(search=records[0].user_id)).total == 1


def test_the_hours_are_counted_where_they_belong(scene: Scene) -> None:
    scene.open(ANN, CONFLICT)
    scene.clock.pass_(3600)
    scene.open(BOB)
    hours = scene.store.activity(None, 3)
    assert [hour.conflicts for hour in hours] == [0, 1, 1]
    assert [hour.at.minute for hour in hours] == [0, 0, 0]
    assert hours[-1].at <= scene.clock.now < hours[-1].at + timedelta(hours=1)
