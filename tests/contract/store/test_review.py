"""What people and the sweep see."""

import pytest

from sync.holds import HELD_BACK
from sync.model import NONE, Licenses
from sync.ports.conflict_log import EntryStatus
from sync.ports.pending import Cause, Priority
from sync.ports.review import DueWork, OrgFigures
from sync.ports.runs import RunKind
from sync.ports.settling import OutcomeKind
from tests.contract.store.scene import (
    ANN,
    BOB,
    CID,
    CTI,
    DAN,
    LEASE,
    ORG,
    PRINT,
    REFUSAL,
    START,
    Clock,
    Scene,
    a_resolution,
    ids,
    only,
)


def park(scene: Scene, *user_ids: str, hold: Licenses = CTI, code: str = HELD_BACK) -> None:
    """Park these users, held back unless said otherwise."""
    scene.notice(*user_ids, seen="")
    scene.book(scene.claim(), OutcomeKind.PARKED, delay=3600, code=code, reason="no", hold=hold)


def test_now_is_the_databases_clock(scene: Scene, clock: Clock) -> None:
    assert scene.store.now() == clock.now


def test_parked_users_are_listed_longest_waiting_first(scene: Scene, clock: Clock) -> None:
    park(scene, BOB)
    clock.pass_(1)
    park(scene, CID, ANN)
    assert [parked.user_id for parked in scene.store.parked(ORG)] == [BOB, ANN, CID]
    assert list(scene.store.parked("other")) == []


def test_a_long_list_of_parked_users_comes_page_by_page(scene: Scene) -> None:
    users = [f"005{i:015}" for i in range(1203)]
    scene.notice(*users)
    scene.book(scene.claim(limit=2000), OutcomeKind.PARKED, delay=9, reason="no")
    assert [parked.user_id for parked in scene.store.parked()] == users


@pytest.mark.parametrize("org", [ORG, None])
def test_all_are_retried_but_those_held_back(scene: Scene, org: str | None) -> None:
    park(scene, ANN, BOB)
    park(scene, CID, hold=NONE)
    park(scene, DAN, code="ROW_LOCKED")
    assert scene.store.retry_parked(org, [], "eve") == 2
    assert [parked.user_id for parked in scene.store.parked()] == [ANN, BOB]
    assert scene.store.holds(ORG, [ANN, BOB, CID, DAN]) == {ANN: CTI, BOB: CTI, DAN: CTI}


@pytest.mark.parametrize(
    ("org", "named", "hold"),
    [(ORG, (), NONE), (ORG, (ANN, BOB), CTI), (None, (), NONE), (None, (ANN, BOB), CTI)],
)
def test_parked_users_are_retried_without_their_hold(
    scene: Scene, clock: Clock, org: str | None, named: tuple[str, ...], hold: Licenses
) -> None:
    park(scene, ANN, BOB, hold=hold)
    now = clock.pass_(5)
    assert scene.store.retry_parked(org, named, "eve") == 2
    claim = scene.claim(priority=Priority.LIVE)
    assert ids(claim) == [ANN, BOB]
    for user in claim.users:
        assert (user.cause, user.actor, user.hold) == (Cause.RETRY, "eve", NONE)
        assert (user.attempts, user.noticed_at) == (0, now)
    assert list(scene.store.parked()) == []


def test_who_is_parked_for_another_reason_keeps_the_hold(scene: Scene) -> None:
    park(scene, ANN, code="ROW_LOCKED")
    assert scene.store.retry_parked(ORG, [ANN], "eve") == 1
    assert scene.store.holds(ORG, [ANN]) == {ANN: CTI}


def test_only_the_named_parked_users_are_retried(scene: Scene) -> None:
    park(scene, ANN, BOB)
    scene.notice(CID)
    assert scene.store.retry_parked(ORG, [BOB, CID, "nobody"], "eve") == 1
    assert scene.store.retry_parked("other", [], "eve") == 0
    assert [parked.user_id for parked in scene.store.parked()] == [ANN]


def test_a_retry_during_a_lease_is_not_booked_away(scene: Scene, clock: Clock) -> None:
    park(scene, ANN)
    clock.pass_(3600)
    claim = scene.claim()
    scene.store.retry_parked(ORG, [ANN], "eve")
    scene.book(claim, OutcomeKind.PARKED, delay=3600, reason="no", hold=CTI)
    user = only(scene.claim())
    assert (user.cause, user.hold) == (Cause.RETRY, NONE)


