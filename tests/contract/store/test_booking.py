"""What a booked outcome leaves of a pending row."""

from dataclasses import replace
from datetime import timedelta

import pytest

from sync.model import NONE
from sync.ports.pending import Cause
from sync.ports.settling import Outcome, OutcomeKind
from tests.contract.store.scene import (
    ANN,
    BOB,
    CTI,
    FREEDOM,
    ORG,
    PBX,
    SCV,
    START,
    Clock,
    Scene,
    an_opening,
    ids,
    only,
)

ENDS = [OutcomeKind.SETTLED, OutcomeKind.GONE]


@pytest.mark.parametrize("kind", ENDS)
def test_what_is_settled_goes(scene: Scene, kind: OutcomeKind) -> None:
    scene.notice(ANN, BOB)
    scene.book(scene.claim(), kind)
    assert scene.store.waiting(ORG, ANN) is None
    assert scene.try_claim() is None
    assert scene.notice(ANN) == 1


@pytest.mark.parametrize("kind", list(OutcomeKind))
def test_a_user_noticed_meanwhile_stays_due_whatever_became_of_it(
    scene: Scene, clock: Clock, kind: OutcomeKind
) -> None:
    scene.notice(ANN)
    claim = scene.claim()
    clock.pass_(1)
    scene.notice(ANN, seen="mark-2", cause=Cause.OVERLAP)
    assert scene.try_claim() is None, "the lease is kept"
    booked = clock.pass_(1)
    scene.book(claim, kind, delay=60, code="X", reason="no", seen="m")
    assert list(scene.store.parked()) == []
    user = only(scene.claim())
    assert (user.attempts, user.cause) == (0, Cause.OVERLAP)
    assert user.version > only(claim).version
    assert user.noticed_at == (booked if kind in ENDS else START)


def test_again_is_due_at_once_with_its_attempts(scene: Scene, clock: Clock) -> None:
    scene.notice(ANN)
    scene.book(scene.claim(), OutcomeKind.RETRY, reason="x")
    scene.book(scene.claim(), OutcomeKind.AGAIN)
    claim = scene.claim()
    assert only(claim).attempts == 1
    scene.book(claim, OutcomeKind.AGAIN, delay=2)
    assert scene.try_claim() is None
    clock.pass_(2)
    assert only(scene.claim()).attempts == 1


def test_retry_waits_and_counts(scene: Scene, clock: Clock) -> None:
    scene.notice(ANN)
    for attempts in range(3):
        claim = scene.claim()
        assert only(claim).attempts == attempts
        scene.book(claim, OutcomeKind.RETRY, delay=30, code="LOCK", reason="row locked")
        assert scene.try_claim() is None
        clock.pass_(30)
    waiting = scene.store.waiting(ORG, ANN)
    assert waiting is not None
    assert (waiting.error, waiting.parked) == ("row locked", False)


def test_a_parked_user_is_listed_and_tried_again_later(scene: Scene, clock: Clock) -> None:
    scene.notice(ANN, hold=CTI)
    scene.book(
        scene.claim(),
        OutcomeKind.PARKED,
        delay=3600,
        code="RULE",
        reason="a validation rule",
        seen="mark-1b",
        username="ann@new.example",
        hold=PBX,
        requested=FREEDOM,
        held=SCV,
    )
    (parked,) = scene.store.parked(ORG)
    assert (parked.user_id, parked.username) == (ANN, "ann@new.example")
    assert (parked.code, parked.reason) == ("RULE", "a validation rule")
    assert (parked.attempts, parked.parked_at) == (1, START)
    assert parked.due_at == START + timedelta(hours=1)
    assert (parked.hold, parked.requested, parked.held) == (PBX, FREEDOM, SCV)
    assert scene.notice(ANN, seen="mark-1b") == 0, "the record is still what could not be written"
    clock.pass_(3600)
    assert only(scene.claim()).attempts == 1


def test_a_user_parked_again_keeps_since_when(scene: Scene, clock: Clock) -> None:
    scene.notice(ANN)
    scene.book(scene.claim(), OutcomeKind.PARKED, delay=10, reason="a", username="ann", held=SCV)
    clock.pass_(10)
    scene.book(scene.claim(), OutcomeKind.PARKED, delay=10, reason="b")
    (parked,) = scene.store.parked()
    assert (parked.parked_at, parked.reason, parked.attempts) == (START, "b", 2)
    assert (parked.username, parked.held) == ("ann", SCV), "an unreadable user says nothing new"


def test_the_hold_is_the_outcomes_unless_a_notice_brought_one(scene: Scene) -> None:
    scene.notice(ANN, BOB, hold=CTI)
    claim = scene.claim()
    scene.notice(ANN, seen="mark-2", hold=CTI)
    scene.notice(BOB, seen="mark-2")
    scene.book(claim, OutcomeKind.AGAIN, hold=NONE)
    ann, bob = scene.claim().users
    assert (ann.hold, bob.hold) == (CTI, NONE)


def test_users_without_an_outcome_are_released(scene: Scene) -> None:
    scene.notice(ANN, BOB)
    claim = scene.claim()
    scene.store.book(claim, [Outcome(claim.users[0], OutcomeKind.SETTLED)])
    assert ids(scene.claim()) == [BOB]


def test_an_outcome_of_a_user_that_was_not_claimed_changes_nothing(scene: Scene) -> None:
    scene.notice(ANN)
    claim = scene.claim()
    scene.notice(BOB)
    stranger = replace(only(claim), user_id=BOB)
    scene.store.book(claim, [Outcome(stranger, OutcomeKind.SETTLED)])
    assert ids(scene.claim()) == [ANN, BOB]


def test_booking_is_all_or_nothing(scene: Scene) -> None:
    scene.notice(ANN)
    claim = scene.claim()
    twice = (an_opening(), an_opening())
    with pytest.raises(ValueError, match="living"):
        scene.book(claim, OutcomeKind.SETTLED, entries=twice)
    assert scene.entries() == []
    assert scene.try_claim() is None
    scene.book(claim, OutcomeKind.SETTLED)


def test_a_batch_of_thousands(scene: Scene) -> None:
    scene.notice(*(f"005{i:015}" for i in range(3000)))
    claim = scene.claim(limit=3000)
    kinds = [OutcomeKind.SETTLED, OutcomeKind.AGAIN, OutcomeKind.GONE]
    outcomes = [Outcome(user, kinds[i % 3]) for i, user in enumerate(claim.users)]
    scene.store.book(claim, outcomes)
    assert len(scene.claim(limit=3000).users) == 1000
