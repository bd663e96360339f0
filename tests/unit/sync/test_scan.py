"""What polls notice, and that no order of commits, ties or crashes makes them miss anybody."""

from dataclasses import replace
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sync.errors import CallFailed
from sync.model import NONE, Flags
from sync.ports.pending import Priority
from sync.ports.salesforce import Position
from sync.scan import Scanner
from tests.fakes.bench import FREEDOM, ORG, PBX, Bench, memory_bench
from tests.fakes.org import FakeOrg, call_failed, record


def scanner(bench: Bench, page_limit: int = 2000) -> Scanner:
    return Scanner(ORG, bench.store, bench.org, bench.rulebook, page_limit)


def pending(bench: Bench) -> int:
    figures = bench.store.figures().get(ORG)
    return 0 if figures is None else figures.pending


def test_a_poll_notices_who_is_not_settled_and_nobody_else(bench: Bench) -> None:
    bench.org.now += timedelta(minutes=1)
    changed, quiet = bench.user(1, requested=FREEDOM), bench.user(2)
    bench.quiet()
    bench.org.request(changed, NONE)
    bench.org.edit(quiet, name="Another")
    assert bench.poll() == 1


def test_a_second_poll_of_the_same_record_changes_nothing(bench: Bench) -> None:
    bench.user(requested=FREEDOM)
    assert bench.poll() == 1
    assert bench.poll() == 0


def test_ties_at_the_page_limit_are_all_read(bench: Bench) -> None:
    for number in range(1, 51):
        bench.user(number, requested=PBX)
    report = scanner(bench, page_limit=7).poll()
    assert report is not None
    assert (report.users_read, report.noticed, report.pages) == (50, 50, 8)


def test_a_failed_page_keeps_what_was_read_and_lets_the_next_poll_go_on(bench: Bench) -> None:
    for number in range(1, 21):
        bench.user(number, requested=PBX)
    pages = iter([None, call_failed()])
    real = bench.org.changed_since

    def changed_since(position: Position, limit: int) -> object:
        failed = next(pages, None)
        if failed is not None:
            raise failed
        return real(position, limit)

    bench.org.changed_since = changed_since  # type: ignore[method-assign]
    with pytest.raises(CallFailed):
        scanner(bench, page_limit=7).poll()
    assert pending(bench) == 7
    assert bench.store.state(ORG).last_poll_at is None
    assert scanner(bench, page_limit=7).poll() is not None
    assert pending(bench) == 20
    assert bench.store.state(ORG).last_poll_at is not None


def test_two_polls_at_once_are_one(bench: Bench) -> None:
    bench.store.take_cursor(ORG, "poll", 60)
    assert scanner(bench).poll() is None


def test_live_edits_come_first(bench: Bench) -> None:
    bench.user(requested=PBX)
    bench.poll()
    assert bench.store.due_work()[ORG].live == 1
    assert bench.store.due_work()[ORG].bulk == 0
    assert Priority.LIVE < Priority.BULK


def commit_late(org: FakeOrg, number: int, lag: timedelta) -> None:
    """A row becomes visible now that was stamped `lag` ago."""
    stamp = (org.now - lag).replace(microsecond=0)
    org.add(replace(record(number, requested=PBX), modstamp=stamp, modified_at=stamp))


def test_a_row_committed_after_the_poll_passed_its_stamp_is_found(bench: Bench) -> None:
    bench.user(1)
    bench.quiet()
    bench.org.tick(120)
    bench.org.edit("005000000000001AAA", name="newest")
    bench.poll()
    commit_late(bench.org, 2, timedelta(minutes=4))
    assert bench.poll() == 0, "the fast poll passed it"
    scanner(bench).overlap()
    assert pending(bench) == 1


def test_a_transaction_longer_than_the_overlap_is_found_by_the_floor(bench: Bench) -> None:
    bench.user(1)
    bench.org.covered = timedelta(seconds=0)
    scanner(bench).overlap()
    started = bench.org.now
    for _ in range(10):
        bench.org.tick(300)
        bench.org.edit("005000000000001AAA", name="newest")
        bench.org.covered = bench.org.now - started
        scanner(bench).overlap()
        bench.quiet()
    commit_late(bench.org, 2, bench.org.now - started - timedelta(seconds=1))
    bench.org.covered = timedelta(seconds=0)
    bench.org.tick(300)
    scanner(bench).overlap()
    assert pending(bench) == 1


def test_an_overlap_scan_that_breaks_off_starts_again_where_it_started(bench: Bench) -> None:
    for number in range(1, 21):
        bench.user(number)
    scanner(bench).overlap()
    bench.org.tick(60)
    for number in range(1, 21):
        bench.org.request(record(number).user_id, PBX)
        bench.org.tick(1)
    pages = iter([None, call_failed()])
    real = bench.org.changed_since

    def changed_since(position: Position, limit: int) -> object:
        failed = next(pages, None)
        if failed is not None:
            raise failed
        return real(position, limit)

    bench.org.changed_since = changed_since  # type: ignore[method-assign]
    with pytest.raises(CallFailed):
        scanner(bench, page_limit=7).overlap()
    bench.org.tick(3600)
    scanner(bench, page_limit=7).overlap()
    assert pending(bench) == 20


def test_unknown_flags_are_noticed_for_the_log(bench: Bench) -> None:
    user = bench.user()
    bench.org.edit(user, held=Flags(NONE, unknown=PBX))
    assert bench.poll() == 1


@given(st.lists(st.tuples(st.integers(1, 4), st.integers(0, 500), st.booleans()), max_size=25))
def test_any_order_of_commits_ends_with_everybody_noticed(
    events: list[tuple[int, int, bool]],
) -> None:
    """Rows appear with stamps up to 500 s old, between polls; nobody is left out."""
    with memory_bench() as bench:
        scanner(bench).overlap()
        late: set[int] = set()
        for offset, (gap, lag, poll) in enumerate(events):
            bench.org.tick(gap)
            commit_late(bench.org, 100 + offset, timedelta(seconds=lag))
            late.add(100 + offset)
            if poll:
                scanner(bench, page_limit=3).poll()
        bench.org.tick(60)
        scanner(bench, page_limit=3).poll()
        scanner(bench, page_limit=3).overlap()
        assert pending(bench) == len(late)
