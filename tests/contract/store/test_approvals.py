"""Plans that a person approves, and runs that one stops."""

import pytest

from sync.errors import Braked, LeaseLost, NotAllowed, UnknownReference
from sync.model import NONE, Licenses
from sync.ports.brake import Scope
from sync.ports.pending import Cause, Priority
from sync.ports.runs import RunKind, RunStatus
from sync.ports.settling import OutcomeKind
from tests.contract.store.scene import (
    ANN,
    BOB,
    CID,
    FREEDOM,
    LEASE,
    ORG,
    PBX,
    PRINT,
    SCV,
    Clock,
    Scene,
    a_notice,
    an_intent,
    ids,
    only,
)
from tests.contract.store.test_runs import create, item, take

NEW = "print-2"


def finished_plan(scene: Scene, kind: RunKind = RunKind.PLAN, fingerprint: str = NEW) -> int:
    """A plan that would take SCV from Ann."""
    run_id = scene.store.create_run(ORG, kind, fingerprint, "ann")
    token = take(scene, run_id)
    scene.store.advance_run(run_id, token, ANN, 1, [item()], [], LEASE)
    scene.store.end_run(run_id, token)
    return run_id


def approve(scene: Scene, run_id: int, scope: Scope = Scope.ALL, by: str = "bob") -> int:
    return scene.store.approve_plan(run_id, "00D2", by, scope, f"{by} approved only grants.")


def test_an_approval_arms_and_queues_the_run_that_applies_it(scene: Scene, clock: Clock) -> None:
    plan = finished_plan(scene)
    applying = scene.store.run(approve(scene, plan))
    assert (applying.kind, applying.status, applying.of_run) == (
        RunKind.RECONCILE, RunStatus.QUEUED, plan,
    )  # fmt: skip
    state = scene.store.state(ORG)
    assert (state.organization_id, state.armed_fingerprint, state.armed_by, state.armed_at) == (
        "00D2", NEW, "bob", clock.now,
    )  # fmt: skip
    assert scene.store.run(plan).applied_by == "bob"
    assert scene.store.brakes() == []


def test_what_an_approved_plan_says_of_a_user_is_known_when_it_is_settled(scene: Scene) -> None:
    approve(scene, finished_plan(scene))
    scene.notice(ANN, BOB)
    claim = scene.claim(fingerprint=NEW)
    known = scene.store.context(claim)
    (approved,) = known[ANN].approved
    assert (approved.requested, approved.held, approved.removed) == (FREEDOM, SCV | PBX, SCV)
    assert BOB not in known


def test_a_plan_of_other_rules_says_nothing(scene: Scene) -> None:
    approve(scene, finished_plan(scene))
    scene.arm(PRINT)
    scene.notice(ANN)
    assert scene.store.context(scene.claim()) == {}


def test_the_newest_approved_plan_counts(scene: Scene) -> None:
    approve(scene, finished_plan(scene))
    empty = scene.store.create_run(ORG, RunKind.PLAN, NEW, "ann")
    scene.store.end_run(empty, take(scene, empty))
    approve(scene, empty)
    scene.notice(ANN)
    assert scene.store.context(scene.claim(fingerprint=NEW)) == {}


def test_approving_grants_alone_holds_the_brake_from_the_start(scene: Scene) -> None:
    approve(scene, finished_plan(scene), Scope.GRANTS)
    (brake,) = scene.store.brakes()
    assert (brake.tripped_by, brake.reason) == ("bob", "bob approved only grants.")
    scene.notice(ANN)
    claim = scene.claim(fingerprint=NEW)
    assert claim.brake_id is not None
    assert scene.store.context(claim) == {}


def test_whom_the_brake_holds_is_looked_at_again_after_an_approval(scene: Scene) -> None:
    scene.store.hold_removals(ORG, "ann", "wait")
    scene.notice(ANN)
    scene.book(scene.claim(), OutcomeKind.PARKED, delay=3600, code="braked", braked=SCV)
    approve(scene, finished_plan(scene))
    assert only(scene.claim(fingerprint=NEW)).braked == SCV


def approved(scene: Scene) -> bool:
    """Whether a plan still lets something of Ann's go."""
    scene.notice(ANN, seen="")
    claim = scene.claim(fingerprint=NEW)
    known = scene.store.context(claim)
    scene.store.release(claim, 0, "")
    return ANN in known and bool(known[ANN].approved)


