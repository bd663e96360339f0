"""What an event bus promises: the one in memory, and that of the simulated org over gRPC."""

import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Protocol

import pytest

from config.layouts import load_layout
from sync.errors import CallFailed
from sync.ports.events import POSITION_LOST, Batch, ChangeEvent, EventBus, Subscription
from sync.salesforce.gateway import Connection, connect
from sync.salesforce.login import ClientCredentials
from sync.salesforce.pubsub.bus import BusAddress, PubSubBus, topic_of
from tests.fakes.bus import FakeBus
from tests.simulator.running import Simulator

TOPIC = topic_of("User")
PATIENCE = 10.0


class World(Protocol):
    """A bus, and the org behind it."""

    bus: EventBus
    users: list[str]

    def edit(self, *places: int) -> None:
        """Somebody changes what is requested for these users, one after the other."""

    def edit_other(self, place: int) -> None:
        """Somebody changes what is none of our business."""

    def cut(self) -> None:
        """All streams end."""

    def forget(self) -> None:
        """All positions so far are lost."""

    def listening(self, streams: int) -> None:
        """Returns once so many streams stand."""


class InMemory:
    """The fake."""

    def __init__(self) -> None:
        self.fake = FakeBus()
        self.bus: EventBus = self.fake
        self.users = [f"0050000000000{n:02d}AAA" for n in range(10)]

    def edit(self, *places: int) -> None:
        for place in places:
            self.fake.publish(self.users[place])

    def edit_other(self, place: int) -> None:
        self.fake.publish(self.users[place], matters=False)

    def cut(self) -> None:
        self.fake.cut()

    def forget(self) -> None:
        self.fake.publish(matters=False)
        self.fake.kept_from = len(self.fake.log)

    def listening(self, streams: int) -> None:
        pass


class OverGrpc:
    """The simulated org."""

    def __init__(self, org: Simulator, bus: PubSubBus) -> None:
        self._org = org
        self.bus: EventBus = bus
        found = org.control("GET", "users")["users"]
        self.users = [str(u["Id"]) for u in found if u["Username"].startswith("user")][:10]
        self._opened = 0
        self._ticked: dict[int, bool] = {}

    def edit(self, *places: int) -> None:
        for place in places:
            on = self._ticked[place] = not self._ticked.get(place, False)
            self._edit(place, {"Requested_PBX__c": on})

    def edit_other(self, place: int) -> None:
        self._edit(place, {"Title": f"Agent {time.monotonic()}"})

    def _edit(self, place: int, fields: dict[str, object]) -> None:
        self._org.control("POST", "edit", {"id": self.users[place], "fields": fields})

    def cut(self) -> None:
        self._org.control("POST", "events/cut", {})

    def forget(self) -> None:
        self._org.control("POST", "events/forget", {})

    def listening(self, streams: int) -> None:
        deadline = time.monotonic() + PATIENCE
        while len(self._org.control("GET", "events")["streams"]) < streams:
            assert time.monotonic() < deadline
            time.sleep(0.01)


@pytest.fixture(scope="module")
def org() -> Iterator[Simulator]:
    simulator = Simulator("--users", "30", "--seed", "7", "--pubsub-port", "0")
    yield simulator
    assert simulator.stop() == 0


@pytest.fixture(params=["in memory", "over gRPC"])
def world(request: pytest.FixtureRequest) -> Iterator[World]:
    if request.param == "in memory":
        yield InMemory()
        return
    org: Simulator = request.getfixturevalue("org")
    bus = bus_of(org)
    yield OverGrpc(org, bus)
    bus.close()
    deadline = time.monotonic() + PATIENCE
    while org.control("GET", "events")["streams"]:
        assert time.monotonic() < deadline
        time.sleep(0.01)


def bus_of(org: Simulator) -> PubSubBus:
    """The bus of a simulated org."""
    facts = org.ready
    credentials = ClientCredentials(facts["client_id"], facts["client_secret"])
    layout = load_layout("user")
    gateway = connect(Connection("acme", facts["url"], credentials, facts["ca_file"]), layout)
    return PubSubBus(BusAddress(facts["pubsub_endpoint"], Path(facts["ca_file"])), gateway, layout)


@pytest.fixture
def listen(world: World) -> Iterator[Callable[..., Subscription]]:
    """Opens streams that are closed in the end."""
    opened: list[Subscription] = []

    def opening(after: bytes | None = None, events: int = 100) -> Subscription:
        stream = world.bus.subscribe(TOPIC, after, events)
        opened.append(stream)
        world.listening(len(opened))
        return stream

    yield opening
    for stream in opened:
        stream.close()


