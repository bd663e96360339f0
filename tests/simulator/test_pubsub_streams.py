"""The Pub/Sub API's streams: who may listen, credit, what comes when, and how a stream ends."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.simulator.running import Simulator
from tests.simulator.subscriber import USERS, Bus, Failed, opened, streams


@pytest.fixture(scope="module")
def org() -> Iterator[Simulator]:
    simulator = Simulator("--users", "30", "--seed", "7", "--pubsub-port", "0")
    yield simulator
    assert simulator.stop() == 0


@pytest.fixture
def bus(org: Simulator) -> Iterator[Bus]:
    bus = Bus(org)
    yield bus
    bus.close()
    opened(org, 0)


@pytest.fixture(scope="module")
def person(org: Simulator) -> str:
    users = org.control("GET", "users")["users"]
    return str(next(u["Id"] for u in users if u["Username"].startswith("user0")))


def edit(org: Simulator, person: str, **fields: object) -> None:
    org.control("POST", "edit", {"id": person, "fields": fields})


def test_a_topic_says_what_can_be_done_with_it(bus: Bus) -> None:
    topic = bus.topic()
    assert (topic.topic_name, topic.can_publish, topic.can_subscribe) == (USERS, False, True)
    assert len(topic.schema_id) == 22
    assert bus.schema(topic.schema_id)["name"] == "UserChangeEvent"


def test_a_change_comes_to_who_listens(org: Simulator, bus: Bus, person: str) -> None:
    with bus.listen(credit=5) as stream:
        opened(org)
        edit(org, person, Title="Agent")
        event = stream.event()
        assert event.header["recordIds"] == [person]
        assert event.fields["Title"] == "Agent"
        assert (stream.last.pending_num_requested, stream.last.latest_replay_id) == (
            4,
            event.replay_id,
        )
        assert streams(org)[0]["pending"] == 4


def test_a_stream_is_cut_as_a_connection_that_breaks(org: Simulator, bus: Bus) -> None:
    with bus.listen() as stream:
        opened(org)
        assert org.control("POST", "events/cut", {}) == {"cut": 1}
        with pytest.raises(Failed) as ended:
            stream.answer()
    assert (ended.value.status, ended.value.trailers) == ("UNAVAILABLE", {})


def test_a_stream_is_cut_with_a_code(org: Simulator, bus: Bus) -> None:
    with bus.listen() as stream:
        opened(org)
        org.control("POST", "events/cut", {"code": "service.unavailable"})
        with pytest.raises(Failed) as ended:
            stream.answer()
    assert (ended.value.status, ended.value.code) == ("INTERNAL", "service.unavailable")
    assert ended.value.message.endswith(f"rpcId: {ended.value.trailers['rpc-id']}")
