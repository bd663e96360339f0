"""What a Prometheus server reads of change events."""

from collections.abc import Iterator
from datetime import timedelta

import pytest
from prometheus_client.parser import text_string_to_metric_families

from admin.metrics import metrics_text
from sync.ports.streams import Heard, Source
from tests.fakes.bench import ORG, Bench, memory_bench


@pytest.fixture
def bench() -> Iterator[Bench]:
    with memory_bench() as made:
        yield made


def numbers(bench: Bench) -> dict[tuple[str, str], float]:
    """Samples of our streams by name and limit."""
    text = metrics_text(bench.store, [ORG, "beta"])
    return {
        (sample.name.removeprefix("license_sync_"), sample.labels.get("le", "")): sample.value
        for family in text_string_to_metric_families(text)
        for sample in family.samples
        if sample.labels.get("org") == ORG
    }


def test_an_org_that_nobody_listens_to_is_left_out(bench: Bench) -> None:
    assert not any(name.startswith(("stream", "event")) for name, _ in numbers(bench))


def test_a_stream_and_its_events_are_counted(bench: Bench) -> None:
    source = Source(ORG, bench.org.organization, "/data/UserChangeEvent")
    stream = bench.store.take_stream(source, "here:1", 15.0)
    assert stream is not None
    commits = [bench.org.now - timedelta(seconds=s) for s in (0.03, 0.04, 7.0, 5000.0)]
    bench.store.hear(stream, Heard(b"\x01", (), 5, 4, commits), 15.0)
    bench.org.tick(3)
    found = numbers(bench)
    assert found["stream_open", ""] == 1
    assert found["stream_position_age_seconds", ""] == 3
    assert found["events_total", ""] == 5
    assert found["events_mattered_total", ""] == 4
    assert found["noticed_seconds_bucket", "0.05"] == 2
    assert found["noticed_seconds_bucket", "15.0"] == 3
    assert found["noticed_seconds_bucket", "+Inf"] == 4
    assert found["noticed_seconds_count", ""] == 4
    bench.org.tick(15)
    assert numbers(bench)["stream_open", ""] == 0