def test_an_approval_counts_for_a_day(scene: Scene, clock: Clock) -> None:
    approve(scene, finished_plan(scene))
    clock.pass_(24 * 3600 - 1)
    assert approved(scene)
    clock.pass_(1)
    assert not approved(scene)


def test_a_newer_approval_of_grants_alone_ends_an_older_one(scene: Scene) -> None:
    approve(scene, finished_plan(scene))
    approve(scene, finished_plan(scene), Scope.GRANTS)
    assert not approved(scene)


@pytest.mark.parametrize("holds", [False, True])
def test_a_brake_pulled_by_hand_ends_approvals(scene: Scene, holds: bool) -> None:
    if holds:
        scene.store.hold_removals(ORG, "ann", "wait")
    approve(scene, finished_plan(scene))
    assert approved(scene)
    scene.store.hold_removals(ORG, "bob", "wait again")
    assert not approved(scene)
    assert len(scene.store.brakes()) == 1


def test_what_a_batch_took_for_allowed_is_not_so_again_after_a_pull(scene: Scene) -> None:
    scene.store.hold_removals(ORG, "ann", "wait")
    scene.notice(ANN)
    scene.book(scene.claim(), OutcomeKind.PARKED, delay=3600, code="braked", braked=SCV)
    scene.store.release_brake(ORG, "ann")
    claim = scene.claim()
    assert only(claim).allowed == SCV
    scene.store.hold_removals(ORG, "bob", "no")
    scene.book(claim, OutcomeKind.RETRY, code="X", reason="later", allowed=SCV)
    assert only(scene.claim()).allowed == NONE


def test_a_stopped_reconcile_ends_the_approval_of_its_plan(scene: Scene) -> None:
    run_id = approve(scene, finished_plan(scene))
    scene.store.stop_run(run_id, "eve")
    assert not approved(scene)


@pytest.mark.parametrize("is_read", [False, True])
def test_a_stopped_plan_or_undo_ends_its_approval(scene: Scene, is_read: bool) -> None:
    if is_read:
        plan = finished_plan(scene)
        approve(scene, plan)
    else:
        plan = finished_plan(scene, RunKind.UNDO)
        scene.arm(NEW)
        scene.store.approve_run(plan, "bob")
    assert approved(scene)
    scene.store.stop_run(plan, "eve")
    assert not approved(scene)


def test_another_stopped_run_ends_no_approval(scene: Scene) -> None:
    plan = finished_plan(scene)
    approve(scene, plan)
    scene.store.stop_run(create(scene, RunKind.RECONCILE), "eve")
    scene.store.stop_run(scene.store.create_run(ORG, RunKind.UNDO, NEW, "ann", of_run=plan), "eve")
    assert approved(scene)


def test_whom_a_stopped_run_leaves_is_let_go_nothing(scene: Scene) -> None:
    scene.store.hold_removals(ORG, "ann", "wait")
    run_id, _ = reconcile_with(scene, ANN)
    held = scene.claim(priority=Priority.BULK)
    scene.book(held, OutcomeKind.PARKED, delay=3600, code="braked", braked=SCV)
    scene.store.release_brake(ORG, "ann")
    scene.store.stop_run(run_id, "eve")
    scene.store.retry_parked(ORG, [ANN], "eve")
    user = only(scene.claim())
    assert (user.allowed, user.braked) == (NONE, NONE)


def test_a_plan_is_approved_once(scene: Scene) -> None:
    plan = finished_plan(scene)
    approve(scene, plan)
    with pytest.raises(NotAllowed, match=f"bob approved plan {plan} already"):
        approve(scene, plan, by="eve")


def test_what_is_no_finished_plan_is_not_approved(scene: Scene) -> None:
    with pytest.raises(UnknownReference, match="no run 77"):
        approve(scene, 77)
    with pytest.raises(NotAllowed, match="is queued: only a finished one"):
        approve(scene, create(scene))
    with pytest.raises(NotAllowed, match="is no plan"):
        approve(scene, finished_plan(scene, RunKind.ADOPT))
    assert scene.store.state(ORG).armed_fingerprint == PRINT


# --- stopping ----------------------------------------------------------------------------------


def reconcile_with(scene: Scene, *user_ids: str) -> tuple[int, str]:
    """A reconcile under way that noticed these users."""
    run_id = create(scene, RunKind.RECONCILE)
    token = take(scene, run_id)
    notices = [
        a_notice(u, cause=Cause.RECONCILE, priority=Priority.BULK, run_id=run_id) for u in user_ids
    ]
    scene.store.advance_run(run_id, token, user_ids[-1], 9, [], notices, LEASE)
    return run_id, token


