"""What notices do to pending rows."""

from typing import Any

import pytest

from sync.ports.pending import Cause, Priority
from sync.ports.settling import OutcomeKind
from tests.contract.store.scene import (
    ANN,
    BOB,
    CID,
    CTI,
    ORG,
    PBX,
    START,
    Clock,
    Scene,
    ids,
    only,
)


def test_a_notice_makes_a_row_that_can_be_claimed(scene: Scene) -> None:
    assert scene.notice(ANN, hold=CTI) == 1
    user = only(scene.claim())
    assert user.user_id == ANN
    assert user.username == f"{ANN}@acme.example"
    assert (user.cause, user.priority, user.attempts) == (Cause.POLL, Priority.LIVE, 0)
    assert (user.noticed_at, user.hold, user.actor) == (START, CTI, "admin")


def test_no_notices_change_nothing(scene: Scene) -> None:
    assert scene.notice() == 0


def test_many_notices_of_one_user_make_one_row(scene: Scene) -> None:
    assert scene.notice(ANN, ANN, BOB) == 2
    assert scene.notice(ANN, seen="mark-2") == 1
    assert ids(scene.claim()) == [ANN, BOB]


def test_thousands_of_notices_count_each_changed_row(scene: Scene) -> None:
    users = [f"005{i:015}" for i in range(2500)]
    assert scene.notice(*users) == 2500
    assert scene.notice(*users, "006") == 1
    assert len(scene.claim(limit=9999).users) == 2501


def test_an_identical_notice_undoes_no_backoff(scene: Scene, clock: Clock) -> None:
    scene.notice(ANN)
    scene.book(scene.claim(), OutcomeKind.RETRY, delay=60, code="X", reason="try later")
    clock.pass_(10)
    assert scene.notice(ANN) == 0
    assert scene.try_claim() is None
    waiting = scene.store.waiting(ORG, ANN)
    assert waiting is not None
    assert (waiting.attempts, waiting.error) == (1, "try later")


def test_a_notice_with_another_mark_is_due_at_once(scene: Scene, clock: Clock) -> None:
    scene.notice(ANN, priority=Priority.BULK)
    claim = scene.claim(priority=Priority.BULK)
    before = only(claim)
    scene.book(claim, OutcomeKind.RETRY, delay=60, reason="x")
    clock.pass_(1)
    assert scene.notice(ANN, seen="mark-2", cause=Cause.OVERLAP, actor="eve") == 1
    after = only(scene.claim())
    assert after.version > before.version
    assert (after.attempts, after.cause, after.actor) == (0, Cause.OVERLAP, "eve")
    assert after.priority is Priority.LIVE


@pytest.mark.parametrize("cause", [Cause.RESOLUTION, Cause.RETRY, Cause.APPROVAL])
def test_a_notice_without_a_mark_always_counts(scene: Scene, cause: Cause) -> None:
    scene.notice(ANN)
    assert scene.notice(ANN, seen="", cause=cause) == 1
    assert scene.notice(ANN, seen="", cause=cause) == 1
    assert scene.notice(ANN) == 0, "the mark of the record that was seen is still known"


def test_live_is_never_let_wait_behind_bulk(scene: Scene, clock: Clock) -> None:
    scene.notice(ANN, priority=Priority.BULK)
    scene.book(scene.claim(priority=Priority.BULK), OutcomeKind.RETRY, delay=60, reason="x")
    assert scene.notice(ANN, priority=Priority.LIVE) == 1
    assert scene.notice(ANN, priority=Priority.BULK) == 0
    waiting = scene.store.waiting(ORG, ANN)
    assert waiting is not None
    assert (waiting.priority, waiting.attempts) == (Priority.LIVE, 1)
    assert scene.try_claim() is None, "being live undoes no backoff"
    clock.pass_(60)
    assert only(scene.claim(priority=Priority.LIVE)).priority is Priority.LIVE


def test_noticed_at_says_since_when_nobody_served_the_user(scene: Scene, clock: Clock) -> None:
    scene.notice(ANN)
    clock.pass_(5)
    scene.notice(ANN, seen="mark-2")
    assert only(scene.claim()).noticed_at == START


def test_a_parked_user_waits_anew_from_the_next_notice(scene: Scene, clock: Clock) -> None:
    scene.notice(ANN)
    scene.book(scene.claim(), OutcomeKind.PARKED, delay=3600, code="X", reason="no", seen="m")
    noticed = clock.pass_(5)
    scene.notice(ANN, seen="mark-2")
    assert only(scene.claim()).noticed_at == noticed
    assert list(scene.store.parked()) == []


def test_a_hold_stays_until_another_one_comes(scene: Scene) -> None:
    scene.notice(ANN, hold=CTI)
    scene.notice(ANN, seen="mark-2")
    assert scene.notice(ANN, seen="mark-2", hold=CTI) == 0
    assert scene.notice(ANN, seen="mark-2", hold=PBX) == 1, "a hold must not get lost"
    assert only(scene.claim()).hold == PBX


def test_a_notice_without_a_name_keeps_the_known_one(scene: Scene) -> None:
    scene.notice(ANN)
    scene.notice(ANN, seen="", username="")
    assert only(scene.claim()).username == f"{ANN}@acme.example"


def test_orgs_do_not_see_each_other(scene: Scene) -> None:
    scene.arm(org="other")
    scene.notice(ANN)
    scene.notice(BOB, org="other")
    assert ids(scene.claim()) == [ANN]
    assert scene.store.waiting(ORG, BOB) is None


