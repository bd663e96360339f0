"""What taking back means for one user, and a whole undo from its plan to the records."""

from collections.abc import Iterator
from dataclasses import replace

import pytest

from sync.commands import approve_run, start_undo
from sync.errors import NotAllowed
from sync.model import NONE, Flags, Licenses
from sync.org import Org
from sync.ports.brake import Limits
from sync.ports.browse import RunQuery
from sync.ports.pending import Cause, Priority
from sync.ports.runs import Changed, PlanItem, Run, RunKind, RunStatus
from sync.undoing import undo_item
from tests.fakes.bench import BOTH, CTI, FREEDOM, PBX, RECORD, SCV, Bench, memory_bench
from tests.fakes.org import record
from tests.unit.sync.test_org import NAME, org_of, work


@pytest.fixture
def bench() -> Iterator[Bench]:
    """An org with twelve users who hold what they request, and nobody has noticed lately."""
    with memory_bench() as made:
        for number in range(100, 112):
            made.user(number, requested=PBX, held=PBX)
        made.org.tick(3600)
        yield made


@pytest.fixture
def org(bench: Bench) -> Org:
    """The org, armed by itself."""
    made = org_of(bench)
    work(bench, made)
    bench.org.tick(60)
    return made


def users(bench: Bench, count: int) -> list[str]:
    return sorted(bench.org.users)[:count]


def edit(bench: Bench, org: Org, who: list[str], requested: Licenses) -> None:
    """Somebody edits users, and license-sync follows."""
    for user in who:
        bench.org.request(user, requested)
    work(bench, org)
    bench.org.tick(60)


def planned(bench: Bench, org: Org, **what: object) -> Run:
    run_id = start_undo(bench.store, org, "ada", **what)  # type: ignore[arg-type]
    work(bench, org)
    return bench.store.run(run_id)


def items(bench: Bench, run: Run) -> dict[str, PlanItem]:
    return {item.user_id: item for item in bench.store.items(run.id)}


def undo(bench: Bench, org: Org, **what: object) -> Run:
    run = planned(bench, org, **what)
    approve_run(bench.store, org, run.id, "ada")
    work(bench, org)
    return bench.store.run(run.id)


def test_a_stretch_is_taken_back_and_stays_so(bench: Bench, org: Org) -> None:
    since = bench.org.now
    who = users(bench, 3)
    edit(bench, org, who, FREEDOM)
    run = undo(bench, org, since=since)
    assert (run.kind, run.status, run.applied_by) == (RunKind.UNDO, RunStatus.DONE, "ada")
    for user in who:
        assert (bench.held(user), bench.requested(user)) == (PBX, PBX)
    assert [item.outcome for item in items(bench, run).values()] == ["done"] * 3
    written = len(bench.org.written)
    work(bench, org)
    assert len(bench.org.written) == written


def test_an_undo_is_in_the_history_and_can_be_undone(bench: Bench, org: Org) -> None:
    since = bench.org.now
    (user,) = who = users(bench, 1)
    edit(bench, org, who, FREEDOM)
    first = undo(bench, org, since=since)
    rows = [row for row in bench.store.history(NAME, user) if row.intent.run_id == first.id]
    assert {row.intent.cause for row in rows} == {Cause.UNDO}
    assert {row.intent.actor for row in rows} == {"ada"}
    bench.org.tick(60)
    undo(bench, org, run_id=first.id)
    assert bench.held(user) == FREEDOM | CTI


def test_a_run_is_taken_back(bench: Bench, org: Org) -> None:
    who = users(bench, 2)
    for user in who:
        bench.org.edit(user, held=Flags(NONE))
    bench.org.tick(3600)
    bench.store.create_run(NAME, RunKind.RECONCILE, org.fingerprint(), "ada")
    reconcile = bench.store.list_runs(RunQuery(orgs=frozenset({NAME}))).rows[0]
    org.carry_out(reconcile.id)
    org.settle(Priority.BULK, 2000)
    assert [bench.held(user) for user in who] == [PBX] * 2
    bench.org.tick(60)
    undo(bench, org, run_id=reconcile.id)
    assert [(bench.held(u), bench.requested(u)) for u in who] == [(NONE, NONE)] * 2


