"""Plans that write nothing, reconciles that mark, and runs that go on where they stood."""

from functools import partial

import pytest

from sync.errors import CallFailed, StoreUnavailable
from sync.model import NONE, Flags, License, Licenses
from sync.ports.pending import Cause, Notice, Priority
from sync.ports.runs import Run, RunKind, RunStatus
from sync.reconcile import PASS_SECONDS, TRIES, Reconciler
from tests.fakes.bench import BOTH, CTI, FINGERPRINT, FREEDOM, ORG, PBX, RECORD, SCV, Bench
from tests.fakes.org import call_failed


def reconciler(bench: Bench) -> Reconciler:
    return Reconciler(
        ORG,
        bench.store,
        bench.store,
        bench.org,
        bench.rulebook,
        FINGERPRINT,
        partial(_seconds, bench),
    )


def _seconds(bench: Bench) -> float:
    return bench.org.now.timestamp()


def run(bench: Bench, kind: RunKind, *user_ids: str) -> Run:
    run_id = bench.store.create_run(ORG, kind, FINGERPRINT, "ada", user_ids)
    done = reconciler(bench).carry_out(run_id)
    assert done is not None
    return done


def test_a_plan_says_who_gains_and_loses_and_writes_nothing(bench: Bench) -> None:
    loser = bench.user(1, held=FREEDOM | CTI | PBX)
    gainer = bench.user(2, requested=FREEDOM)
    plan = run(bench, RunKind.PLAN)
    assert (plan.users_read, plan.unsettled) == (2, 2)
    assert (plan.removals, plan.grants) == (3, 2)
    items = {item.user_id: item for item in bench.store.items(plan.id)}
    assert items[loser].removed == FREEDOM | CTI | PBX
    assert items[gainer].granted == FREEDOM | CTI
    assert bench.org.written == []
    assert bench.store.figures().get(ORG) is None or bench.store.figures()[ORG].pending == 0


def test_a_reconcile_marks_what_is_not_settled_behind_live_edits(bench: Bench) -> None:
    bench.user(1, requested=FREEDOM)
    done = run(bench, RunKind.RECONCILE)
    assert done.unsettled == 1
    assert bench.store.due_work()[ORG].bulk == 1


def test_a_second_reconcile_of_a_quiet_org_writes_nothing_and_only_reads(bench: Bench) -> None:
    for number, requested in enumerate([FREEDOM, BOTH, CTI, PBX, SCV | RECORD, NONE], start=1):
        bench.user(number, requested=requested, held=CTI)
    bench.quiet()
    bench.org.calls.clear()
    written = len(bench.org.written)
    done = run(bench, RunKind.RECONCILE)
    bench.quiet()
    assert done.unsettled == 0
    assert len(bench.org.written) == written
    assert set(bench.org.calls) == {"query", "versions"} - {"versions"}


def test_users_that_are_named_are_looked_at_as_live(bench: Bench) -> None:
    user = bench.user(1, requested=FREEDOM)
    bench.user(2, requested=FREEDOM)
    done = run(bench, RunKind.RECONCILE, user)
    assert (done.users_read, done.unsettled) == (1, 1)
    assert bench.store.due_work()[ORG].live == 1


def test_pages_end_only_at_the_end(bench: Bench) -> None:
    bench.org.page_size = 7
    for number in range(1, 22):
        bench.user(number, requested=PBX)
    assert run(bench, RunKind.PLAN).users_read == 21


def test_a_run_that_breaks_off_goes_on_where_it_stood(bench: Bench) -> None:
    bench.org.page_size = 5
    for number in range(1, 13):
        bench.user(number, requested=PBX)
    run_id = bench.store.create_run(ORG, RunKind.PLAN, FINGERPRINT, "ada")

    def fail_after_two(read: int) -> None:
        if read == 10:
            bench.org.fail = call_failed()

    with pytest.raises(CallFailed):
        reconciler(bench).carry_out(run_id, fail_after_two)
    assert bench.store.run(run_id).status is RunStatus.QUEUED
    bench.org.calls.clear()
    bench.org.tick(2)
    done = reconciler(bench).carry_out(run_id)
    assert done is not None
    assert (done.users_read, done.unsettled) == (12, 12)
    assert len(bench.org.calls) == 1


def test_a_run_that_somebody_else_has_is_left_alone(bench: Bench) -> None:
    run_id = bench.store.create_run(ORG, RunKind.PLAN, FINGERPRINT, "ada")
    bench.store.take_run(run_id, 60)
    assert reconciler(bench).carry_out(run_id) is None


