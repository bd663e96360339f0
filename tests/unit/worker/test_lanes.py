"""Turns of orgs on a real broker: who runs where, and that nothing stays taken for ever."""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import pytest
import redis
from redis.lock import Lock

from worker.lanes import (
    ASIDE_SECONDS,
    FORWARDED_SECONDS,
    LONG_SECONDS,
    TRIES,
    TURN_SECONDS,
    YOUNG_SECONDS,
    Lane,
    Lanes,
    Verdict,
    live_turns,
    rounds,
)

RUN, ASIDE, DROP = Verdict.RUN, Verdict.ASIDE, Verdict.DROP


class Waits:
    """Counts the waits of who finds a turn taken, and does `then` in the third."""

    def __init__(self) -> None:
        self.count = 0
        self.then: Callable[[], object] = lambda: None

    def __call__(self, seconds: float) -> None:
        assert 0 < seconds * TRIES <= YOUNG_SECONDS
        self.count += 1
        if self.count == 3:
            self.then()


@pytest.fixture
def waits() -> Waits:
    return Waits()


@pytest.fixture
def lanes(broker: redis.Redis, waits: Waits) -> Lanes:
    return Lanes(broker, live_turns=1, sleep=waits)


def test_an_org_holds_one_live_slot_and_the_rest_goes_aside(lanes: Lanes) -> None:
    with lanes.turn("acme", Lane.LIVE, "look") as first:
        with lanes.turn("acme", Lane.LIVE, "settle") as second:
            assert (first, second) == (RUN, ASIDE)
        with lanes.turn("beta", Lane.LIVE, "settle") as other:
            assert other is RUN
    with lanes.turn("acme", Lane.LIVE, "settle") as later:
        assert later is RUN


@contextmanager
def taken(broker: redis.Redis, lanes: Lanes, *, is_young: bool = True) -> Iterator[str]:
    """Another task of the org, that began just now or a while ago; its turn."""
    with lanes.turn("acme", Lane.LIVE, "look"):
        [turn] = turns(broker)
        if not is_young:
            broker.delete(f"{turn}:young")
        yield turn


def turns(broker: redis.Redis) -> list[str]:
    """The turns that are taken."""
    found = [key.decode() for key in broker.scan_iter("license-sync:turn:*")]
    return sorted(key for key in found if not key.endswith(":young"))


def test_what_another_task_is_about_to_give_back_is_waited_for(
    broker: redis.Redis, lanes: Lanes, waits: Waits
) -> None:
    with taken(broker, lanes) as turn:
        waits.then = lambda: broker.delete(turn)
        with lanes.turn("acme", Lane.LIVE, "settle") as verdict:
            assert (verdict, waits.count) == (RUN, 3)


def test_nobody_waits_for_a_task_that_has_gone_on_for_a_while(
    broker: redis.Redis, lanes: Lanes, waits: Waits
) -> None:
    with (
        taken(broker, lanes, is_young=False),
        lanes.turn("acme", Lane.LIVE, "settle") as verdict,
    ):
        assert (verdict, waits.count) == (ASIDE, 0)


def test_a_wait_ends_although_there_is_a_new_task_each_time(
    broker: redis.Redis, lanes: Lanes, waits: Waits
) -> None:
    with taken(broker, lanes), lanes.turn("acme", Lane.LIVE, "settle") as verdict:
        assert (verdict, waits.count) == (ASIDE, TRIES)


def test_of_several_turns_a_young_one_is_waited_for(broker: redis.Redis, waits: Waits) -> None:
    lanes = Lanes(broker, live_turns=2, sleep=waits)
    with (
        taken(broker, lanes, is_young=False) as first,
        lanes.turn("acme", Lane.LIVE, "look"),
    ):
        [young] = [turn for turn in turns(broker) if turn != first]
        waits.then = lambda: broker.delete(young)
        with lanes.turn("acme", Lane.LIVE, "settle") as verdict:
            assert (verdict, waits.count) == (RUN, 3)


@pytest.mark.parametrize("lane", [Lane.SLOW, Lane.BULK])
def test_on_other_lanes_nobody_waits(
    broker: redis.Redis, lanes: Lanes, waits: Waits, lane: Lane
) -> None:
    with lanes.turn("acme", lane, "look"), lanes.turn("acme", lane, "look"):
        assert waits.count == 0


@pytest.mark.parametrize("workers", range(3, 65))
def test_two_orgs_leave_a_live_slot_to_the_rest(workers: int) -> None:
    assert 0 < 2 * live_turns(workers) < workers


def test_with_many_live_workers_an_org_holds_several(broker: redis.Redis) -> None:
    assert [live_turns(workers) for workers in (1, 2, 3, 4, 5, 9)] == [1, 1, 1, 1, 2, 4]
    lanes = Lanes(broker, live_turns=2, sleep=lambda _: None)
    with (
        lanes.turn("acme", Lane.LIVE, "look") as first,
        lanes.turn("acme", Lane.LIVE, "look") as second,
        lanes.turn("acme", Lane.LIVE, "look") as third,
    ):
        assert (first, second, third) == (RUN, RUN, ASIDE)