def test_a_waiting_user(scene: Scene, clock: Clock) -> None:
    assert scene.store.waiting(ORG, ANN) is None
    scene.notice(ANN, cause=Cause.OVERLAP)
    waiting = scene.store.waiting(ORG, ANN)
    assert waiting is not None
    assert (waiting.cause, waiting.noticed_at, waiting.due_at) == (Cause.OVERLAP, START, START)
    assert (waiting.attempts, waiting.leased, waiting.parked, waiting.error) == (
        0,
        False,
        False,
        None,
    )


def test_figures_by_org(scene: Scene, clock: Clock) -> None:
    assert scene.store.figures() == {}
    decided, dismissed = scene.open(ANN), scene.open(BOB)
    scene.open(CID)
    scene.open(CID, REFUSAL)
    park(scene, BOB)
    clock.pass_(5)
    scene.store.dismiss(dismissed.id, "ann", "later")
    scene.book(scene.claim(), OutcomeKind.PARKED, reason="no", delay=60)
    scene.store.resolve(decided.id, a_resolution())
    scene.notice(ANN, org="other")
    assert scene.store.entry(decided.id).status is EntryStatus.DECIDING
    assert scene.store.figures() == {
        ORG: OrgFigures(ORG, 1, clock.now, 1, 1, 1),
        "other": OrgFigures("other", 1, clock.now, 0, 0, 0),
    }


def test_nothing_is_due_in_an_empty_store(scene: Scene) -> None:
    assert scene.store.due_work() == {}


def test_due_users_are_counted_by_priority(scene: Scene, clock: Clock) -> None:
    scene.notice(ANN)
    scene.notice(BOB, CID, priority=Priority.BULK)
    assert scene.store.due_work() == {ORG: DueWork(ORG, 1, 2, ())}
    scene.book(scene.claim(priority=Priority.LIVE), OutcomeKind.RETRY, delay=60, reason="x")
    assert scene.store.due_work() == {ORG: DueWork(ORG, 0, 2, ())}
    scene.claim(limit=1, priority=Priority.BULK)
    assert scene.store.due_work() == {ORG: DueWork(ORG, 0, 1, ())}
    clock.pass_(LEASE)
    assert scene.store.due_work() == {ORG: DueWork(ORG, 0, 2, ())}, "the worker died"
    clock.pass_(60)
    assert scene.store.due_work() == {ORG: DueWork(ORG, 1, 2, ())}


def test_counting_ends_where_it_wakes_nobody_more(scene: Scene) -> None:
    scene.notice(*(f"005{i:015}" for i in range(5010)))
    assert scene.store.due_work()[ORG].live == 5000


@pytest.mark.parametrize("org", [ORG, None])
def test_users_of_an_org_that_may_not_write_wake_nobody(scene: Scene, org: str | None) -> None:
    scene.notice(ANN)
    scene.notice(BOB, org="not armed")
    scene.store.pause(org, "ann")
    run_id = scene.store.create_run(ORG, RunKind.PLAN, PRINT, "ann")
    assert scene.store.due_work() == {ORG: DueWork(ORG, 0, 0, (run_id,))}


def test_runs_wake_until_somebody_has_them(scene: Scene, clock: Clock) -> None:
    first = scene.store.create_run("new", RunKind.PLAN, PRINT, "ann")
    second = scene.store.create_run("new", RunKind.PLAN, PRINT, "ann")
    assert scene.store.due_work()["new"].runs == (first, second)
    taken = scene.store.take_run(first, LEASE)
    assert taken is not None
    assert scene.store.due_work()["new"].runs == (second,)
    clock.pass_(LEASE)
    assert scene.store.due_work()["new"].runs == (first, second)
    taken = scene.store.take_run(first, LEASE)
    assert taken is not None
    scene.store.end_run(first, taken[1])
    assert scene.store.due_work()["new"].runs == (second,)


def test_beats(scene: Scene, clock: Clock) -> None:
    assert scene.store.beats() == {}
    scene.store.beat("sweep")
    first = clock.now
    now = clock.pass_(5)
    scene.store.beat("poll")
    assert scene.store.beats() == {"sweep": first, "poll": now}
    scene.store.beat("sweep")
    assert scene.store.beats() == {"sweep": now, "poll": now}


def test_an_org_in_trouble_is_left_alone_until_it_is_worth_trying(
    scene: Scene, clock: Clock
) -> None:
    scene.notice(ANN)
    assert scene.store.due_work()[ORG].live == 1
    scene.store.report_problem(ORG, "no call is left", 90)
    clock.pass_(89)
    assert ORG not in scene.store.due_work()
    clock.pass_(1)
    assert scene.store.due_work()[ORG].live == 1
    scene.store.report_problem(ORG, "no call is left", 90)
    scene.store.report_good(ORG)
    assert scene.store.due_work()[ORG].live == 1
