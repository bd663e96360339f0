"""`license-sync health`: exit codes for health checks."""

from datetime import timedelta
from types import SimpleNamespace

import pytest
import typer

from cli import health as module
from cli.health import Part, health
from sync.heartbeats import SILENT
from sync.store.engine import make_engine
from sync.store.store import SqlStore


@pytest.fixture
def store(sqlite_url: str, monkeypatch: pytest.MonkeyPatch) -> SqlStore:
    made = SqlStore(make_engine(sqlite_url))
    monkeypatch.setattr(module, "runtime", lambda: SimpleNamespace(store=made))
    return made


def test_a_fresh_heartbeat_is_health(store: SqlStore) -> None:
    store.beat("worker-live")
    health(Part.LIVE)


def test_a_heartbeat_that_is_old_is_no_health(
    store: SqlStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    store.beat("worker-live")
    later = store.now() + SILENT + timedelta(seconds=1)
    monkeypatch.setattr(SqlStore, "now", lambda _: later)
    with pytest.raises(typer.Exit) as ended:
        health(Part.LIVE)
    assert ended.value.exit_code == 1


def test_no_heartbeat_is_no_health(store: SqlStore) -> None:
    store.beat("worker-bulk")
    with pytest.raises(typer.Exit):
        health(Part.LIVE)
    health(Part.BEAT)


def test_signs_of_life_of_slow_workers_say_nothing_of_beat(store: SqlStore) -> None:
    store.beat("worker-slow")
    health(Part.SLOW)
    with pytest.raises(typer.Exit):
        health(Part.BEAT)