def test_versions_are_never_given_out_twice(scene: Scene) -> None:
    seen = set()
    for _ in range(3):
        scene.notice(ANN, CID)
        claim = scene.claim()
        seen |= {user.version for user in claim.users}
        scene.book(claim, OutcomeKind.SETTLED)
    assert len(seen) == 6


def test_ids_are_ordered_as_salesforce_orders_them(scene: Scene) -> None:
    """Upper case first: under the rules of a language they would mix."""
    users = ["005a", "005B", "005b", "005A", "005Z", "005_"]
    scene.notice(*users)
    assert ids(scene.claim()) == sorted(users)


# --- the run that noticed a user -----------------------------------------------------------------


def mark(requested: str = "P", status: str = "-", second: int = 0) -> str:
    """As `intake.seen_mark` has it."""
    return f"2026-03-01T12:00:{second:02}Z {requested}?- F?- active {status} {requested}"


def run_of(scene: Scene, **more: Any) -> int | None:
    """The run of Ann's row after one more notice."""
    scene.notice(ANN, **more)
    claim = scene.claim()
    scene.store.release(claim, 0, "")
    return only(claim).run_id


def test_a_run_that_finds_what_no_run_found_is_remembered(scene: Scene) -> None:
    scene.notice(ANN, seen=mark())
    assert run_of(scene, seen=mark(), run_id=7) == 7
    assert run_of(scene, seen=mark()) == 7
    assert run_of(scene, seen=mark(), run_id=8) == 7, "it was the first"


def test_the_echo_of_our_own_write_leaves_the_run(scene: Scene) -> None:
    scene.notice(ANN, seen=mark(), run_id=7)
    assert run_of(scene, seen=mark(status="Failed", second=9)) == 7
    assert run_of(scene, seen=mark(requested="PR", second=10)) is None


def test_a_look_after_a_notice_without_one_leaves_the_run(scene: Scene) -> None:
    scene.notice(ANN, seen="", run_id=7)
    assert run_of(scene, seen=mark()) == 7


def test_another_run_that_finds_something_else_takes_over(scene: Scene) -> None:
    scene.notice(ANN, seen=mark(), run_id=7)
    assert run_of(scene, seen=mark(second=9), run_id=8) == 8


def test_a_persons_decision_is_no_runs(scene: Scene) -> None:
    scene.notice(ANN, seen=mark(), run_id=7)
    assert run_of(scene, seen="", cause=Cause.RESOLUTION) is None


def test_a_look_in_a_while_waits_for_its_time(scene: Scene, clock: Clock) -> None:
    assert scene.notice(ANN, delay=2.0) == 0
    assert scene.try_claim() is None
    clock.pass_(2)
    assert ids(scene.claim()) == [ANN]


def test_a_look_in_a_while_changes_nothing_of_who_waits_already(scene: Scene, clock: Clock) -> None:
    scene.notice(ANN)
    scene.notice(ANN, delay=2.0, seen="echo")
    claim = scene.claim()
    scene.book(claim, OutcomeKind.RETRY, delay=60.0, code="X", reason="later")
    scene.notice(ANN, delay=2.0, seen="echo-2")
    clock.pass_(59)
    assert scene.try_claim() is None
    clock.pass_(1)
    assert only(scene.claim()).attempts == 1


def test_news_do_not_wait_for_a_look_in_a_while(scene: Scene) -> None:
    scene.notice(ANN, delay=2.0)
    assert scene.notice(ANN, seen="news") == 1
    assert ids(scene.claim()) == [ANN]


def test_who_is_in_a_batch_is_looked_at_once_more_after_it(scene: Scene, clock: Clock) -> None:
    scene.notice(ANN, BOB)
    claim = scene.claim()
    scene.notice(ANN, delay=2.0, seen="echo", cause=Cause.EVENT)
    clock.pass_(0.5)
    scene.book(claim, OutcomeKind.SETTLED)
    assert scene.try_claim() is None
    clock.pass_(1.5)
    again = scene.claim()
    assert ids(again) == [ANN]
    assert (only(again).cause, only(again).attempts) == (Cause.EVENT, 0)
    scene.book(again, OutcomeKind.SETTLED)
    clock.pass_(60)
    assert scene.try_claim() is None


def test_who_was_settled_late_is_looked_at_once_more_at_once(scene: Scene, clock: Clock) -> None:
    scene.notice(ANN)
    claim = scene.claim()
    scene.notice(ANN, delay=2.0)
    clock.pass_(5)
    scene.book(claim, OutcomeKind.SETTLED)
    clock.pass_(0.01)
    assert ids(scene.claim()) == [ANN]


@pytest.mark.parametrize("kind", [OutcomeKind.RETRY, OutcomeKind.AGAIN, OutcomeKind.PARKED])
def test_who_stays_after_a_batch_is_looked_at_when_that_says(
    scene: Scene, clock: Clock, kind: OutcomeKind
) -> None:
    scene.notice(ANN)
    claim = scene.claim()
    scene.notice(ANN, delay=2.0)
    scene.book(claim, kind, delay=60.0, code="X", reason="later")
    clock.pass_(59)
    assert scene.try_claim() is None
    clock.pass_(1)
    scene.book(scene.claim(), OutcomeKind.SETTLED)
    clock.pass_(60)
    assert scene.try_claim() is None


def test_who_is_gone_is_not_looked_at_again(scene: Scene, clock: Clock) -> None:
    scene.notice(ANN)
    claim = scene.claim()
    scene.notice(ANN, delay=2.0)
    scene.book(claim, OutcomeKind.GONE)
    clock.pass_(60)
    assert scene.try_claim() is None
