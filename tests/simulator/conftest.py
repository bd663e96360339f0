"""One running org for the whole module; faults never outlive a test."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.simulator.running import Client, Simulator
from tests.simulator.subscriber import Bus, bus_of, opened


@pytest.fixture(scope="session")
def shared() -> Iterator[Simulator]:
    simulator = Simulator("--users", "2300", "--seed", "7", "--pubsub-port", "0")
    yield simulator
    assert simulator.stop() == 0


@pytest.fixture
def org(shared: Simulator) -> Iterator[Simulator]:
    yield shared
    shared.control("DELETE", "faults")
    shared.control("POST", "clock", {"offset": 0})
    shared.control("POST", "quota", {"max": 10_000_000, "per_app": False})


@pytest.fixture
def sync(org: Simulator) -> Client:
    """Logged in as the integration user."""
    return org.login()


@pytest.fixture
def bus(org: Simulator) -> Iterator[Bus]:
    """The integration user's connection to the Pub/Sub API; what tests order there is undone."""
    settings = org.control("GET", "events")["settings"]
    bus = bus_of(org)
    yield bus
    bus.close()
    org.control("POST", "events/settings", settings)
    org.control("DELETE", "events/fail")
    opened(org, 0)


@pytest.fixture
def admin(org: Simulator) -> Client:
    return org.admin()


@pytest.fixture(scope="session")
def people(shared: Simulator) -> list[str]:
    """Ids of ordinary active users, in the order of their ids."""
    users = shared.control("GET", "users?limit=2000")["users"]
    return [u["Id"] for u in users if u["Username"].startswith("user0") and u["IsActive"]]


@pytest.fixture
def user(people: list[str]) -> str:
    """A user that no other test touches."""
    return people.pop()
