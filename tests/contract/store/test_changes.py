"""What an undo reads from the history, and what is noted while a plan is carried out."""

from typing import Any

import pytest

from sync.model import NONE, Licenses
from sync.ports.history import HistoryOutcome
from sync.ports.pending import Cause
from sync.ports.runs import Changed, Run, RunKind, RunStatus
from sync.ports.settling import Outcome, OutcomeKind
from tests.contract.store.scene import (
    ANN,
    BOB,
    CID,
    CTI,
    FREEDOM,
    LEASE,
    ORG,
    PBX,
    PRINT,
    SCV,
    Clock,
    Scene,
    an_intent,
)
from tests.contract.store.test_runs import apply, create, finished_adoption, item, take


def wrote(
    scene: Scene,
    user_id: str,
    before: Licenses,
    after: Licenses,
    outcome: HistoryOutcome = HistoryOutcome.CONFIRMED,
    run_id: int | None = None,
    **more: Any,
) -> None:
    """A batch that changed what a user holds."""
    scene.notice(user_id, seen="")
    claim = scene.claim()
    intent = an_intent(user_id, held_before=before, held_after=after, run_id=run_id, **more)
    (id_,) = scene.store.record_intents(claim, [intent])
    user = claim.users[0]
    scene.store.book(claim, [Outcome(user, OutcomeKind.SETTLED, history={id_: (outcome, None)})])


def undo(scene: Scene, **what: object) -> Run:
    run_id = scene.store.create_run(ORG, RunKind.UNDO, PRINT, "ann", **what)  # type: ignore[arg-type]
    return scene.store.run(run_id)


def changes(scene: Scene, run: Run) -> list[tuple[str, Licenses, Licenses, bool]]:
    found = scene.store.changes(run, "", 99)
    return [(c.user_id, c.held_before, c.held_after, c.is_over) for c in found]


def test_a_stretch_begins_with_its_first_state_and_ends_with_its_last(
    scene: Scene, clock: Clock
) -> None:
    wrote(scene, ANN, NONE, PBX)
    since = clock.pass_(10)
    wrote(scene, ANN, PBX, CTI)
    wrote(scene, ANN, CTI, SCV)
    wrote(scene, BOB, PBX, NONE)
    until = clock.pass_(10)
    wrote(scene, CID, PBX, NONE)
    wrote(scene, BOB, NONE, NONE)
    run = undo(scene, since=since, until=until)
    assert changes(scene, run) == [(ANN, PBX, SCV, False), (BOB, PBX, NONE, False)]
    (first,) = scene.store.changes(run, "", 1)
    assert first == Changed(ANN, f"{ANN}@acme.example", FREEDOM, PBX, FREEDOM, SCV, is_over=False)
    assert [c.user_id for c in scene.store.changes(run, ANN, 9)] == [BOB]


def test_whoever_was_written_to_since_is_over(scene: Scene, clock: Clock) -> None:
    since = clock.now
    wrote(scene, ANN, PBX, NONE)
    until = clock.pass_(10)
    wrote(scene, ANN, NONE, SCV)
    assert changes(scene, undo(scene, since=since, until=until)) == [(ANN, PBX, NONE, True)]


@pytest.mark.parametrize("outcome", [HistoryOutcome.CONFIRMED, HistoryOutcome.UNKNOWN])
def test_who_was_edited_inside_is_edited(
    scene: Scene, clock: Clock, outcome: HistoryOutcome
) -> None:
    wrote(scene, ANN, NONE, NONE, requested_after=SCV)
    wrote(scene, CID, NONE, NONE, requested_after=SCV)
    since = clock.pass_(10)
    wrote(scene, ANN, PBX, CTI, outcome, requested_after=PBX)
    wrote(scene, ANN, PBX, CTI, requested_after=PBX)
    wrote(scene, ANN, CTI, NONE, requested_before=PBX, requested_after=PBX)
    wrote(scene, BOB, PBX, NONE)
    wrote(scene, BOB, NONE, SCV, HistoryOutcome.REFUSED, requested_before=SCV)
    wrote(scene, BOB, NONE, SCV)
    wrote(scene, CID, PBX, NONE)
    wrote(scene, CID, NONE, SCV, requested_before=SCV, requested_after=SCV)
    clock.pass_(10)
    found = scene.store.changes(undo(scene, since=since), "", 9)
    edited = [change.user_id for change in found if change.is_edited]
    assert edited == ([CID] if outcome is HistoryOutcome.UNKNOWN else [ANN, CID])


