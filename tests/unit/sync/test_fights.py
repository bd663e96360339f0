"""Nothing is fought for without end: what undoes our writes is named, and waited for."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from itertools import cycle, pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sync.fights import FIGHTING, ROUNDS, TOO_OFTEN_REASON
from sync.model import NONE, Flags, Licenses
from sync.ports.history import HistoryOutcome
from sync.ports.salesforce import RecordWrite, WriteResult, Written
from tests.fakes.bench import CTI, FREEDOM, ORG, PBX, RECORD, Bench, memory_bench
from tests.fakes.org import INTEGRATION, FakeOrg, record, refusal

ROBOT = "005000000000003AAA"
HOUR, DAY = 3600.0, 24 * 3600.0

Undo = Callable[[FakeOrg, str], None]
"""What an automation does to a record that was just written."""


def takes_all(org: FakeOrg, user: str) -> None:
    org.edit(user, held=Flags(NONE), by=ROBOT)


@contextmanager
def automation(bench: Bench, undo: Undo = takes_all) -> Iterator[None]:
    """After each write something of the org changes the record, at once."""
    write_one = bench.org._write_one

    def undone(write: RecordWrite, *, guarded: bool) -> WriteResult:
        result = write_one(write, guarded=guarded)
        undo(bench.org, write.user_id)
        return result

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(bench.org, "_write_one", undone)
        yield


@pytest.fixture
def bench() -> Iterator[Bench]:
    """An armed org; days pass in these tests, so its database is in memory."""
    with memory_bench() as made:
        yield made


def pass_(bench: Bench, seconds: float, *, step: float = 60.0) -> None:
    """Let workers poll and settle for so long."""
    for _ in range(int(seconds / step)):
        bench.poll()
        bench.batch(writes_per_hour=20)
        bench.org.tick(step)


def written_at(bench: Bench) -> list[datetime]:
    """When writes arrived, oldest first."""
    rows = [row.at for row in bench.history() if row.outcome is HistoryOutcome.CONFIRMED]
    return sorted(rows)


def gaps(bench: Bench) -> list[float]:
    """The hours between writes, rounded."""
    times = written_at(bench)
    return [round((after - before).total_seconds() / HOUR) for before, after in pairwise(times)]


def test_what_is_undone_each_time_is_parked_after_a_few_rounds(bench: Bench) -> None:
    bench.user(requested=PBX)
    with automation(bench):
        pass_(bench, HOUR)
    (parked,) = bench.parked()
    assert parked.code == FIGHTING
    assert ROBOT in parked.reason
    assert len(bench.org.written) == ROUNDS


def test_writes_that_nobody_heard_of_are_no_fight(bench: Bench) -> None:
    """They may never have arrived, so that nobody undid them; the hour's limit counts them."""
    bench.user(requested=PBX)
    bench.org.lose_answers = True
    with automation(bench):
        pass_(bench, HOUR)
    assert ROUNDS < len(bench.org.written) <= 20
    assert bench.parked() == []


def test_who_undoes_it_is_named_if_known(bench: Bench) -> None:
    bench.org.add(record(3))
    bench.store.remember(ORG, [record(3)])
    assert record(3).user_id == ROBOT
    bench.user(requested=PBX)
    with automation(bench):
        pass_(bench, HOUR)
    assert f"User 3 ({ROBOT})" in bench.parked()[0].reason


def test_an_automation_that_runs_in_our_own_name_is_found_out(bench: Bench) -> None:
    bench.user(requested=PBX)
    with automation(bench, lambda org, user: org.edit(user, held=Flags(NONE), by=INTEGRATION)):
        pass_(bench, HOUR)
    assert len(bench.org.written) == ROUNDS
    assert "license-sync's own user" in bench.parked()[0].reason


def test_the_next_tries_come_ever_more_rarely_up_to_one_a_day(bench: Bench) -> None:
    """Each of them wins for a moment; that is no reason to begin anew."""
    bench.user(requested=PBX)
    with automation(bench):
        pass_(bench, 5 * DAY, step=900)
    assert gaps(bench)[ROUNDS - 1 :] == [1, 2, 4, 8, 16, 24, 24, 24]


@pytest.mark.parametrize("parts", [(CTI, FREEDOM | CTI), (PBX, RECORD, FREEDOM | CTI)])
def test_who_undoes_another_part_each_time_fights_as_well(
    bench: Bench, parts: tuple[Licenses, ...]
) -> None:
    bench.user(requested=FREEDOM | PBX | RECORD)

    def takes_a_part(org: FakeOrg, user: str) -> None:
        part = parts[len(org.written) % len(parts)]
        org.edit(user, held=Flags(bench.held(user) - part), by=ROBOT)

    with automation(bench, takes_a_part):
        pass_(bench, HOUR)
    assert [parked.code for parked in bench.parked()] == [FIGHTING]
    assert len(bench.org.written) == ROUNDS


def test_a_person_who_says_so_has_it_written_once_more(bench: Bench) -> None:
    user = bench.user(requested=PBX)
    with automation(bench):
        pass_(bench, HOUR)
        bench.store.retry_parked(ORG, [user], "ada")
        pass_(bench, 300)
        assert len(bench.org.written) == ROUNDS + 1
    bench.store.retry_parked(ORG, [user], "ada")
    bench.quiet()
    assert bench.held(user) == PBX
    assert bench.parked() == []


