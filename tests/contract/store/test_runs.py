"""Runs over an org, and carrying out an adoption."""

import pytest

from sync.errors import LeaseLost, UnknownReference
from sync.model import NONE
from sync.ports.history import HistoryOutcome
from sync.ports.pending import Cause
from sync.ports.runs import PlanItem, RunKind, RunStatus
from tests.contract.store.scene import (
    ANN,
    BOB,
    CTI,
    FREEDOM,
    LEASE,
    ORG,
    PBX,
    PRINT,
    SCV,
    START,
    Clock,
    Scene,
    a_notice,
    an_intent,
    ids,
)


def create(scene: Scene, kind: RunKind = RunKind.PLAN, user_ids: tuple[str, ...] = ()) -> int:
    """Queue a run."""
    return scene.store.create_run(ORG, kind, PRINT, "ann", user_ids)


def take(scene: Scene, run_id: int) -> str:
    """Lease a run that is free; its token."""
    taken = scene.store.take_run(run_id, LEASE)
    assert taken is not None
    return taken[1]


def item(user_id: str = ANN, **more: object) -> PlanItem:
    """A plan item that loses SCV and gets CTI and Freedom."""
    values: dict[str, object] = {
        "requested": FREEDOM,
        "requested_after": FREEDOM,
        "held": SCV | PBX,
        "after": CTI | FREEDOM | PBX,
    }
    return PlanItem(
        user_id=user_id,
        username="ann",
        status="In sync",
        why="as requested",
        hold=CTI,
        modified_at=START,
        **{**values, **more},  # type: ignore[arg-type]
    )


def test_a_queued_run(scene: Scene) -> None:
    run = scene.store.run(create(scene, user_ids=(BOB, ANN)))
    assert (run.org, run.kind, run.status) == (ORG, RunKind.PLAN, RunStatus.QUEUED)
    assert (run.fingerprint, run.started_by, run.created_at) == (PRINT, "ann", START)
    assert (run.user_ids, run.after_id, run.ended_at, run.error) == ((BOB, ANN), "", None, None)
    assert (run.users_read, run.unsettled, run.removals, run.grants) == (0, 0, 0, 0)


def test_an_unknown_run(scene: Scene) -> None:
    with pytest.raises(UnknownReference, match="no run 7"):
        scene.store.run(7)
    assert scene.store.take_run(7, LEASE) is None


def test_a_run_is_one_workers_until_its_lease_ends(scene: Scene, clock: Clock) -> None:
    run_id = create(scene)
    first = take(scene, run_id)
    assert scene.store.run(run_id).status is RunStatus.RUNNING
    assert scene.store.take_run(run_id, LEASE) is None
    clock.pass_(LEASE)
    with pytest.raises(LeaseLost):
        scene.store.advance_run(run_id, first, ANN, 1, [], [], LEASE)
    second = take(scene, run_id)
    with pytest.raises(LeaseLost):
        scene.store.end_run(run_id, first)
    scene.store.end_run(run_id, second)


def test_a_page_is_stored_with_the_place_and_counted_in_licenses(scene: Scene) -> None:
    run_id = create(scene)
    token = take(scene, run_id)
    nothing = item(BOB, after=None)
    scene.store.advance_run(run_id, token, BOB, 2000, [item(), nothing], [], LEASE)
    other = "006"
    scene.store.advance_run(run_id, token, other, 2001, [item(other, after=PBX)], [], LEASE)
    scene.store.end_run(run_id, token)
    run = scene.store.run(run_id)
    assert (run.after_id, run.users_read, run.unsettled) == (other, 2001, 3)
    assert (run.removals, run.grants) == (2, 2)
    assert (run.status, run.ended_at) == (RunStatus.DONE, START)
    assert scene.store.items(run_id) == [item(), nothing, item(other, after=PBX)]
    assert scene.store.items(run_id, after_id=ANN, limit=1) == [nothing]


def test_a_reconcile_notices_what_is_not_settled(scene: Scene) -> None:
    run_id = create(scene, RunKind.RECONCILE)
    token = take(scene, run_id)
    found = [a_notice(ANN, cause=Cause.RECONCILE), a_notice(BOB, cause=Cause.RECONCILE)]
    scene.store.advance_run(run_id, token, BOB, 50, [], found, LEASE)
    assert ids(scene.claim()) == [ANN, BOB]
    assert scene.store.run(run_id).unsettled == 2


def test_advancing_prolongs_the_lease(scene: Scene, clock: Clock) -> None:
    run_id = create(scene)
    token = take(scene, run_id)
    for read in range(3):
        clock.pass_(LEASE - 1)
        scene.store.advance_run(run_id, token, ANN, read, [], [], LEASE)
    assert scene.store.take_run(run_id, LEASE) is None


def test_a_failed_run_says_why(scene: Scene) -> None:
    run_id = create(scene, RunKind.RECONCILE)
    scene.store.end_run(run_id, take(scene, run_id), "the quota is used up")
    run = scene.store.run(run_id)
    assert (run.status, run.error) == (RunStatus.FAILED, "the quota is used up")
    assert scene.store.state(ORG).last_reconcile_at is None
    assert scene.store.take_run(run_id, LEASE) is None


