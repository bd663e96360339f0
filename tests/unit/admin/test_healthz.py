"""Health: of this process, and of the program, for whoever asks."""

import json
from collections.abc import Iterator
from types import SimpleNamespace
from typing import Any

import pytest

from admin.healthz import health
from sync.errors import StoreUnavailable
from sync.ports.streams import Heard, Source
from tests.fakes.bench import ORG, Bench, memory_bench


@pytest.fixture
def bench() -> Iterator[Bench]:
    """A program that gets on."""
    with memory_bench() as made:
        made.poll()
        for name in ("worker-live", "worker-bulk"):
            made.store.beat(name)
        yield made


def both(bench: Bench, orgs: tuple[str, ...] = (ORG,)) -> tuple[int, int, dict[str, Any]]:
    status, found = health(bench.store, orgs)
    strict, _ = health(bench.store, orgs, progress=True)
    return status, strict, found


def test_a_program_that_gets_on_is_well(bench: Bench) -> None:
    bench.org.tick(59.5)
    status, strict, found = both(bench)
    assert (status, strict) == (200, 200)
    assert found == {
        "ok": True,
        "database": "ok",
        "gets_on": True,
        "workers": {
            name: {"works": True, "heard_seconds_ago": 59.5}
            for name in ("worker-bulk", "worker-live")
        },
        "orgs": {"configured": 1, "polled_lately": 1},
    }
    assert ORG not in json.dumps(found)


def test_a_silent_worker_is_no_reason_to_restart_this_process(bench: Bench) -> None:
    bench.org.tick(61)
    bench.store.beat("worker-live")
    bench.poll()
    status, strict, found = both(bench)
    assert (status, strict) == (200, 503)
    assert found["workers"]["worker-bulk"]["works"] is False
    assert found["workers"]["worker-live"]["works"] is True


def test_an_org_that_is_not_looked_at_shows_in_progress(bench: Bench) -> None:
    status, strict, found = both(bench, (ORG, "beta"))
    assert (status, strict) == (200, 503)
    assert found["orgs"] == {"configured": 2, "polled_lately": 1}


def test_who_polls_seldom_may_be_looked_at_seldom(bench: Bench) -> None:
    bench.org.tick(100)
    for name in ("worker-live", "worker-bulk"):
        bench.store.beat(name)
    assert health(bench.store, [ORG], 15, progress=True)[0] == 503
    assert health(bench.store, [ORG], 30, progress=True)[0] == 200


def test_before_any_worker_has_shown_itself_nothing_gets_on() -> None:
    with memory_bench() as fresh:
        assert both(fresh, ())[:2] == (200, 503)


def test_without_the_database_it_is_not_well() -> None:
    def gone() -> None:
        raise StoreUnavailable("postgresql://me:hush@host cannot be reached: start it.")

    store: Any = SimpleNamespace(now=gone)
    assert health(store, [ORG]) == (503, {"ok": False, "database": "unavailable"})


def test_an_org_that_tells_of_its_changes_need_not_be_polled(bench: Bench) -> None:
    bench.org.tick(100)
    for name in ("worker-live", "worker-bulk"):
        bench.store.beat(name)
    source = Source(ORG, bench.org.organization, "/data/UserChangeEvent")
    stream = bench.store.take_stream(source, "here:1", 15.0)
    assert stream is not None
    assert health(bench.store, [ORG], 15, progress=True)[0] == 503
    bench.store.hear(stream, Heard(b"\x01"), 15.0)
    assert health(bench.store, [ORG], 15, progress=True)[0] == 200
    bench.org.tick(15)
    assert health(bench.store, [ORG], 15, progress=True)[0] == 503
