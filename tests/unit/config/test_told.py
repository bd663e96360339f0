"""How well an org tells of its changes, as programs see it."""

from datetime import timedelta

import pytest

from config.settings import OrgSettings, Settings
from config.told import sentence, told
from config.wiring import Runtime
from sync.ports.streams import Heard, Source
from sync.store import SqlStore
from tests.fakes.bench import ORG, Bench, memory_bench

NOBODY = "Nobody listens: start `license-sync listen`."


@pytest.fixture
def bench() -> object:
    with memory_bench() as made:
        yield made


def runtime(bench: Bench, *, events: bool = True) -> Runtime:
    org = OrgSettings(login_url="https://acme", client_id="x", client_secret="y", events=events)
    made = Runtime(Settings(orgs={ORG: org}))
    made.__dict__["store"] = bench.store
    return made


def row(bench: Bench) -> dict[str, object]:
    found = told(runtime(bench), [ORG])[ORG]
    assert found is not None
    return found


def listening(store: SqlStore, organization: str) -> object:
    stream = store.take_stream(Source(ORG, organization, "/data/UserChangeEvent"), "here:1", 15.0)
    assert stream is not None
    return stream


def test_an_org_whose_events_are_off_has_nothing_to_tell(bench: Bench) -> None:
    assert told(runtime(bench, events=False), [ORG]) == {ORG: None}
    assert sentence(None) is None


def test_nobody_listens_until_somebody_does(bench: Bench) -> None:
    assert row(bench)["problem"] == NOBODY
    assert sentence(row(bench)) == f"changes are found by polling alone: {NOBODY}"


def test_a_stream_that_has_not_answered_yet_is_named(bench: Bench) -> None:
    listening(bench.store, bench.org.organization)
    assert row(bench)["problem"] == "The stream is open and has said nothing yet."


def test_a_stream_that_works_says_since_when_and_how_quickly(bench: Bench) -> None:
    stream = listening(bench.store, bench.org.organization)
    commits = [bench.org.now - timedelta(seconds=s) for s in (0.02, 0.02, 0.02, 3.0)]
    bench.store.hear(stream, Heard(b"\x01", (), 5, 4, commits), 15.0)  # type: ignore[arg-type]
    found = row(bench)
    assert (found["works"], found["problem"]) == (True, None)
    assert (found["events"], found["mattered"]) == (5, 4)
    assert found["within_seconds"] == {
        "noticed": {"median": 0.025, "p99": 5.0},
        "written": {"median": None, "p99": None},
    }
    assert sentence(found) is None


def test_one_whose_listener_died_says_that_nobody_listens(bench: Bench) -> None:
    stream = listening(bench.store, bench.org.organization)
    bench.store.hear(stream, Heard(b"\x01"), 15.0)  # type: ignore[arg-type]
    bench.org.tick(15)
    assert row(bench)["problem"] == NOBODY


def test_why_a_stream_ended_is_said(bench: Bench) -> None:
    stream = listening(bench.store, bench.org.organization)
    bench.store.drop_stream(stream, "The bus is down.")  # type: ignore[arg-type]
    assert row(bench)["problem"] == "The bus is down."
