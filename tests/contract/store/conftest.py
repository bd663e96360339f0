"""A store with an armed org and a clock that tests move."""

from collections.abc import Iterator

import pytest
from sqlalchemy.engine import Engine

from sync.store import SqlStore, make_engine
from tests.contract.store.scene import Clock, Scene


@pytest.fixture
def engine(database_url: str) -> Iterator[Engine]:
    """Connections to a fresh database."""
    engine = make_engine(database_url)
    yield engine
    engine.dispose()


@pytest.fixture
def clock() -> Clock:
    """A clock that stands still until it is moved."""
    return Clock()


@pytest.fixture
def scene(engine: Engine, clock: Clock) -> Scene:
    """A store with the armed org `acme`."""
    scene = Scene(SqlStore(engine, clock), clock)
    scene.arm()
    return scene


@pytest.fixture
def store(scene: Scene) -> SqlStore:
    """The store of the scene."""
    return scene.store
