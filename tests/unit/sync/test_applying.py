"""Adoptions that a person approved on the page: the workers carry them out, then arm the org."""

from collections.abc import Iterator

import pytest

from sync.applying import ROUNDS
from sync.arming import Mode
from sync.commands import approve_run, start_run
from sync.model import NONE, Flags
from sync.org import Org
from sync.ports.browse import RunQuery
from sync.ports.runs import Run, RunKind, RunStatus
from tests.fakes.bench import CTI, FREEDOM, PBX, SCV, Bench, memory_bench
from tests.unit.sync.test_org import NAME, mode, org_of, work


@pytest.fixture
def bench() -> Iterator[Bench]:
    """An org whose users hold what nobody requested."""
    with memory_bench() as made:
        for number in range(100, 106):
            made.user(number, held=FREEDOM | CTI | PBX)
        made.user(106, held=CTI)
        yield made


@pytest.fixture
def org(bench: Bench) -> Org:
    """The org, observing."""
    made = org_of(bench)
    work(bench, made)
    return made


def adoption(bench: Bench, org: Org) -> Run:
    """Its plan, approved by ada."""
    run_id = start_run(bench.store, org, RunKind.ADOPT, "ada")
    work(bench, org)
    approve_run(bench.store, org, run_id, "ada")
    return bench.store.run(run_id)


def adoptions(bench: Bench) -> list[Run]:
    return [
        run
        for run in bench.store.list_runs(RunQuery(orgs=frozenset({NAME}))).rows
        if run.kind is RunKind.ADOPT
    ]


def test_an_approved_adoption_ends_with_an_armed_org_that_lost_nothing(
    bench: Bench, org: Org
) -> None:
    before = {user: bench.held(user) for user in bench.org.users}
    run = adoption(bench, org)
    work(bench, org, rounds=8)
    assert mode(bench, org) is Mode.ARMED
    assert bench.store.state(NAME).armed_by == "ada"
    assert {user: bench.held(user) for user in before} == before
    assert {user: bench.requested(user) for user in before} == before
    done = bench.store.run(run.id)
    assert (done.status, done.applied_by) == (RunStatus.DONE, "ada")
    assert [parked.hold for parked in bench.store.parked(NAME)] == [CTI]


def test_who_moved_meanwhile_is_adopted_under_the_same_approval(bench: Bench, org: Org) -> None:
    user = next(iter(bench.org.users))
    adoption(bench, org)
    bench.org.edit(user, held=Flags(SCV))
    work(bench, org, rounds=12)
    assert mode(bench, org) is Mode.ARMED
    assert bench.requested(user) == SCV
    assert len(adoptions(bench)) == 3


def test_who_cannot_be_adopted_leaves_it_to_a_person(bench: Bench, org: Org) -> None:
    user = next(iter(bench.org.users))
    bench.org.edit(user, requested=Flags(NONE, PBX))
    adoption(bench, org)
    work(bench, org, rounds=20)
    assert mode(bench, org) is Mode.OBSERVING
    runs = adoptions(bench)
    assert len(runs) == ROUNDS + 1
    assert all(run.status is RunStatus.DONE for run in runs)
    assert [i.user_id for i in bench.store.items(runs[0].id) if i.after is None] == [user]


def test_an_adoption_planned_by_hand_arms_nothing(bench: Bench, org: Org) -> None:
    start_run(bench.store, org, RunKind.ADOPT, "ada")
    work(bench, org, rounds=8)
    assert mode(bench, org) is Mode.OBSERVING
    assert bench.org.written == []


def test_a_stopped_adoption_arms_nothing(bench: Bench, org: Org) -> None:
    run = adoption(bench, org)
    bench.store.stop_run(run.id, "eve")
    work(bench, org, rounds=8)
    assert mode(bench, org) is Mode.OBSERVING
    assert bench.org.written == []