def test_an_open_stretch_ends_when_the_undo_was_asked_for(scene: Scene, clock: Clock) -> None:
    since = clock.now
    wrote(scene, ANN, PBX, NONE)
    clock.pass_(10)
    run = undo(scene, since=since)
    wrote(scene, BOB, PBX, NONE)
    assert [user for user, *_ in changes(scene, run)] == [ANN]


def test_what_did_not_arrive_was_no_change(scene: Scene, clock: Clock) -> None:
    since = clock.now
    wrote(scene, ANN, PBX, NONE, HistoryOutcome.REFUSED)
    wrote(scene, BOB, PBX, NONE, HistoryOutcome.UNKNOWN)
    clock.pass_(10)
    assert [user for user, *_ in changes(scene, undo(scene, since=since))] == [BOB]


def test_a_run_is_its_own_rows_and_those_of_the_reconcile_that_applied_it(scene: Scene) -> None:
    plan = create(scene)
    scene.store.end_run(plan, take(scene, plan))
    applying = scene.store.create_run(ORG, RunKind.RECONCILE, PRINT, "ann", of_run=plan)
    wrote(scene, ANN, PBX, NONE, run_id=applying)
    wrote(scene, BOB, PBX, NONE)
    for run_id in (plan, applying):
        assert [user for user, *_ in changes(scene, undo(scene, of_run=run_id))] == [ANN]


def test_who_was_changed_under_no_run_in_a_runs_time_is_counted(scene: Scene, clock: Clock) -> None:
    wrote(scene, ANN, PBX, NONE)
    clock.pass_(10)
    plan = create(scene)
    scene.store.end_run(plan, take(scene, plan))
    clock.pass_(10)
    wrote(scene, BOB, PBX, NONE)
    clock.pass_(10)
    applying = scene.store.create_run(ORG, RunKind.RECONCILE, PRINT, "ann", of_run=plan)
    scene.store.end_run(applying, take(scene, applying))
    wrote(scene, ANN, PBX, NONE, run_id=applying)
    clock.pass_(3000)
    wrote(scene, CID, PBX, NONE)
    wrote(scene, CID, NONE, PBX)
    wrote(scene, BOB, PBX, PBX)
    clock.pass_(3000)
    wrote(scene, BOB, PBX, NONE)
    clock.pass_(10)
    for run_id in (plan, applying):
        assert scene.store.changed_under_no_run(undo(scene, of_run=run_id)) == 1
    assert scene.store.changed_under_no_run(undo(scene, since=clock.now)) == 0
    assert scene.store.changed_under_no_run(undo(scene, of_run=create(scene))) == 0


def test_users_noticed_by_a_run_carry_it_until_something_else_notices_them(scene: Scene) -> None:
    scene.notice(ANN, BOB, cause=Cause.RECONCILE, run_id=7)
    scene.notice(BOB, seen="edited")
    assert [user.run_id for user in scene.claim().users] == [7, None]


def test_what_came_of_a_plans_items_is_noted_with_the_place(scene: Scene) -> None:
    run_id = create(scene, RunKind.ADOPT)
    token = take(scene, run_id)
    scene.store.advance_run(run_id, token, BOB, 2, [item(), item(BOB)], [], LEASE)
    scene.store.end_run(run_id, token)
    token = apply(scene, run_id)
    assert scene.store.run(run_id).after_id == ""
    scene.store.confirm(run_id, token, {}, LEASE, {ANN: "done"}, ANN)
    assert [found.outcome for found in scene.store.items(run_id)] == ["done", ""]
    scene.store.requeue_run(run_id, token, None, 5)
    assert scene.store.take_to_apply(run_id, "bob", LEASE) is None
    scene.clock.pass_(5)
    apply(scene, run_id)
    assert scene.store.run(run_id).after_id == ANN


def test_an_approved_adoption_waits_for_a_worker(scene: Scene, clock: Clock) -> None:
    run_id = finished_adoption(scene)
    scene.store.approve_run(run_id, "bob")
    run = scene.store.run(run_id)
    assert (run.status, run.applied_by, run.applied_at) == (RunStatus.APPLYING, "bob", None)
    assert scene.store.due_work()[ORG].runs == (run_id,)
    token = apply(scene, run_id)
    assert ORG not in scene.store.due_work()
    clock.pass_(LEASE)
    assert scene.store.due_work()[ORG].runs == (run_id,)
    token = apply(scene, run_id)
    scene.store.end_run(run_id, token)
    assert ORG not in scene.store.due_work()
