"""What an org does with the API calls that are left to it, and what it says of them."""

from collections.abc import Iterator

import pytest

from sync.budget import SANE_BUDGET
from sync.errors import CallFailed, Failure, Remedy
from sync.metering import SANE_NET
from sync.org import Org
from sync.ports.pending import Cause, Notice, Priority
from sync.ports.streams import Heard, Source
from tests.fakes.bench import CTI, FREEDOM, PBX, Bench
from tests.fakes.org import call_failed
from tests.unit.sync.fresh_org import NAME, fresh_bench, org_of, work

QUOTA = Failure("REQUEST_LIMIT_EXCEEDED", "Used up.", Remedy.STOP_ORG, 1800)


@pytest.fixture
def bench() -> Iterator[Bench]:
    with fresh_bench() as made:
        yield made


def test_the_quota_is_noted(bench: Bench) -> None:
    org = org_of(bench)
    work(bench, org, rounds=60)
    state = bench.store.state(NAME)
    assert state.api_allowed == 15_000
    assert state.api_used is not None


def day(bench: Bench, org: Org, hours: float) -> int:
    """What the ticks of so many hours do; how many calls that took."""
    before = len(bench.org.calls)
    for _ in range(int(hours * 3600 / 15)):
        if bench.org.allowed <= bench.org.used_by_others:
            bench.org.fail = CallFailed(QUOTA)
        bench.org.tick(15)
        org.poll()
        for priority in Priority:
            org.settle(priority, 2000)
        bench.org.fail = None
    return len(bench.org.calls) - before


def test_an_org_without_quota_is_tried_now_and_then_and_recovers_by_itself(bench: Bench) -> None:
    user = bench.user()
    org = org_of(bench)
    work(bench, org)
    bench.org.used_by_others = bench.org.allowed
    bench.org.request(user, FREEDOM)
    bench.store.notice(NAME, [Notice(user, "ann", Cause.POLL, Priority.LIVE)])
    tries = day(bench, org, hours=2)
    assert 2 * 4 <= tries <= 2 * 4 + 2
    assert bench.store.figures()[NAME].pending == 1
    assert NAME not in bench.store.due_work()
    bench.org.used_by_others = 0
    day(bench, org, hours=0.3)
    assert bench.held(user) == FREEDOM | CTI
    assert bench.store.state(NAME).problem is None


def test_as_the_quota_is_used_up_runs_wait_then_looks_are_rare_and_writes_go_on(
    bench: Bench,
) -> None:
    user = bench.user()
    org = org_of(bench)
    work(bench, org)
    bench.org.allowed = 1_000_000
    looks = []
    for share in (0.5, 0.75, 0.9, 0.97):
        bench.org.used_by_others = int(share * bench.org.allowed)
        day(bench, org, hours=0.25)
        looks.append(day(bench, org, hours=1))
        assert org.may_run() is (share == 0.5)
    assert looks[0] >= 240
    assert looks[1] == looks[0]
    assert 30 <= looks[2] <= 60
    assert 4 <= looks[3] <= 20
    bench.org.request(user, PBX)
    bench.store.notice(NAME, [Notice(user, "ann", Cause.POLL, Priority.LIVE)])
    org.settle(Priority.LIVE, 2000)
    assert bench.held(user) == PBX


def test_calls_at_once_are_tried_again_in_seconds_apart_from_each_other(bench: Bench) -> None:
    for jitter, wait in ((0.0, 5.0), (1.0, 7.5)):
        org = org_of(bench, jitter=lambda jitter=jitter: jitter)
        failure = Failure("REQUEST_LIMIT_EXCEEDED", "Too many at once.", Remedy.RETRY, 5)
        bench.org.fail = CallFailed(failure)
        org.poll()
        until = bench.store.state(NAME).problem_until
        assert until is not None
        assert (until - bench.org.now).total_seconds() == wait
        bench.org.tick(30)


def test_a_process_that_made_no_call_does_not_bring_back_an_old_quota(bench: Bench) -> None:
    org = org_of(bench)
    work(bench, org)
    bench.store.report_usage(NAME, 7_000, bench.org.allowed)
    org.settle(Priority.LIVE, 2000)
    assert bench.store.state(NAME).api_used == 7_000


def test_a_call_without_an_answer_does_not_bring_back_an_old_quota(bench: Bench) -> None:
    org = org_of(bench)
    work(bench, org)
    bench.store.report_usage(NAME, 7_000, bench.org.allowed)
    bench.org.fail = call_failed()
    org.poll()
    assert bench.store.state(NAME).api_used == 7_000
    assert bench.store.state(NAME).problem is not None


def test_with_few_calls_left_all_processes_together_come_back_rarely(bench: Bench) -> None:
    processes = [org_of(bench) for _ in range(5)]
    work(bench, processes[0])
    bench.store.report_usage(NAME, int(0.97 * bench.org.allowed), bench.org.allowed)
    bench.org.used_by_others = int(0.97 * bench.org.allowed)
    begun, done = bench.org.now, 0
    while (bench.org.now - begun).total_seconds() < 4 * SANE_BUDGET.probe_seconds:
        done += sum(process.overlap() is not None for process in processes)
        bench.org.tick(300)
    assert 3 <= done <= 5


def test_looks_are_a_net_while_changes_are_told_and_as_usual_otherwise(bench: Bench) -> None:
    org = org_of(bench)
    work(bench, org)
    bench.org.tick(SANE_NET.poll_seconds)
    assert org.poll() is not None
    source = Source(NAME, bench.org.organization, "/data/UserChangeEvent")
    stream = bench.store.take_stream(source, "here:1", 5000.0)
    assert stream is not None
    bench.org.tick(15)
    assert org.poll() is not None
    bench.store.hear(stream, Heard(b"\x01"), 5000.0)
    bench.org.tick(SANE_NET.poll_seconds - 1)
    assert org.poll() is None
    bench.org.tick(1)
    assert org.poll() is not None
    bench.org.tick(15)
    assert org.poll() is None
    bench.store.drop_stream(stream, "It is cut.")
    assert org.poll() is not None


def test_an_org_that_was_never_looked_at_is_at_once(bench: Bench) -> None:
    source = Source(NAME, bench.org.organization, "/data/UserChangeEvent")
    stream = bench.store.take_stream(source, "here:1", 5000.0)
    assert stream is not None
    bench.store.hear(stream, Heard(b"\x01"), 5000.0)
    assert org_of(bench).poll() is not None
