"""A real broker for the tests that need one."""

import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
import redis
from celery import Celery

from config.broker import broker_command, wait_for_broker
from config.settings import Settings
from worker.app import make_app


@pytest.fixture
def broker_settings(tmp_path: Path) -> Iterator[Settings]:
    """Settings whose embedded broker runs."""
    settings = Settings(state_dir=tmp_path / "state")
    process = subprocess.Popen(broker_command(settings), stdout=subprocess.DEVNULL)
    try:
        wait_for_broker(settings, process)
        yield settings
    finally:
        process.kill()
        process.wait()


@pytest.fixture
def broker(broker_settings: Settings) -> Iterator[redis.Redis]:
    """The running broker."""
    with redis.Redis.from_url(broker_settings.redis()) as client:
        yield client


@pytest.fixture
def app(broker_settings: Settings) -> Iterator[Celery]:
    """An application of its own on that broker."""
    made = make_app(broker_settings)
    yield made
    made.close()