def reconcile_found(bench: Bench, org: Org, who: list[str], *, poll: bool = False) -> int:
    """A reconcile that found users without what they ask for, and settled none of them yet."""
    for user in who:
        bench.org.edit(user, held=Flags(NONE))
    if poll:
        org.poll()
    run_id = bench.store.create_run(NAME, RunKind.RECONCILE, org.fingerprint(), "ada")
    org.carry_out(run_id)
    return run_id


def test_a_run_whose_users_a_poll_noticed_first_is_taken_back(bench: Bench, org: Org) -> None:
    who = users(bench, 2)
    run_id = reconcile_found(bench, org, who, poll=True)
    work(bench, org)
    assert [bench.held(user) for user in who] == [PBX] * 2
    bench.org.tick(60)
    assert undo(bench, org, run_id=run_id).error is None
    assert [bench.held(user) for user in who] == [NONE] * 2


def test_a_run_that_may_have_changed_more_says_how_many(bench: Bench, org: Org) -> None:
    (user,) = who = users(bench, 1)
    run_id = reconcile_found(bench, org, who)
    edit(bench, org, who, FREEDOM)
    run = planned(bench, org, run_id=run_id)
    assert items(bench, run) == {}
    assert run.status is RunStatus.DONE
    assert run.error is not None
    assert run.error.startswith(f"In the time of run {run_id}, users changed under no run: 1. ")
    assert bench.held(user) == FREEDOM | CTI


def test_users_edited_since_are_left_out_with_the_reason(bench: Bench, org: Org) -> None:
    since = bench.org.now
    who = users(bench, 4)
    edit(bench, org, who, FREEDOM)
    until = bench.org.now
    changed, edited, gone, fine = who
    edit(bench, org, [changed], FREEDOM | RECORD)
    bench.org.edit(edited, requested=Flags(SCV))
    del bench.org.users[gone]
    run_id = start_undo(bench.store, org, "ada", since=since, until=until)
    org.carry_out(run_id)
    found = items(bench, bench.store.run(run_id))
    assert found[changed].why == "Left out: license-sync changed the user again since."
    assert found[edited].why == "Left out: the record was edited since."
    assert found[gone].why == "Left out: the user cannot be read."
    assert {user: found[user].after for user in who} == {
        changed: None, edited: None, gone: None, fine: PBX,
    }  # fmt: skip
    approve_run(bench.store, org, run_id, "ada")
    org.carry_out(run_id)
    assert bench.requested(changed) == FREEDOM | RECORD
    assert bench.requested(fine) == PBX
    outcomes = {user: item.outcome for user, item in items(bench, bench.store.run(run_id)).items()}
    assert outcomes[fine] == "done"
    assert outcomes[edited] == "Left out: the record was edited since."


def test_an_edit_inside_the_stretch_is_not_overwritten(bench: Bench, org: Org) -> None:
    since = bench.org.now
    twice, once = users(bench, 2)
    edit(bench, org, [twice, once], FREEDOM)
    edit(bench, org, [twice], FREEDOM | RECORD)
    run = undo(bench, org, since=since)
    left = items(bench, run)[twice]
    assert left.outcome == "Left out: the requests were edited between the changes to take back."
    assert bench.requested(twice) == FREEDOM | RECORD
    assert bench.requested(once) == PBX


def test_who_moves_between_plan_and_approval_is_left_alone(bench: Bench, org: Org) -> None:
    since = bench.org.now
    (user,) = who = users(bench, 1)
    edit(bench, org, who, FREEDOM)
    run = planned(bench, org, since=since)
    bench.org.request(user, SCV)
    approve_run(bench.store, org, run.id, "ada")
    org.carry_out(run.id)
    assert bench.requested(user) == SCV
    assert items(bench, run)[user].outcome == "the request changed since the plan"


def test_what_an_undo_removes_was_approved_with_it(bench: Bench, org: Org) -> None:
    since = bench.org.now
    who = users(bench, 6)
    edit(bench, org, who, PBX | RECORD)
    few = org_of(bench, limits=Limits(licenses=3, share=0.0))
    undo(bench, few, since=since)
    assert [bench.held(user) for user in who] == [PBX] * 6
    assert bench.store.brakes() == []


