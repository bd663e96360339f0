"""Whose doing it was: a decision is credited only with a write that shows on the record."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager

import pytest

from sync.errors import NotAllowed
from sync.model import NONE, Flags, Licenses
from sync.ports.conflict_log import Entry, EntryStatus
from sync.ports.history import HistoryOutcome
from sync.ports.pending import Priority
from sync.ports.salesforce import RecordWrite, WriteResult, Written
from tests.fakes.bench import BOTH, CTI, FINGERPRINT, FREEDOM, PBX, SCV, Bench
from tests.fakes.org import call_failed, refusal

BY_PERSON = "decided in the conflict log"


class _WorkerKilled(BaseException):
    """The worker is gone in the middle of what it did."""


class _DyingWriter:
    """A writer under which the worker dies before the call leaves."""

    write_limit = 200
    conditional_limit = 25

    def write(self, writes: Sequence[RecordWrite]) -> list[WriteResult]:
        raise _WorkerKilled

    write_if_unmodified = write


def decide_and_die(bench: Bench, user: str, keep: Licenses, by: str = "ada") -> Entry:
    """A decision whose worker dies between the history row and the call; the lease is over."""
    entry = bench.resolve(user, keep, by=by)
    bench.org.tick(5)
    with pytest.raises(_WorkerKilled):
        bench.settler(writer=_DyingWriter()).settle(FINGERPRINT, Priority.LIVE, 2000)
    bench.org.tick(40)
    return entry


def test_a_decision_whose_write_never_left_is_overtaken_by_an_edit(bench: Bench) -> None:
    user = bench.conflict()
    entry = decide_and_die(bench, user, FREEDOM)
    bench.org.request(user, BOTH | PBX)
    bench.quiet()
    assert bench.requested(user) == BOTH | PBX
    found = bench.store.entry(entry.id)
    assert found.status is EntryStatus.OPEN
    assert found.note is not None
    assert "overtaken" in found.note


def test_an_edit_to_what_was_decided_is_not_credited_to_the_decision(bench: Bench) -> None:
    user = bench.conflict()
    entry = decide_and_die(bench, user, FREEDOM)
    bench.org.request(user, FREEDOM)
    bench.quiet()
    found = bench.store.entry(entry.id)
    assert (found.status, found.how) == (EntryStatus.RESOLVED, "edited in Salesforce")


def test_an_earlier_decisions_write_is_not_credited_to_a_later_one(bench: Bench) -> None:
    user = bench.conflict()
    entry = decide_and_die(bench, user, FREEDOM, by="ada")
    bench.org.edit(user, held=Flags(SCV))
    bench.quiet()
    assert bench.store.entry(entry.id).status is EntryStatus.OPEN
    bench.resolve(user, SCV, by="bob")
    bench.org.tick(5)
    bench.org.request(user, FREEDOM)
    bench.quiet()
    found = bench.store.entry(entry.id)
    assert (found.resolved_by, found.how) != ("bob", BY_PERSON)


def test_a_decision_waits_while_a_flag_cannot_be_read(bench: Bench) -> None:
    user = bench.conflict()
    entry = bench.resolve(user, FREEDOM)
    by = bench.org.users[user].modified_by or ""
    bench.org.edit(user, held=Flags(FREEDOM | CTI, PBX), by=by)
    bench.org.tick(5)
    bench.org.written.clear()
    bench.batch()
    assert bench.org.written == []
    assert bench.store.entry(entry.id).status is EntryStatus.DECIDING
    assert [p.code for p in bench.parked()] == ["unknown"]
    bench.org.edit(user, held=Flags(FREEDOM | CTI), by=by)
    bench.quiet()
    assert bench.requested(user) == FREEDOM
    assert bench.store.entry(entry.id).how == BY_PERSON
    assert bench.parked() == []


def test_the_note_that_a_user_is_parked_is_no_write_of_the_decision(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    user = bench.conflict()
    entry = bench.resolve(user, FREEDOM)
    bench.org.tick(5)
    bench.org.refuse[user] = refusal()

    def lost(writes: Sequence[RecordWrite]) -> list[WriteResult]:
        return [WriteResult(write.user_id, Written.UNKNOWN) for write in writes]

    monkeypatch.setattr(bench.org, "write", lost)
    bench.batch()
    note = next(r for r in bench.history(user) if r.outcome is HistoryOutcome.UNKNOWN)
    assert (note.intent.requested_after, note.intent.conflict_id) == (BOTH, None)
    monkeypatch.undo()
    bench.org.refuse.clear()
    bench.org.tick(10)
    bench.org.request(user, BOTH | PBX)
    bench.quiet()
    assert bench.store.entry(entry.id).how != BY_PERSON


def test_keeping_both_sides_is_no_decision(bench: Bench) -> None:
    user = bench.conflict()
    with pytest.raises(NotAllowed, match="keep one of these, or none"):
        bench.resolve(user, BOTH)
    assert [e.status for e in bench.living(user)] == [EntryStatus.OPEN]


def test_keeping_neither_is_credited_after_a_lost_answer(bench: Bench) -> None:
    user = bench.conflict()
    entry = bench.resolve(user, NONE)
    bench.org.tick(5)
    bench.org.lose_answers = True
    bench.batch()
    bench.org.lose_answers = False
    bench.org.tick(5)
    bench.org.request(user, PBX)
    bench.quiet()
    found = bench.store.entry(entry.id)
    assert (found.resolved_by, found.how) == ("ada", BY_PERSON)


@pytest.mark.parametrize("how", ["not sent", "refused"])
def test_a_decision_that_never_arrived_is_not_credited_for_an_older_one_on_the_record(
    bench: Bench, how: str
) -> None:
    """That it is a conflict could not be written either, so that the record tells of before it."""
    user = bench.user(requested=FREEDOM)
    bench.quiet()
    bench.org.tick(3)
    bench.org.request(user, BOTH)
    with _nothing_arrives(bench, user, how):
        bench.poll()
        bench.batch()
    entry = bench.resolve(user, FREEDOM)
    bench.org.tick(3)
    with _nothing_arrives(bench, user, "timed out"):
        bench.batch()
    bench.org.tick(30)
    bench.quiet()
    assert bench.requested(user) == FREEDOM
    found = bench.store.entry(entry.id)
    assert (found.status, found.resolved_by) == (EntryStatus.RESOLVED, "ada")
    assert len(bench.entries(user)) == 1


@contextmanager
def _nothing_arrives(bench: Bench, user: str, how: str) -> Iterator[None]:
    def fail() -> None:
        raise call_failed(maybe_arrived=how == "timed out")

    if how == "refused":
        bench.org.refuse[user] = refusal()
    else:
        bench.org.before_write = fail
    yield
    bench.org.refuse.clear()
    bench.org.before_write = lambda: None