def events(stream: Subscription, count: int) -> list[ChangeEvent]:
    """So many events; there have to be some."""
    found: list[ChangeEvent] = []
    while len(found) < count:
        batch = stream.next(PATIENCE)
        assert batch is not None, f"{len(found)} of {count} events came"
        found += batch.events
        if batch.events:
            assert batch.position == batch.events[-1].position
    return found


def until_it_ends(stream: Subscription) -> None:
    """Read on and on."""
    while True:
        stream.next(PATIENCE)


def nothing(stream: Subscription) -> bool:
    """Whether no event comes for a while."""
    batch = stream.next(0.2)
    return batch is None or not batch.events


def ids(found: list[ChangeEvent]) -> list[str]:
    return [one for event in found for one in event.user_ids]


Listen = Callable[..., Subscription]


def test_a_change_is_told_with_who_it_was(world: World, listen: Listen) -> None:
    stream = listen()
    world.edit(1)
    (event,) = events(stream, 1)
    assert event.user_ids == (world.users[1],)
    assert (event.matters, event.everyone) == (True, False)


def test_a_change_of_something_else_matters_not(world: World, listen: Listen) -> None:
    stream = listen()
    world.edit_other(1)
    (event,) = events(stream, 1)
    assert event.matters is False


def test_without_a_position_it_begins_now(world: World, listen: Listen) -> None:
    world.edit(1)
    stream = listen()
    world.edit(2)
    assert ids(events(stream, 1)) == [world.users[2]]


def test_after_a_position_comes_what_follows_it_in_order(world: World, listen: Listen) -> None:
    stream = listen()
    world.edit(1, 2, 3)
    first = events(stream, 3)[0]
    again = listen(after=first.position)
    assert ids(events(again, 2)) == [world.users[2], world.users[3]]
    assert nothing(again)


def test_no_more_comes_than_was_asked_for(world: World, listen: Listen) -> None:
    stream = listen(events=2)
    world.edit(1, 2, 3, 4, 5)
    assert ids(events(stream, 2)) == [world.users[1], world.users[2]]
    assert nothing(stream)
    stream.ask_for(2)
    assert ids(events(stream, 2)) == [world.users[3], world.users[4]]
    assert nothing(stream)


def test_what_came_before_the_end_is_given_and_then_the_end_each_time(
    world: World, listen: Listen
) -> None:
    stream = listen()
    world.edit(1)
    assert ids(events(stream, 1)) == [world.users[1]]
    world.cut()
    for _ in range(2):
        with pytest.raises(CallFailed):
            until_it_ends(stream)


def test_a_lost_position_is_named_as_such(world: World, listen: Listen) -> None:
    stream = listen()
    world.edit(1)
    position = events(stream, 1)[0].position
    world.forget()
    world.edit(2)
    lost = world.bus.subscribe(TOPIC, position, 100)
    with pytest.raises(CallFailed) as failed:
        until_it_ends(lost)
    assert failed.value.failure.code == POSITION_LOST
    lost.close()
    fresh = listen()
    world.edit(3)
    assert ids(events(fresh, 1)) == [world.users[3]]


def test_a_stream_that_was_closed_can_be_closed_again(world: World, listen: Listen) -> None:
    stream = listen()
    stream.close()
    stream.close()


def test_batches_are_whole(world: World, listen: Listen) -> None:
    stream = listen()
    world.edit(*range(10))
    found: list[Batch] = []
    while sum(len(batch.events) for batch in found) < 10:
        batch = stream.next(PATIENCE)
        assert batch is not None
        found.append(batch)
    assert [one for batch in found for one in ids(list(batch.events))] == world.users


def test_a_topic_that_can_be_listened_to_is_well(org: Simulator) -> None:
    bus = bus_of(org)
    bus.check(TOPIC)
    bus.close()


def test_a_topic_that_is_not_there_is_said_with_the_mend(org: Simulator) -> None:
    bus = bus_of(org)
    with pytest.raises(CallFailed, match="Change Data Capture"):
        bus.check("/data/ContactChangeEvent")
    bus.close()


def test_an_answer_without_events_moves_the_place(org: Simulator) -> None:
    bus, world = bus_of(org), InMemory()
    org.control("POST", "events/settings", {"keepalive_seconds": 0.2})
    for stream in (bus.subscribe(TOPIC, None, 100), world.bus.subscribe(TOPIC, None, 100)):
        batch = stream.next(PATIENCE)
        assert batch is not None
        assert batch.events == ()
        assert len(batch.position) == 8
        stream.close()
    org.control("POST", "events/settings", {"keepalive_seconds": 270})
    bus.close()