def test_only_a_reconcile_of_the_whole_org_counts_as_one(scene: Scene, clock: Clock) -> None:
    for kind, users in ((RunKind.PLAN, ()), (RunKind.ADOPT, ()), (RunKind.RECONCILE, (ANN,))):
        run_id = create(scene, kind, users)
        scene.store.end_run(run_id, take(scene, run_id))
    assert scene.store.state(ORG).last_reconcile_at is None
    now = clock.pass_(1)
    run_id = create(scene, RunKind.RECONCILE)
    scene.store.end_run(run_id, take(scene, run_id))
    assert scene.store.state(ORG).last_reconcile_at == now


def test_a_run_given_back_goes_on_where_it_stands(scene: Scene, clock: Clock) -> None:
    run_id = create(scene)
    token = take(scene, run_id)
    scene.store.advance_run(run_id, token, ANN, 10, [item()], [], LEASE)
    scene.store.requeue_run(run_id, token, "no answer", 5)
    scene.store.requeue_run(run_id, token, "lost already", 50)
    assert scene.store.run(run_id).error == "no answer"
    assert scene.store.take_run(run_id, LEASE) is None
    assert ORG not in scene.store.due_work()
    clock.pass_(5)
    assert scene.store.due_work()[ORG].runs == (run_id,)
    taken = scene.store.take_run(run_id, LEASE)
    assert taken is not None
    assert (taken[0].after_id, taken[0].users_read) == (ANN, 10)
    scene.store.end_run(run_id, taken[1])
    assert scene.store.run(run_id).error is None


def test_tries_count_until_a_run_gets_on(scene: Scene, clock: Clock) -> None:
    run_id = create(scene)
    for tries in (1, 2, 3):
        taken = scene.store.take_run(run_id, LEASE)
        assert taken is not None
        assert taken[0].tries == tries
        clock.pass_(LEASE)
    token = take(scene, run_id)
    scene.store.advance_run(run_id, token, ANN, 10, [], [], LEASE)
    assert scene.store.run(run_id).tries == 0


def test_who_cannot_be_read_is_counted(scene: Scene) -> None:
    run_id = create(scene)
    token = take(scene, run_id)
    scene.store.advance_run(run_id, token, BOB, 2, [item(), item(BOB, after=None)], [], LEASE)
    assert scene.store.run(run_id).unreadable == 1


def test_the_latest_run_is_of_the_whole_org_and_this_fingerprint(scene: Scene) -> None:
    create(scene)
    newest = create(scene)
    create(scene, user_ids=(ANN,))
    create(scene, RunKind.RECONCILE)
    scene.store.create_run(ORG, RunKind.PLAN, "print-2", "ann")
    latest = scene.store.latest_run(ORG, RunKind.PLAN, PRINT)
    assert latest is not None
    assert latest.id == newest
    assert scene.store.latest_run("other", RunKind.PLAN, PRINT) is None


def finished_adoption(scene: Scene) -> int:
    """A plan of an adoption that waits to be carried out."""
    run_id = create(scene, RunKind.ADOPT)
    scene.store.end_run(run_id, take(scene, run_id))
    return run_id


def apply(scene: Scene, run_id: int) -> str:
    """Lease a plan to carry it out; it has to be free."""
    token = scene.store.take_to_apply(run_id, "bob", LEASE)
    assert token is not None
    return token


def test_a_plan_is_carried_out_by_one_worker_and_once(scene: Scene, clock: Clock) -> None:
    assert scene.store.take_to_apply(create(scene, RunKind.ADOPT), "bob", LEASE) is None
    run_id = finished_adoption(scene)
    first = apply(scene, run_id)
    assert scene.store.take_to_apply(run_id, "eve", LEASE) is None
    clock.pass_(LEASE)
    second = apply(scene, run_id)
    with pytest.raises(LeaseLost):
        scene.store.end_run(run_id, first)
    assert scene.store.run(run_id).status is RunStatus.APPLYING
    scene.store.end_run(run_id, second)
    run = scene.store.run(run_id)
    assert (run.status, run.applied_by, run.ended_at) == (RunStatus.DONE, "bob", START)
    assert run.applied_at == clock.now
    assert scene.store.take_to_apply(run_id, "eve", LEASE) is None


def test_the_writes_of_an_adoption_are_in_the_history(scene: Scene, clock: Clock) -> None:
    run_id = finished_adoption(scene)
    token = apply(scene, run_id)
    intents = [an_intent(user, cause=Cause.ADOPT, run_id=run_id) for user in (ANN, BOB)]
    first, second = scene.store.intend(run_id, token, intents)
    outcomes = {first: (HistoryOutcome.CONFIRMED, None), second: (HistoryOutcome.REFUSED, "no")}
    clock.pass_(LEASE - 1)
    scene.store.confirm(run_id, token, outcomes, LEASE)
    clock.pass_(LEASE - 1)
    scene.store.confirm(run_id, token, {}, LEASE)
    rows = [(row.id, row.outcome, row.error) for row in scene.store.history()]
    assert rows == [
        (second, HistoryOutcome.REFUSED, "no"),
        (first, HistoryOutcome.CONFIRMED, None),
    ]


@pytest.mark.parametrize("stop", ["pause", "pause all", "expiry"])
def test_a_stopped_adoption_intends_nothing(scene: Scene, clock: Clock, stop: str) -> None:
    run_id = finished_adoption(scene)
    token = apply(scene, run_id)
    if stop == "expiry":
        clock.pass_(LEASE)
    else:
        scene.store.pause(ORG if stop == "pause" else None, "eve")
    with pytest.raises(LeaseLost):
        scene.store.intend(run_id, token, [an_intent(held_after=NONE)])
    assert list(scene.store.history()) == []