def test_a_stopped_run_is_not_gone_on_with(scene: Scene, clock: Clock) -> None:
    run_id, token = reconcile_with(scene, ANN)
    scene.store.stop_run(run_id, "eve")
    run = scene.store.run(run_id)
    assert (run.status, run.error, run.ended_at) == (
        RunStatus.STOPPED,
        "Stopped by eve.",
        clock.now,
    )
    with pytest.raises(LeaseLost):
        scene.store.advance_run(run_id, token, BOB, 10, [], [], LEASE)
    with pytest.raises(LeaseLost):
        scene.store.end_run(run_id, token)
    scene.store.requeue_run(run_id, token, None, 0)
    clock.pass_(LEASE)
    assert scene.store.take_run(run_id, LEASE) is None
    assert scene.store.run(run_id).status is RunStatus.STOPPED


def test_whom_it_noticed_is_parked_and_not_forgotten(scene: Scene) -> None:
    run_id, _ = reconcile_with(scene, ANN)
    scene.store.stop_run(run_id, "eve")
    (parked,) = scene.store.parked(ORG)
    assert (parked.user_id, parked.code) == (ANN, "stopped")
    assert parked.reason.startswith(f"eve stopped run {run_id} before it came to this user")
    assert scene.try_claim(priority=Priority.BULK) is None
    assert scene.store.retry_parked(ORG, [ANN], "eve") == 1
    assert ids(scene.claim()) == [ANN]


def test_who_was_noticed_otherwise_or_begun_with_goes_on(scene: Scene) -> None:
    run_id, _ = reconcile_with(scene, ANN, BOB, CID)
    scene.notice(ANN, seen="edited")
    assert ids(scene.claim()) == [ANN]
    begun = scene.claim(limit=1, priority=Priority.BULK)
    scene.store.stop_run(run_id, "eve")
    assert ids(begun) == [BOB]
    assert [parked.user_id for parked in scene.store.parked(ORG)] == [CID]
    scene.book(begun, OutcomeKind.SETTLED)


def test_a_reconcile_that_has_read_all_can_still_be_stopped(scene: Scene) -> None:
    run_id, token = reconcile_with(scene, ANN)
    scene.store.end_run(run_id, token)
    scene.store.stop_run(run_id, "eve")
    assert scene.store.run(run_id).status is RunStatus.DONE
    with pytest.raises(NotAllowed, match="there is nothing to stop"):
        scene.store.stop_run(run_id, "eve")


@pytest.mark.parametrize("is_begun", [False, True])
def test_a_plan_is_stopped(scene: Scene, is_begun: bool) -> None:
    run_id = create(scene)
    if is_begun:
        take(scene, run_id)
    scene.store.stop_run(run_id, "eve")
    assert scene.store.take_to_apply(run_id, "eve", LEASE) is None
    assert ORG not in scene.store.due_work()
    with pytest.raises(NotAllowed, match="is stopped"):
        scene.store.approve_plan(run_id, "00D2", "eve", Scope.ALL, "")


def test_an_unknown_run_is_not_stopped(scene: Scene) -> None:
    with pytest.raises(UnknownReference, match="no run 7"):
        scene.store.stop_run(7, "eve")


@pytest.mark.parametrize(
    ("of_plan", "unapproved", "trips"),
    [(True, PBX, True), (True, NONE, False), (False, PBX, False)],
)
def test_what_an_approved_plan_did_not_show_is_shown_before_it_is_done(
    scene: Scene, of_plan: bool, unapproved: Licenses, trips: bool
) -> None:
    plan = finished_plan(scene)
    applying = approve(scene, plan)
    other = scene.store.create_run(ORG, RunKind.RECONCILE, NEW, "ann")
    scene.notice(BOB)
    claim = scene.claim(fingerprint=NEW)
    intent = an_intent(BOB, run_id=applying if of_plan else other, unapproved=unapproved)
    if trips:
        with pytest.raises(Braked):
            scene.store.record_intents(claim, [intent])
        (brake,) = scene.store.brakes()
        assert f"1 user would lose something that plan {plan}" in brake.reason
    else:
        assert scene.store.record_intents(claim, [intent])
        assert scene.store.brakes() == []
