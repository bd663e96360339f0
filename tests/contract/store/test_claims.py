"""Claims and their leases."""

import pytest
from sqlalchemy import select

from sync.errors import LeaseLost
from sync.ports.pending import Priority
from sync.ports.settling import OutcomeKind
from sync.store import SqlStore
from sync.store.tables import pending_lease
from tests.contract.store.scene import (
    ANN,
    BOB,
    CID,
    LEASE,
    ORG,
    PRINT,
    Clock,
    Scene,
    an_intent,
    ids,
    only,
)


def test_nothing_due_is_no_claim(scene: Scene) -> None:
    assert scene.try_claim() is None


def test_older_comes_before_newer(scene: Scene, clock: Clock) -> None:
    scene.notice(CID)
    clock.pass_(1)
    scene.notice(BOB)
    assert ids(scene.claim()) == [CID, BOB]


def test_a_live_claim_takes_no_bulk(scene: Scene) -> None:
    scene.notice(ANN, priority=Priority.BULK)
    assert scene.try_claim(priority=Priority.LIVE) is None
    scene.notice(BOB)
    assert ids(scene.claim(priority=Priority.LIVE)) == [BOB]


def test_a_bulk_claim_leaves_live_edits_to_faster_hands(scene: Scene) -> None:
    scene.notice(ANN)
    assert scene.try_claim(priority=Priority.BULK) is None
    scene.notice(BOB, priority=Priority.BULK)
    assert ids(scene.claim(priority=Priority.BULK)) == [BOB]


def test_a_claim_is_no_larger_than_asked_for(scene: Scene) -> None:
    scene.notice(*(f"005{i:03}" for i in range(10)))
    assert len(scene.claim(limit=3).users) == 3
    assert len(scene.claim(limit=9).users) == 7


def test_claimed_users_are_nobody_elses_until_the_lease_ends(scene: Scene, clock: Clock) -> None:
    scene.notice(ANN, BOB)
    first = scene.claim(limit=1)
    assert ids(scene.claim()) == [BOB]
    assert scene.try_claim() is None
    clock.pass_(LEASE - 0.001)
    assert scene.try_claim() is None
    clock.pass_(0.001)
    again = scene.claim()
    assert ids(again) == [ANN, BOB]
    assert again.token != first.token


@pytest.mark.parametrize("fingerprint", ["print-2", ""])
def test_an_org_is_claimed_only_under_its_fingerprint(scene: Scene, fingerprint: str) -> None:
    scene.notice(ANN)
    assert scene.try_claim(fingerprint=fingerprint) is None


def test_an_org_that_nobody_armed_is_not_claimed(scene: Scene) -> None:
    scene.notice(ANN, org="new")
    assert scene.store.claim("new", PRINT, Priority.LIVE, 10, LEASE) is None


@pytest.mark.parametrize("org", [ORG, None])
def test_a_paused_org_is_not_claimed_until_it_is_resumed(scene: Scene, org: str | None) -> None:
    scene.notice(ANN)
    scene.store.pause(org, "ann")
    assert scene.try_claim() is None
    scene.store.resume(org, "ann")
    assert ids(scene.claim()) == [ANN]


def test_renewing_prolongs_the_lease(scene: Scene, clock: Clock) -> None:
    scene.notice(ANN)
    claim = scene.claim()
    for _ in range(3):
        clock.pass_(LEASE - 1)
        scene.store.renew(claim, LEASE)
    assert scene.try_claim() is None
    scene.book(claim, OutcomeKind.SETTLED)
    assert scene.store.waiting(ORG, ANN) is None


def test_an_ended_lease_is_lost_even_if_nobody_took_it(scene: Scene, clock: Clock) -> None:
    scene.notice(ANN)
    claim = scene.claim()
    clock.pass_(LEASE)
    with pytest.raises(LeaseLost):
        scene.store.renew(claim, LEASE)
    with pytest.raises(LeaseLost):
        scene.store.record_intents(claim, [an_intent()])
    with pytest.raises(LeaseLost):
        scene.book(claim, OutcomeKind.SETTLED)
    scene.store.release(claim, 500, "too late")
    assert ids(scene.claim()) == [ANN]
    assert list(scene.store.history()) == []


def test_a_lease_that_somebody_else_took_is_lost(scene: Scene, clock: Clock) -> None:
    scene.notice(ANN)
    slow = scene.claim()
    clock.pass_(LEASE)
    quick = scene.claim()
    with pytest.raises(LeaseLost):
        scene.book(slow, OutcomeKind.SETTLED)
    with pytest.raises(LeaseLost):
        scene.store.renew(slow, LEASE)
    scene.store.release(slow, 500, "too late")
    scene.store.renew(quick, LEASE)
    scene.book(quick, OutcomeKind.RETRY, reason="x")
    assert only(scene.claim()).attempts == 1


@pytest.mark.parametrize("stop", ["pause", "pause all", "other rules"])
def test_a_stopped_org_lets_nothing_more_be_written_but_booked(scene: Scene, stop: str) -> None:
    scene.notice(ANN)
    claim = scene.claim()
    (history_id,) = scene.store.record_intents(claim, [an_intent()])
    if stop == "other rules":
        scene.arm("print-2")
    else:
        scene.store.pause(None if stop == "pause all" else ORG, "ann")
    with pytest.raises(LeaseLost):
        scene.store.renew(claim, LEASE)
    with pytest.raises(LeaseLost):
        scene.store.record_intents(claim, [an_intent()])
    assert [row.id for row in scene.store.history()] == [history_id]
    scene.book(claim, OutcomeKind.SETTLED)
    assert scene.store.waiting(ORG, ANN) is None


def test_released_users_come_back_untried(scene: Scene, clock: Clock) -> None:
    scene.notice(ANN, BOB)
    claim = scene.claim()
    scene.store.release(claim, 20, "the login failed")
    waiting = scene.store.waiting(ORG, ANN)
    assert waiting is not None
    assert (waiting.leased, waiting.attempts, waiting.error) == (False, 0, "the login failed")
    assert scene.try_claim() is None
    clock.pass_(20)
    assert ids(scene.claim()) == [ANN, BOB]


def test_release_leaves_a_parked_user_its_reason(scene: Scene, clock: Clock) -> None:
    scene.notice(ANN)
    scene.book(scene.claim(), OutcomeKind.PARKED, delay=10, code="BAD", reason="no right")
    clock.pass_(10)
    scene.store.release(scene.claim(), 20, "the login failed")
    (parked,) = scene.store.parked()
    assert (parked.code, parked.reason) == ("BAD", "no right")


def test_a_leased_row_says_so(scene: Scene, clock: Clock) -> None:
    scene.notice(ANN)
    scene.claim()
    waiting = scene.store.waiting(ORG, ANN)
    assert waiting is not None
    assert waiting.leased
    clock.pass_(LEASE)
    waiting = scene.store.waiting(ORG, ANN)
    assert waiting is not None
    assert not waiting.leased


def test_the_database_has_a_clock_of_its_own(store: SqlStore) -> None:
    real = SqlStore(store.engine)
    first, second = real.now(), real.now()
    assert first.tzinfo is not None
    assert first <= second
    assert (second - first).total_seconds() < 5


def test_no_lease_outlives_its_users(scene: Scene, clock: Clock) -> None:
    scene.notice(ANN, BOB)
    scene.claim(limit=1)
    scene.claim(limit=1)
    clock.pass_(LEASE)
    scene.store.release(scene.claim(), 0, "")
    scene.book(scene.claim(), OutcomeKind.SETTLED)
    with scene.store.reading() as connection:
        assert connection.execute(select(pending_lease)).all() == []