def test_an_adoption_requests_what_is_held_and_names_what_the_rules_refuse(bench: Bench) -> None:
    lone_cti = bench.user(1, held=CTI | PBX)
    both = bench.user(2, held=BOTH | CTI)
    fine = bench.user(3, requested=FREEDOM | CTI, held=FREEDOM | CTI)
    pci = bench.user(4, held=Licenses.of(License.PCI))
    plan = run(bench, RunKind.ADOPT)
    items = {item.user_id: item for item in bench.store.items(plan.id)}
    assert fine not in items
    assert (items[lone_cti].requested_after, items[lone_cti].hold) == (CTI | PBX, CTI)
    assert (items[both].requested_after, items[both].hold) == (BOTH | CTI, NONE)
    assert items[pci].hold == Licenses.of(License.PCI)
    assert plan.removals == 0


def test_a_plan_knows_what_is_held_back(bench: Bench) -> None:
    kept = bench.user(1, requested=CTI, held=CTI)
    bench.user(2, requested=NONE, held=PBX)
    bench.store.notice(ORG, [Notice(kept, "u", Cause.ADOPT, Priority.LIVE, hold=CTI)])
    assert run(bench, RunKind.PLAN).removals == 1, "before it is settled"
    bench.batch()
    plan = run(bench, RunKind.PLAN)
    assert plan.removals == 1
    assert [item.removed for item in bench.store.items(plan.id)] == [PBX]


def test_a_run_that_the_program_fails_over_ends(bench: Bench) -> None:
    run_id = bench.store.create_run(ORG, RunKind.PLAN, FINGERPRINT, "ada", ["nobody"])

    def fail(_: object) -> None:
        raise ValueError("nobody is no id")

    bench.org.read = fail  # type: ignore[method-assign,assignment]
    with pytest.raises(ValueError, match="nobody"):
        reconciler(bench).carry_out(run_id)
    assert bench.store.run(run_id).status is RunStatus.FAILED
    assert bench.store.due_work().get(ORG) is None


def many(bench: Bench, count: int = 12) -> int:
    """A queued reconcile of users that come five a page; its id."""
    bench.org.page_size = 5
    for number in range(1, count + 1):
        bench.user(number, requested=PBX)
    return bench.store.create_run(ORG, RunKind.RECONCILE, FINGERPRINT, "ada")


def test_a_long_run_is_gone_on_with_in_passes(bench: Bench) -> None:
    run_id = many(bench)

    def slow(_: int) -> None:
        bench.org.tick(PASS_SECONDS + 1)

    passes = []
    while (done := reconciler(bench).carry_out(run_id, slow)) is not None:
        passes.append((done.users_read, done.status))
    assert passes == [
        (5, RunStatus.QUEUED),
        (10, RunStatus.QUEUED),
        (12, RunStatus.DONE),
    ]


class _TaskTooLong(Exception):
    """What a task queue raises into a task that takes too long."""


@pytest.mark.parametrize(
    "error", [_TaskTooLong(), StoreUnavailable("It is busy; this is tried again."), call_failed()]
)
def test_whatever_cuts_a_run_off_it_is_gone_on_with_after_a_while(
    bench: Bench, error: Exception
) -> None:
    run_id = many(bench)

    def cut(read: int) -> None:
        if read == 5:
            raise error

    with pytest.raises(type(error)):
        reconciler(bench).carry_out(run_id, cut)
    assert bench.store.run(run_id).status is RunStatus.QUEUED
    assert reconciler(bench).carry_out(run_id) is None, "it waits"
    bench.org.tick(2)
    done = reconciler(bench).carry_out(run_id)
    assert done is not None
    assert (done.users_read, done.status) == (12, RunStatus.DONE)


def test_a_run_that_never_gets_on_is_tried_ever_less_and_ends(bench: Bench) -> None:
    run_id = many(bench)
    tries = 0
    for _ in range(3600):
        bench.org.tick(1)
        if bench.store.due_work().get(ORG) is None:
            continue
        tries += 1
        bench.org.fail = call_failed()
        with pytest.raises(CallFailed):
            reconciler(bench).carry_out(run_id)
    found = bench.store.run(run_id)
    assert (tries, found.status) == (TRIES, RunStatus.FAILED)
    assert found.error == str(call_failed())


def test_a_run_of_other_rules_is_not_carried_out(bench: Bench) -> None:
    bench.user(1, requested=PBX)
    run_id = bench.store.create_run(ORG, RunKind.PLAN, "other rules", "ada")
    done = reconciler(bench).carry_out(run_id)
    assert done is not None
    assert done.status is RunStatus.FAILED
    assert "other rules" in (done.error or "")
    assert bench.org.calls == []


def test_a_plan_counts_users_that_cannot_be_read(bench: Bench) -> None:
    user = bench.user(1, held=PBX)
    bench.org.edit(user, requested=Flags(NONE, PBX))
    assert run(bench, RunKind.PLAN).unreadable == 1
    assert run(bench, RunKind.ADOPT).unreadable == 1
