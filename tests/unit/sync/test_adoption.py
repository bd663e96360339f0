"""A brownfield org is taken over and nobody loses a license."""

from collections.abc import Sequence
from dataclasses import replace

import pytest

from sync.adoption import Adopter, AdoptionReport
from sync.errors import CallFailed, LeaseLost, Remedy
from sync.model import NONE, Flags, License, Licenses
from sync.ports.pending import Cause, Notice, Priority
from sync.ports.runs import Run, RunKind
from sync.ports.salesforce import Reading
from sync.settle import Settler
from tests.fakes.bench import BOTH, CTI, FINGERPRINT, FREEDOM, ORG, PBX, SCV, Bench
from tests.fakes.org import call_failed, refusal
from tests.unit.sync.test_reconcile import run

PCI = Licenses.of(License.PCI)


def adopter(bench: Bench) -> Adopter:
    return Adopter(
        ORG,
        bench.store,
        bench.store,
        bench.org,
        bench.org,
        bench.rulebook.version,
        bench.org.tick,
    )


def adopt(bench: Bench) -> tuple[Run, AdoptionReport]:
    plan = run(bench, RunKind.ADOPT)
    report = adopter(bench).apply(plan.id, "ada")
    assert report is not None
    return plan, report


def settle_everything(bench: Bench) -> None:
    run(bench, RunKind.RECONCILE)
    settler: Settler = bench.settler()
    while settler.settle(FINGERPRINT, Priority.BULK, 2000) is not None:
        bench.org.tick(3)
    bench.quiet()


def test_nobody_loses_anything(bench: Bench) -> None:
    held = [CTI | PBX, BOTH | CTI, FREEDOM | CTI, SCV, PCI | PBX, FREEDOM, NONE, PBX]
    users = {bench.user(number, held=flags): flags for number, flags in enumerate(held, start=1)}
    inactive = bench.user(20, held=FREEDOM | CTI | PBX)
    bench.org.edit(inactive, active=False)
    users[inactive] = FREEDOM | CTI | PBX
    _, report = adopt(bench)
    assert report.left == {}
    settle_everything(bench)
    for user, before in users.items():
        assert not before - bench.held(user), bench.org.users[user]
        assert bench.requested(user) == before
    assert {p.hold.code for p in bench.parked()} == {"C", "P"}
    assert [e.code for e in bench.living() if e.kind == "conflict"] == ["both_held"]


def test_an_adoption_is_in_the_history_under_the_persons_name(bench: Bench) -> None:
    user = bench.user(1, held=PBX)
    plan, _ = adopt(bench)
    (row,) = bench.history(user)
    assert (row.intent.cause, row.intent.actor, row.intent.run_id) == (Cause.ADOPT, "ada", plan.id)
    assert (row.outcome, row.intent.requested_after) == ("confirmed", PBX)


def test_a_record_that_changed_since_the_plan_is_left_alone(bench: Bench) -> None:
    asked, moved, hidden = (bench.user(n, held=PBX) for n in (1, 2, 3))
    plan = run(bench, RunKind.ADOPT)
    bench.org.request(asked, FREEDOM)
    bench.org.edit(moved, held=replace(bench.org.users[moved].held, on=NONE))
    found = bench.org.users[hidden]
    bench.org.edit(hidden, requested=replace(found.requested, unknown=CTI))
    report = adopter(bench).apply(plan.id, "ada")
    assert report is not None
    assert set(report.left) == {asked, moved, hidden}
    assert bench.org.written == []


def test_a_record_that_moves_under_the_write_is_left_for_the_next_round(bench: Bench) -> None:
    user = bench.user(1, held=PBX)
    plan = run(bench, RunKind.ADOPT)

    def rename() -> None:
        bench.org.tick(3)
        bench.org.edit(user, name="New Name")

    bench.org.before_write = rename
    report = adopter(bench).apply(plan.id, "ada")
    assert report is not None
    assert list(report.left) == [user]
    bench.org.before_write = lambda: None
    _, report = adopt(bench)
    assert bench.requested(user) == PBX


def test_a_young_record_is_waited_for(bench: Bench) -> None:
    user = bench.user(1, held=PBX)
    bench.org.edit(user, name="New Name")
    before = bench.org.now
    adopt(bench)
    assert bench.requested(user) == PBX
    assert (bench.org.now - before).total_seconds() >= 2


def test_a_refused_write_is_reported(bench: Bench) -> None:
    user = bench.user(1, held=PBX)
    bench.org.refuse[user] = refusal()
    _, report = adopt(bench)
    assert report.left == {user: refusal().message}


def test_a_lost_call_leaves_its_users_for_the_next_round(bench: Bench) -> None:
    user = bench.user(1, held=PBX)
    plan = run(bench, RunKind.ADOPT)

    def fail() -> None:
        raise call_failed()

    bench.org.before_write = fail
    report = adopter(bench).apply(plan.id, "ada")
    assert report is not None
    assert list(report.left) == [user]


def test_an_org_that_must_stop_stops_the_adoption(bench: Bench) -> None:
    bench.user(1, held=PBX)
    plan = run(bench, RunKind.ADOPT)

    def fail() -> None:
        raise call_failed(Remedy.STOP_ORG)

    bench.org.before_write = fail
    with pytest.raises(CallFailed):
        adopter(bench).apply(plan.id, "ada")


def test_a_pause_stops_an_adoption(bench: Bench) -> None:
    bench.user(1, held=PBX)
    plan = run(bench, RunKind.ADOPT)
    bench.store.pause(ORG, "bob")
    with pytest.raises(LeaseLost):
        adopter(bench).apply(plan.id, "ada")
    assert bench.org.written == []


def test_two_people_adopting_at_once_are_one(bench: Bench) -> None:
    bench.user(1, held=PBX)
    plan = run(bench, RunKind.ADOPT)
    assert bench.store.take_to_apply(plan.id, "bob", 60) is not None
    assert adopter(bench).apply(plan.id, "ada") is None


def test_what_is_held_back_outlives_later_notices(bench: Bench) -> None:
    user = bench.user(1, held=CTI)
    adopt(bench)
    bench.store.notice(ORG, [Notice(user, "u", Cause.POLL, Priority.LIVE, seen="other")])
    settle_everything(bench)
    assert bench.held(user) == CTI


def test_who_cannot_be_read_is_in_the_way_and_said_so(bench: Bench) -> None:
    user = bench.user(1, held=FREEDOM | CTI)
    bench.org.edit(user, requested=Flags(NONE, PBX))
    bench.user(2, held=PBX)
    plan, report = adopt(bench)
    assert report.left == {user: "a license field is hidden"}
    (left,) = bench.store.items(run(bench, RunKind.ADOPT).id)
    assert (left.user_id, left.after) == (user, None)
    assert plan.removals == 0


def test_an_adoption_with_little_to_write_keeps_its_lease(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    """All was written by one that died; this one only reads, page by slow page."""
    users = [bench.user(number, held=PBX) for number in range(10, 80)]
    bench.org.read_limit = 2
    plan = run(bench, RunKind.ADOPT)
    for user in users:
        bench.org.request(user, PBX)
    read = bench.org.read

    def slow(user_ids: Sequence[str]) -> Reading:
        bench.org.tick(2)
        return read(user_ids)

    monkeypatch.setattr(bench.org, "read", slow)
    assert adopter(bench).apply(plan.id, "ada") is not None
