"""The numbers that a Prometheus server reads."""

from collections.abc import Iterator
from datetime import timedelta

import pytest
from prometheus_client import REGISTRY, generate_latest
from prometheus_client.parser import text_string_to_metric_families

from admin.metrics import metrics_text
from sync.budget import Stage
from sync.ports.brake import Brake
from sync.ports.pending import Cause, Notice, Priority
from tests.fakes.bench import ORG, Bench, memory_bench


@pytest.fixture
def bench() -> Iterator[Bench]:
    with memory_bench() as made:
        yield made


def numbers(text: str) -> dict[tuple[str, str], float]:
    return {
        (
            sample.name.removeprefix("license_sync_"),
            next(iter(sample.labels.values())),
        ): sample.value
        for family in text_string_to_metric_families(text)
        for sample in family.samples
    }


def test_what_waits_is_counted(bench: Bench) -> None:
    bench.conflict()
    bench.store.beat("worker-live")
    beat = bench.org.now.timestamp()
    user = bench.user(20)
    bench.store.notice(ORG, [Notice(user, "secret-name", Cause.POLL, Priority.LIVE)])
    bench.store.report_usage(ORG, 120, 15_000)
    polled = bench.store.state(ORG).last_poll_at
    assert polled is not None
    bench.org.tick(90)
    brakes = [Brake(ORG, bench.org.now - timedelta(seconds=5), "itself", "why", 1, 1)]
    text = metrics_text(bench.store, [ORG, "beta"], brakes, {ORG: Stage.RARE_LOOKS})
    found = numbers(text)
    since = (bench.org.now - polled).total_seconds()
    expected = {
        "pending": 1,
        "oldest_pending_seconds": 90,
        "parked": 0,
        "open_conflicts": 1,
        "open_refusals": 0,
        "brake_holding": 1,
        "budget_stage": 2,
        "problem": 0,
        "paused": 0,
        "api_used": 120,
        "api_allowed": 15_000,
        "last_good_poll_age_seconds": since,
    }
    assert {name: found[name, ORG] for name in expected} == expected
    assert found["last_heartbeat_timestamp_seconds", "worker-live"] == beat
    assert found["brake_holding", "beta"] == found["pending", "beta"] == 0
    assert ("last_good_poll_age_seconds", "beta") not in found, "it never was polled"
    assert "secret-name" not in text


def test_an_org_in_trouble_or_paused_shows(bench: Bench) -> None:
    bench.store.report_problem(ORG, "It is down.", 5)
    bench.store.pause(ORG, "ada")
    found = numbers(metrics_text(bench.store, [ORG]))
    assert found["problem", ORG] == found["paused", ORG] == 1


def test_an_orgs_name_is_a_label_and_nothing_else(bench: Bench) -> None:
    found = numbers(metrics_text(bench.store, ['a"b\\c\nd']))
    assert found["pending", 'a"b\\c\nd'] == 0


def test_an_answer_leaves_nothing_behind(bench: Bench) -> None:
    assert metrics_text(bench.store, [ORG]) == metrics_text(bench.store, [ORG])
    assert b"license_sync" not in generate_latest(REGISTRY)
