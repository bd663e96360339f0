"""What a batch books: nothing is fought or asked for without end, and no hold is lost."""

from collections.abc import Sequence
from datetime import timedelta

import pytest

from sync.errors import Remedy
from sync.model import NONE, Flags, Licenses
from sync.ports.conflict_log import EntryStatus
from sync.ports.pending import Cause, Notice, Priority
from sync.ports.salesforce import RecordWrite, WriteResult, Written
from tests.fakes.bench import BOTH, CTI, FREEDOM, ORG, PBX, SCV, Bench, memory_bench
from tests.fakes.org import refusal


def hide(bench: Bench, user: str, unknown: Licenses) -> None:
    """A flag of the record cannot be read any more; or can again, with NONE."""
    held = Flags(bench.held(user), unknown)
    bench.org.edit(user, held=held, by=bench.org.users[user].modified_by or "")


# A flag that cannot be read


def test_what_is_held_back_outlives_a_flag_that_cannot_be_read(bench: Bench) -> None:
    user = bench.user(requested=CTI, held=CTI)
    bench.store.notice(ORG, [Notice(user, "u", Cause.ADOPT, Priority.LIVE, hold=CTI)])
    bench.quiet()
    hide(bench, user, PBX)
    bench.quiet()
    assert [p.hold for p in bench.parked()] == [CTI]
    hide(bench, user, NONE)
    bench.quiet()
    assert bench.held(user) == CTI


def test_a_conflict_outlives_a_flag_that_cannot_be_read(bench: Bench) -> None:
    user = bench.conflict()
    (before,) = bench.living(user)
    hide(bench, user, PBX)
    bench.quiet()
    assert {e.code: e.status for e in bench.living(user)} == {
        before.code: EntryStatus.OPEN,
        "unknown": EntryStatus.OPEN,
    }
    hide(bench, user, NONE)
    bench.quiet()
    assert [(e.id, e.kept) for e in bench.living(user)] == [(before.id, FREEDOM)]


def test_a_dismissal_outlives_a_flag_that_cannot_be_read(bench: Bench) -> None:
    user = bench.conflict()
    (entry,) = bench.living(user)
    bench.store.dismiss(entry.id, "ada", "both are wanted for now")
    hide(bench, user, PBX)
    bench.quiet()
    hide(bench, user, NONE)
    bench.quiet()
    assert [(e.id, e.status) for e in bench.living(user)] == [(entry.id, EntryStatus.DISMISSED)]


# Without end


def test_a_record_that_always_moves_is_asked_ever_less_and_then_parked(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    user = bench.conflict()
    bench.resolve(user, FREEDOM)
    bench.org.tick(5)
    bench.org.calls.clear()

    def moved(writes: Sequence[RecordWrite]) -> list[WriteResult]:
        return [WriteResult(write.user_id, Written.MOVED) for write in writes]

    monkeypatch.setattr(bench.org, "write_if_unmodified", moved)
    for _ in range(50):
        bench.batch()
    assert len(bench.org.calls) <= 2
    for _ in range(50):
        bench.org.tick(60)
        bench.batch()
    assert [p.code for p in bench.parked()] == ["moved"]
    assert len(bench.org.calls) <= 10


def test_what_stops_the_org_parks_nobody(bench: Bench) -> None:
    user = bench.user(requested=PBX)
    bench.org.refuse[user] = refusal("INVALID_FIELD_FOR_INSERT_UPDATE", Remedy.STOP_ORG)
    bench.notice(user)
    for _ in range(12):
        bench.batch()
        bench.org.tick(400)
    assert bench.parked() == []


def test_a_decision_that_may_not_be_written_is_parked_and_stops_nobody_else(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    user, other = bench.conflict(), bench.user(77, requested=PBX)
    bench.resolve(user, FREEDOM)
    bench.org.tick(5)
    read_only = refusal("INVALID_FIELD_FOR_INSERT_UPDATE", Remedy.STOP_ORG)

    def refuse(writes: Sequence[RecordWrite]) -> list[WriteResult]:
        return [WriteResult(write.user_id, Written.REFUSED, read_only) for write in writes]

    monkeypatch.setattr(bench.org, "write_if_unmodified", refuse)
    bench.notice(other)
    report = bench.batch()
    assert report is not None
    assert report.stopped_by is None
    assert bench.held(other) == PBX
    assert [p.user_id for p in bench.parked()] == [user]
    assert [e.status for e in bench.living(user)] == [EntryStatus.DECIDING]


def held_back(bench: Bench) -> str:
    """A lone CTI that an adoption holds back."""
    user = bench.user(requested=CTI, held=CTI)
    bench.store.notice(ORG, [Notice(user, "u", Cause.ADOPT, Priority.LIVE, hold=CTI)])
    bench.quiet()
    return user


@pytest.mark.parametrize("named", [True, False])
def test_trying_again_after_another_trouble_gives_up_nothing(bench: Bench, named: bool) -> None:
    user = held_back(bench)
    bench.org.request(user, CTI | PBX)
    bench.org.refuse[user] = refusal()
    bench.quiet()
    bench.org.refuse.clear()
    assert bench.store.retry_parked(ORG, [user] if named else [], "ada") == 1
    bench.quiet()
    assert bench.held(user) == CTI | PBX


def test_a_conflict_is_said_before_what_is_held_back(bench: Bench) -> None:
    user = held_back(bench)
    bench.org.request(user, CTI | BOTH)
    bench.quiet()
    assert bench.status(user) == "Conflict"
    assert bench.held(user) == CTI


# A write that crosses the edit


@pytest.mark.parametrize("minutes", [-10, 0, 10])
def test_a_write_that_crosses_an_edit_picks_no_side_whatever_the_clocks_say(minutes: int) -> None:
    with memory_bench(skew=timedelta(minutes=minutes)) as bench:
        user = bench.user(requested=SCV)

        def ask_for_both() -> None:
            bench.org.before_write = lambda: None
            bench.org.request(user, BOTH)

        bench.org.before_write = ask_for_both
        bench.settle(user)
        bench.quiet()
        assert bench.held(user) == NONE


# A swap that cannot be made


def test_a_write_on_its_way_when_the_swap_was_asked_for_keeps_nothing() -> None:
    with memory_bench(features=()) as bench:
        user = bench.user(requested=FREEDOM)

        def swap() -> None:
            bench.org.before_write = lambda: None
            bench.org.request(user, SCV)

        bench.org.before_write = swap
        bench.settle(user)
        bench.quiet()
        assert bench.held(user) == NONE


def test_what_was_held_when_the_swap_was_asked_for_is_kept() -> None:
    with memory_bench(features=()) as bench:
        user = bench.user(requested=FREEDOM)
        bench.quiet()
        bench.org.request(user, SCV)
        bench.quiet()
        assert bench.held(user) == FREEDOM | CTI
