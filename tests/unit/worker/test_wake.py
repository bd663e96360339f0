"""Wake-ups on a real broker."""

import json
import time
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
import redis
from celery import Celery, Task

from worker import wake
from worker.wake import MARK_SECONDS, Waker

MARK = "license-sync:wake:live:acme"


@pytest.fixture
def waker(broker: redis.Redis) -> Waker:
    return Waker(broker)


@pytest.fixture
def settle(app: Celery) -> "Task[..., object]":
    @app.task(name="settle", shared=False)
    def settle(org: str, queue: str) -> None:
        """Nobody runs it here."""

    found: Task[..., object] = app.tasks[settle.name]
    return found


def sent(broker: redis.Redis, queue: str = "live") -> list[Any]:
    """The arguments of the messages that wait, oldest first."""
    messages = broker.lrange(f"license-sync:{queue}", 0, -1)
    assert isinstance(messages, list)
    return [
        json.loads(
            json.loads(one)["headers"]["argsrepr"]
            .replace("(", "[")
            .replace(")", "]")
            .replace("'", '"')
        )
        for one in reversed(messages)
    ]


def test_wake_ups_of_one_org_and_queue_are_one_message(
    broker: redis.Redis, waker: Waker, settle: "Task[..., object]"
) -> None:
    for _ in range(3):
        waker.wake(settle, "acme", "live")
    assert sent(broker) == [["acme", "live"]]


def test_many_at_once_are_one_message(
    broker: redis.Redis, waker: Waker, settle: "Task[..., object]"
) -> None:
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda _: waker.wake(settle, "acme", "live"), range(40)))
    assert len(sent(broker)) == 1


def test_one_org_or_queue_does_not_keep_another_asleep(
    broker: redis.Redis, waker: Waker, settle: "Task[..., object]"
) -> None:
    waker.wake(settle, "acme", "live")
    waker.wake(settle, "acme", "bulk")
    waker.wake(settle, "beta", "live")
    assert sent(broker) == [["acme", "live"], ["beta", "live"]]
    assert sent(broker, "bulk") == [["acme", "bulk"]]


def test_what_comes_after_the_claim_wakes_again(
    broker: redis.Redis, waker: Waker, settle: "Task[..., object]"
) -> None:
    waker.wake(settle, "acme", "live")
    waker.woken("acme", "bulk")
    waker.wake(settle, "acme", "live")
    assert len(sent(broker)) == 1
    waker.woken("acme", "live")
    waker.wake(settle, "acme", "live")
    assert len(sent(broker)) == 2


def test_a_lost_message_costs_seconds(
    broker: redis.Redis,
    waker: Waker,
    settle: "Task[..., object]",
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    waker.wake(settle, "acme", "live")
    assert 0 < int(broker.pttl(MARK)) <= MARK_SECONDS * 1000
    broker.flushdb()
    monkeypatch.setattr(wake, "MARK_SECONDS", 1)
    waker.wake(settle, "acme", "live")
    broker.delete("license-sync:live")
    waker.wake(settle, "acme", "live")
    assert sent(broker) == []
    time.sleep(1.05)
    waker.wake(settle, "acme", "live")
    assert len(sent(broker)) == 1


def test_each_run_is_woken_by_itself_and_among_the_bulk(
    broker: redis.Redis, waker: Waker, settle: "Task[..., object]"
) -> None:
    for run_id in (7, 8, 7):
        waker.wake_run(settle, "acme", run_id)
    assert sent(broker, "bulk") == [["acme", 7], ["acme", 8]]
    assert sent(broker) == []


def test_a_run_that_waits_for_its_worker_is_sent_once_and_again_after_it_was_begun(
    broker: redis.Redis, waker: Waker, settle: "Task[..., object]"
) -> None:
    waker.wake_run(settle, "acme", 7)
    waiting = broker.pttl("license-sync:wake:run:7:acme")
    assert isinstance(waiting, int)
    assert waiting > 100_000
    waker.woken_run("acme", 7)
    waker.wake_run(settle, "acme", 7)
    assert sent(broker, "bulk") == [["acme", 7], ["acme", 7]]
