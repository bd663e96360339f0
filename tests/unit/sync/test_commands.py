"""What people ask for without a call to Salesforce, and what the workers then do."""

from collections.abc import Iterator

import pytest

from sync.arming import Mode
from sync.commands import approve_plan, start_run, stop_run
from sync.errors import NotAllowed
from sync.model import NONE
from sync.org import Org
from sync.ports.brake import Limits, Scope
from sync.ports.pending import Priority
from sync.ports.runs import RunKind, RunStatus
from tests.fakes.bench import CTI, FREEDOM, PBX, Bench, memory_bench
from tests.unit.sync.test_org import NAME, mode, org_of, work

THREE = Limits(licenses=3, share=0.0)


@pytest.fixture
def bench() -> Iterator[Bench]:
    """An org with eight users who would lose something, and one who would gain."""
    with memory_bench() as made:
        for number in range(100, 108):
            made.user(number, held=PBX)
        made.user(108, requested=FREEDOM)
        yield made


@pytest.fixture
def org(bench: Bench) -> Org:
    """The org, observing, with a plan; it may lose three licenses without a person."""
    made = org_of(bench, limits=THREE)
    work(bench, made)
    bench.org.calls.clear()
    return made


def plan_id(bench: Bench, org: Org) -> int:
    plan = bench.store.latest_run(NAME, RunKind.PLAN, org.fingerprint())
    assert plan is not None
    return plan.id


def held(bench: Bench) -> list[object]:
    return [user.held.on for user in bench.org.users.values()]


def test_a_plan_approved_as_a_whole_goes_through_without_tripping(bench: Bench, org: Org) -> None:
    approve_plan(bench.store, org, plan_id(bench, org), "ada", Scope.ALL)
    assert bench.org.calls == [], "it asks the store alone"
    work(bench, org)
    assert held(bench) == [NONE] * 8 + [FREEDOM | CTI]
    assert bench.store.brakes() == []


def test_users_that_changed_since_the_plan_are_counted(bench: Bench, org: Org) -> None:
    changed = list(bench.org.users)[:4]
    for user in changed:
        bench.org.edit(user, held=type(bench.org.users[user].held)(PBX | CTI))
    approve_plan(bench.store, org, plan_id(bench, org), "ada", Scope.ALL)
    work(bench, org)
    assert held(bench) == [PBX | CTI] * 4 + [NONE] * 4 + [FREEDOM | CTI]
    assert [brake.tripped_by for brake in bench.store.brakes()] == ["itself"]


def test_an_approval_is_for_once(bench: Bench, org: Org) -> None:
    approve_plan(bench.store, org, plan_id(bench, org), "ada", Scope.ALL)
    work(bench, org)
    for user in list(bench.org.users)[:8]:
        bench.org.edit(user, held=type(bench.org.users[user].held)(PBX))
    work(bench, org)
    assert held(bench)[:8] == [PBX] * 8
    assert len(bench.store.brakes()) == 1


def test_of_grants_alone_removals_wait_until_they_are_released(bench: Bench, org: Org) -> None:
    approve_plan(bench.store, org, plan_id(bench, org), "ada", Scope.GRANTS)
    work(bench, org)
    assert held(bench) == [PBX] * 8 + [FREEDOM | CTI]
    (brake,) = bench.store.brakes()
    assert (brake.tripped_by, brake.users) == ("ada", 8)
    assert bench.store.release_brake(NAME, "bob") == 8
    work(bench, org)
    assert held(bench) == [NONE] * 8 + [FREEDOM | CTI]
    assert bench.store.brakes() == []


def test_only_the_newest_plan_of_the_whole_org_is_approved(bench: Bench, org: Org) -> None:
    first = plan_id(bench, org)
    some = start_run(bench.store, org, RunKind.PLAN, "ada", [next(iter(bench.org.users))])
    second = start_run(bench.store, org, RunKind.PLAN, "ada")
    work(bench, org)
    with pytest.raises(NotAllowed, match=f"Plan {second} is newer than plan {first}"):
        approve_plan(bench.store, org, first, "ada", Scope.ALL)
    with pytest.raises(NotAllowed, match="of some users only"):
        approve_plan(bench.store, org, some, "ada", Scope.ALL)
    approve_plan(bench.store, org, second, "ada", Scope.ALL)


def test_a_plan_of_other_rules_or_another_org_is_not_approved(bench: Bench, org: Org) -> None:
    theirs = bench.store.create_run("other", RunKind.PLAN, "print", "ada")
    with pytest.raises(NotAllowed, match="not of fresh"):
        approve_plan(bench.store, org, theirs, "ada", Scope.ALL)
    old = bench.store.create_run(NAME, RunKind.PLAN, "print", "ada")
    with pytest.raises(NotAllowed, match="under other rules"):
        approve_plan(bench.store, org, old, "ada", Scope.ALL)
    assert mode(bench, org) is Mode.OBSERVING


def test_what_is_started_is_carried_out_by_the_workers(bench: Bench, org: Org) -> None:
    approve_plan(bench.store, org, plan_id(bench, org), "ada", Scope.ALL)
    work(bench, org)
    run_id = start_run(bench.store, org, RunKind.RECONCILE, "ada")
    work(bench, org)
    assert bench.store.run(run_id).status is RunStatus.DONE


def test_what_cannot_work_is_not_started(bench: Bench, org: Org) -> None:
    with pytest.raises(NotAllowed, match="observed only"):
        start_run(bench.store, org, RunKind.RECONCILE, "ada")
    with pytest.raises(NotAllowed, match="An undo says what it takes back"):
        start_run(bench.store, org, RunKind.UNDO, "ada")
    approve_plan(bench.store, org, plan_id(bench, org), "ada", Scope.ALL)
    with pytest.raises(NotAllowed, match="armed already"):
        start_run(bench.store, org, RunKind.ADOPT, "ada")
    bench.store.pause(NAME, "ada")
    with pytest.raises(NotAllowed, match="is paused"):
        start_run(bench.store, org, RunKind.RECONCILE, "ada")


def test_an_org_that_never_answered_has_nothing_to_ask_about(bench: Bench) -> None:
    with pytest.raises(NotAllowed, match="has not answered yet"):
        start_run(bench.store, org_of(bench, name="silent"), RunKind.PLAN, "ada")


def test_a_stopped_reconcile_writes_no_more_and_its_users_can_be_tried_again(
    bench: Bench,
) -> None:
    bench.org.tick(3600)  # no poll has noticed anybody
    org = org_of(bench)
    work(bench, org)
    run_id = approve_plan(bench.store, org, plan_id(bench, org), "ada", Scope.ALL)
    bench.org.tick(3)
    org.carry_out(run_id)
    stop_run(bench.store, run_id, "ada")
    org.settle(Priority.BULK, 2000)
    assert {user.code for user in bench.store.parked(NAME)} == {"stopped"}
    bench.store.retry_parked(NAME, [], "ada")
    work(bench, org)
    (brake,) = bench.store.brakes()  # the approval ended with its run
    assert "did not show" in brake.reason
    assert held(bench)[-1] == FREEDOM | CTI
    bench.store.release_brake(NAME, "ada")
    work(bench, org)
    assert held(bench) == [NONE] * 8 + [FREEDOM | CTI]