def test_aside_each_kind_of_work_has_one_slot(lanes: Lanes) -> None:
    with lanes.turn("acme", Lane.SLOW, "look") as look:
        with lanes.turn("acme", Lane.SLOW, "settle") as settle:
            assert (look, settle) == (RUN, RUN)
        with lanes.turn("acme", Lane.SLOW, "look") as again:
            assert again is DROP
        with lanes.turn("beta", Lane.SLOW, "look") as other:
            assert other is RUN


@pytest.mark.parametrize("lane", [Lane.LIVE, Lane.BULK])
def test_an_org_that_took_long_is_kept_aside_for_a_while(
    broker: redis.Redis, lanes: Lanes, lane: Lane
) -> None:
    lanes.took("acme", LONG_SECONDS - 0.1)
    with lanes.turn("acme", lane, "look") as before:
        assert before is RUN
    lanes.took("acme", LONG_SECONDS)
    for org, verdict in (("acme", ASIDE), ("beta", RUN)):
        with lanes.turn(org, lane, "look") as found:
            assert found is verdict
    with lanes.turn("acme", Lane.SLOW, "look") as there:
        assert there is RUN
    assert 0 < int(broker.ttl("license-sync:aside:acme")) <= ASIDE_SECONDS


def test_bulk_work_of_an_org_that_is_not_aside_has_as_many_slots_as_there_are(
    lanes: Lanes,
) -> None:
    with (
        lanes.turn("acme", Lane.BULK, "run") as first,
        lanes.turn("acme", Lane.BULK, "run") as second,
    ):
        assert (first, second) == (RUN, RUN)


@pytest.mark.parametrize("lane", [Lane.LIVE, Lane.SLOW])
def test_a_killed_workers_turn_ends_by_itself(
    broker: redis.Redis, lanes: Lanes, lane: Lane
) -> None:
    with lanes.turn("acme", lane, "look"):
        [turn] = turns(broker)
        assert TURN_SECONDS - 5 < int(broker.ttl(turn)) <= TURN_SECONDS


def test_work_leaves_once_until_it_arrives_or_its_message_is_given_up(
    broker: redis.Redis, lanes: Lanes
) -> None:
    works = ("poll", "poll", "settle:live")
    assert [lanes.leaves("acme", work) for work in works] == [True, False, True]
    assert lanes.leaves("beta", "poll")
    lanes.arrived("acme", "poll")
    assert [lanes.leaves("acme", work) for work in works] == [True, False, False]
    for mark in broker.scan_iter("license-sync:forwarded:*"):
        assert 0 < int(broker.ttl(mark)) <= FORWARDED_SECONDS


def test_a_turn_lasts_as_long_as_its_task(
    broker: redis.Redis, lanes: Lanes, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("worker.lanes.TURN_SECONDS", 1)
    with taken(broker, lanes, is_young=False):
        time.sleep(1.5)
        with lanes.turn("acme", Lane.LIVE, "look") as meanwhile:
            assert meanwhile is ASIDE


def test_nobody_renews_a_turn_that_another_one_has_by_now(
    broker: redis.Redis, lanes: Lanes, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("worker.lanes.TURN_SECONDS", 1)
    with taken(broker, lanes) as turn:
        broker.set(turn, "somebody else's", ex=1)
        time.sleep(1.2)
        assert turns(broker) == []


def test_a_broker_that_is_away_for_a_moment_ends_no_renewal(
    broker: redis.Redis, lanes: Lanes, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("worker.lanes.TURN_SECONDS", 2)
    renew, answers = Lock.reacquire, iter([False])

    def sometimes(turn: Lock) -> object:
        if not next(answers, True):
            raise redis.ConnectionError
        return renew(turn)

    monkeypatch.setattr(Lock, "reacquire", sometimes)
    with taken(broker, lanes):
        time.sleep(2.5)
        assert len(turns(broker)) == 1


def test_an_error_gives_the_turn_back(broker: redis.Redis, lanes: Lanes) -> None:
    with pytest.raises(RuntimeError), lanes.turn("acme", Lane.LIVE, "look"):
        raise RuntimeError
    assert turns(broker) == []


def test_who_outstays_a_turn_does_not_end_that_of_the_next(
    broker: redis.Redis, lanes: Lanes
) -> None:
    with lanes.turn("acme", Lane.LIVE, "look"):
        broker.flushdb()
        next_one = lanes.turn("acme", Lane.LIVE, "look")
        assert next_one.__enter__() is RUN
    with lanes.turn("acme", Lane.LIVE, "look") as third:
        assert third is ASIDE
    next_one.__exit__(None, None, None)


@pytest.mark.parametrize(
    ("times", "begun"),
    [([0.0, 9.0], 1), ([0.0, LONG_SECONDS - 0.1, LONG_SECONDS], 2), ([0.0] * 4, 4)],
    ids=["the first takes long", "two take long", "quick"],
)
def test_no_round_begins_once_they_have_taken_long(times: list[float], begun: int) -> None:
    assert len(list(rounds(4, clock=iter(times).__next__))) == begun
