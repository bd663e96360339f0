"""Of ticks that piled up one is carried out, whatever the worker's clock says."""

import os
import signal
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
import redis
from celery import Celery

from config.settings import Settings
from tests import wrong_clock
from tests.unit.worker.running import start_worker
from worker.ticks import HEADER, LONGEST_SECONDS, Ticks

TASK = """
import pathlib, time
from worker.app import app
from worker.base import SyncTask

@app.task(name="tick", base=SyncTask)
def tick(path):
    with pathlib.Path(path).open("a") as file:
        file.write(f"{time.time()}\\n")
"""


@pytest.fixture
def ticks(broker: redis.Redis) -> Ticks:
    return Ticks(broker)


def test_what_comes_too_soon_after_the_last_one_is_late(ticks: Ticks) -> None:
    found = [ticks.is_late(name, 10) for name in ("poll:acme", "poll:acme", "poll:beta", "sweep")]
    assert found == [False, True, False, False]


def test_the_next_one_is_not(ticks: Ticks) -> None:
    assert not ticks.is_late("sweep", 0.4)
    time.sleep(0.3)
    assert not ticks.is_late("sweep", 0.4)


@pytest.mark.parametrize(
    ("seconds", "kept"), [(0.001, 1), (1, 500), (15, 7_500), (3600, LONGEST_SECONDS * 1000)]
)
def test_a_mark_stands_for_half_the_interval_and_not_for_long(
    broker: redis.Redis, ticks: Ticks, seconds: float, kept: int
) -> None:
    ticks.is_late("poll:acme", seconds)
    assert int(broker.pttl("license-sync:tick:poll:acme")) <= kept
    if kept > 1000:
        assert int(broker.pttl("license-sync:tick:poll:acme")) > kept - 1000


@contextmanager
def worker(settings: Settings, folder: Path, ahead: float) -> Iterator[None]:
    """A real worker, its clock so many seconds ahead."""
    (folder / "ahead").write_text(str(ahead))
    environment = wrong_clock.environment(folder / "ahead")
    process = start_worker(settings, folder, TASK, environment)
    try:
        yield
    finally:
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()


def done(path: Path, marker: Path, seconds: float = 60) -> list[float]:
    """When ticks were carried out, by the worker's clock; returns when all messages are taken."""
    deadline = time.monotonic() + seconds
    while not marker.exists():
        assert time.monotonic() < deadline, (path.parent / "log").read_text()
        time.sleep(0.05)
    return [float(line) for line in path.read_text().splitlines()]


@pytest.mark.parametrize("ahead", [0.0, 600.0, -600.0])
def test_a_worker_carries_out_one_of_many_whatever_its_clock_says(
    broker_settings: Settings, app: Celery, tmp_path: Path, ahead: float
) -> None:
    path, marker = tmp_path / "ticks", tmp_path / "marker"
    for _ in range(5):
        app.send_task("tick", (str(path),), queue="live", headers={HEADER: 20.0})
    app.send_task("tick", (str(marker),), queue="live")
    with worker(broker_settings, tmp_path, ahead):
        [when] = done(path, marker)
    assert when - time.time() == pytest.approx(ahead, abs=30)