def test_a_look_in_between_does_not_shorten_the_wait(bench: Bench) -> None:
    user = bench.user(requested=PBX)
    with automation(bench):
        pass_(bench, 600)
        for _ in range(10):
            bench.org.edit(user, name="Ann")
            pass_(bench, 240)
    assert len(bench.org.written) == ROUNDS
    assert [parked.code for parked in bench.parked()] == [FIGHTING]


def test_once_the_automation_is_gone_the_next_try_settles_it(bench: Bench) -> None:
    user = bench.user(requested=PBX)
    with automation(bench):
        pass_(bench, HOUR / 2)
    pass_(bench, HOUR)
    assert bench.held(user) == PBX
    assert bench.parked() == []


def test_a_stable_stretch_makes_it_forgotten(bench: Bench) -> None:
    user = bench.user(requested=PBX)
    with automation(bench):
        pass_(bench, HOUR / 2)
    pass_(bench, HOUR)
    bench.org.tick(2 * DAY + HOUR)
    bench.org.edit(user, held=Flags(NONE), by=ROBOT)
    before = len(bench.org.written)
    with automation(bench):
        pass_(bench, HOUR)
    assert len(bench.org.written) == before + ROUNDS


def test_another_request_of_a_fought_for_user_is_written_at_once(bench: Bench) -> None:
    user = bench.user(requested=PBX)
    with automation(bench):
        pass_(bench, 600)
    bench.org.request(user, PBX | RECORD)
    bench.quiet()
    assert bench.held(user) == PBX | RECORD
    assert bench.parked() == []


def changes_its_mind(bench: Bench, user: str, times: int) -> None:
    """Somebody who asks for something else every 15 seconds."""
    for turn in range(times):
        bench.org.request(user, NONE if turn % 2 else PBX)
        pass_(bench, 15, step=15)


def test_a_person_who_cannot_make_up_their_mind_is_no_fight(bench: Bench) -> None:
    user = bench.user()
    changes_its_mind(bench, user, 16)
    assert len(written_at(bench)) == 16
    assert bench.parked() == []


def test_nobody_is_written_to_more_often_than_the_hour_allows(bench: Bench) -> None:
    user = bench.user()
    changes_its_mind(bench, user, 31)
    assert len(written_at(bench)) == 20
    waiting = bench.store.waiting(ORG, user)
    assert waiting is not None
    assert not waiting.parked
    assert waiting.error == TOO_OFTEN_REASON
    pass_(bench, HOUR + 300)
    assert bench.held(user) == PBX


UNDOINGS = st.lists(
    st.tuples(
        st.sampled_from([NONE, PBX, RECORD, PBX | RECORD]),
        st.sampled_from([None, NONE, PBX, RECORD]),
    ),
    min_size=1,
    max_size=6,
)


@settings(max_examples=20)
@given(UNDOINGS, st.integers(1, 25), st.sampled_from([30.0, 90.0, 400.0]))
def test_whatever_an_automation_does_the_hour_is_kept_and_its_end_settles(
    undoings: list[tuple[Licenses, Licenses | None]], most: int, step: float
) -> None:
    """It sets what is held, and the requests or not; other settings after each write."""
    with memory_bench() as bench:
        user = bench.user(requested=PBX)

        def undo(org: FakeOrg, user: str) -> None:
            held, requested = undoings[len(org.written) % len(undoings)]
            asks = bench.requested(user) if requested is None else requested
            org.edit(user, held=Flags(held), requested=Flags(asks), by=ROBOT)

        with automation(bench, undo):
            for _ in range(60):
                bench.poll()
                bench.batch(writes_per_hour=most)
                bench.org.tick(step)
        times = written_at(bench)
        for first, later in zip(times, times[most:], strict=False):
            assert later - first > timedelta(hours=1)
        bench.org.tick(DAY)
        bench.quiet(writes_per_hour=most)
        assert bench.held(user) == bench.requested(user)
        assert bench.parked() == []


@contextmanager
def some_writes(bench: Bench, pattern: str) -> Iterator[None]:
    """Of the writes that an automation undoes, some are refused (R), or unanswered (U)."""
    write_one, kinds = bench.org._write_one, cycle(pattern)

    def write(write: RecordWrite, *, guarded: bool) -> WriteResult:
        kind = next(kinds)
        if kind == "R":
            return WriteResult(write.user_id, Written.REFUSED, refusal())
        result = write_one(write, guarded=guarded)
        takes_all(bench.org, write.user_id)
        return WriteResult(write.user_id, Written.UNKNOWN) if kind == "U" else result

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(bench.org, "_write_one", write)
        yield


@pytest.mark.parametrize("pattern", ["CCCR", "UUUCCUUCCU", "UC"])
def test_a_fight_is_one_although_some_writes_are_refused_or_unanswered(
    bench: Bench, pattern: str
) -> None:
    bench.user(requested=PBX)
    with some_writes(bench, pattern):
        pass_(bench, DAY / 2, step=300)
    assert [parked.code for parked in bench.parked()] == [FIGHTING]