def test_an_undo_goes_on_where_its_pass_ended(bench: Bench, org: Org) -> None:
    since = bench.org.now
    who = users(bench, 6)
    edit(bench, org, who, PBX | RECORD)
    run = planned(bench, org, since=since)
    approve_run(bench.store, org, run.id, "ada")
    bench.org.read_limit = 2
    bench.org.before_write = lambda: bench.org.tick(50)
    passes = 0
    while bench.store.run(run.id).status is RunStatus.APPLYING:
        assert bench.store.due_work()[NAME].runs == (run.id,)
        org.carry_out(run.id)
        passes += 1
    assert passes == 4, "the last one finds nothing left"
    assert [bench.requested(user) for user in who] == [PBX] * 6


def test_a_stopped_undo_writes_no_more(bench: Bench, org: Org) -> None:
    since = bench.org.now
    edit(bench, org, users(bench, 2), PBX | RECORD)
    run = planned(bench, org, since=since)
    approve_run(bench.store, org, run.id, "ada")
    bench.store.stop_run(run.id, "eve")
    work(bench, org)
    assert bench.requested(users(bench, 1)[0]) == PBX | RECORD
    assert bench.store.run(run.id).status is RunStatus.STOPPED


def test_what_cannot_be_taken_back_is_not_started(bench: Bench, org: Org) -> None:
    now = bench.org.now
    with pytest.raises(NotAllowed, match="either a run, or a stretch"):
        start_undo(bench.store, org, "ada")
    with pytest.raises(NotAllowed, match="ends before it begins"):
        start_undo(bench.store, org, "ada", since=now, until=now)
    theirs = bench.store.create_run("other", RunKind.PLAN, "print", "ada")
    with pytest.raises(NotAllowed, match="not of fresh"):
        start_undo(bench.store, org, "ada", run_id=theirs)
    with pytest.raises(NotAllowed, match="for another org"):
        approve_run(bench.store, org, theirs, "ada")
    first = planned(bench, org, since=now)
    second = planned(bench, org, since=now)
    with pytest.raises(NotAllowed, match=f"Plan {second.id} is newer"):
        approve_run(bench.store, org, first.id, "ada")
    approve_run(bench.store, org, second.id, "ada")
    with pytest.raises(NotAllowed, match="applying"):
        approve_run(bench.store, org, second.id, "ada")


# --- one user --------------------------------------------------------------------------------


def change(before: tuple[Licenses, Licenses], after: tuple[Licenses, Licenses]) -> Changed:
    user = record()
    return Changed(user.user_id, user.username, *before, *after, is_over=False)


def item_of(bench: Bench, made: Changed) -> PlanItem | None:
    now = record(requested=made.requested_after, held=made.held_after)
    return undo_item(made, now, (), bench.rulebook)


@pytest.mark.parametrize(
    ("before", "after", "asked"),
    [
        ((PBX, PBX), (NONE, NONE), PBX),
        ((FREEDOM, PBX), (FREEDOM, FREEDOM | CTI), PBX),
        ((BOTH, SCV), (FREEDOM, FREEDOM | CTI), SCV),
        ((NONE, FREEDOM | CTI | PBX), (NONE, NONE), FREEDOM | PBX | CTI),
        ((PBX, NONE), (PBX | RECORD, PBX | RECORD), NONE),
    ],
    ids=["removed", "granted instead", "a decided conflict", "a first sync", "granted"],
)
def test_the_request_is_found_under_which_the_rules_give_it_back(
    bench: Bench,
    before: tuple[Licenses, Licenses],
    after: tuple[Licenses, Licenses],
    asked: Licenses,
) -> None:
    item = item_of(bench, change(before, after))
    assert item is not None
    assert (item.requested_after, item.after) == (asked, before[1])


def test_what_the_rules_do_not_give_is_left_out_with_their_sentence(bench: Bench) -> None:
    item = item_of(bench, change((CTI, CTI), (NONE, NONE)))
    assert item is not None
    assert item.after is None
    assert item.why.startswith("Left out: the rules would not leave the user with CTI. ")


def test_a_user_who_neither_gained_nor_lost_is_no_item(bench: Bench) -> None:
    assert item_of(bench, change((NONE, PBX), (PBX, PBX))) is None


def test_hidden_flags_leave_a_user_out(bench: Bench) -> None:
    made = change((PBX, PBX), (NONE, NONE))
    now = replace(record(), held=Flags(NONE, RECORD))
    item = undo_item(made, now, (), bench.rulebook)
    assert item is not None
    assert (item.after, item.why) == (None, "Left out: a license field is hidden.")
