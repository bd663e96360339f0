"""What the Pub/Sub API refuses: the status, and the code in the trailers."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from eventbus import pubsub_api_pb2 as pb
from tests.simulator.running import Simulator
from tests.simulator.subscriber import USERS, Bus, Failed, bus_of, opened


def refused(bus: Bus, rpc: str, request: Any) -> tuple[str, str]:
    with pytest.raises(Failed) as failed:
        bus.call(rpc, request)
    return failed.value.status, failed.value.code


def unheard(bus: Bus, *requests: dict[str, Any]) -> tuple[str, str]:
    """How a subscription ends that makes these requests."""
    first = {"topic_name": USERS, "num_requested": 1} | requests[0]
    stream = bus.start(pb.FetchRequest(**first))
    for request in requests[1:]:
        stream.send(pb.FetchRequest(**request))
    with stream, pytest.raises(Failed) as failed:
        stream.answer()
    return failed.value.status, failed.value.code


def test_a_refusal_names_its_rpc(bus: Bus) -> None:
    with pytest.raises(Failed) as failed:
        bus.topic("/data/NoChangeEvent")
    found = failed.value
    assert found.trailers["error-code"] == "sfdc.platform.eventbus.grpc.topic.not.found"
    assert found.message.endswith(f" rpcId: {found.trailers['rpc-id']}")


@pytest.mark.parametrize(
    ("name", "code"),
    [
        ("", "topic.validation.empty"),
        ("/data/NoChangeEvent", "topic.not.found"),
        ("/data/AccountChangeEvent", "topic.not.found"),  # an object that nobody selected
        ("/data/userchangeevent", "topic.not.found"),
        ("/event/Some__e", "topic.not.found"),
    ],
)
def test_topics_that_are_not_there(bus: Bus, name: str, code: str) -> None:
    assert refused(bus, "GetTopic", pb.TopicRequest(topic_name=name))[1] == code
    assert unheard(bus, {"topic_name": name})[1] == code


@pytest.mark.parametrize("schema_id", ["", "AAAAAAAAAAAAAAAAAAAAAA"])
def test_schemas_that_are_not_there(bus: Bus, schema_id: str) -> None:
    found = refused(bus, "GetSchema", pb.SchemaRequest(schema_id=schema_id))
    assert found == ("INVALID_ARGUMENT", "schema.validation.failed")


@pytest.mark.parametrize(
    ("headers", "code"),
    [
        ({"accesstoken": ""}, "service.auth.headers.invalid"),
        ({"tenantid": ""}, "service.auth.headers.invalid"),
        ({"instanceurl": ""}, "service.auth.headers.invalid"),
        ({"instanceurl": "http://localhost:1"}, "service.auth.headers.invalid"),
        ({"instanceurl": "localhost"}, "service.auth.headers.invalid"),
        ({"accesstoken": "00D!no"}, "service.auth.error"),
        ({"tenantid": "00D000000000001AAA"}, "service.auth.error"),
        ({"tenantid": "nonsense"}, "service.auth.error"),
    ],
)
def test_who_is_not_let_in(bus: Bus, headers: dict[str, str], code: str) -> None:
    bus.metadata |= headers
    assert refused(bus, "GetTopic", pb.TopicRequest(topic_name=USERS)) == ("UNAUTHENTICATED", code)
    assert unheard(bus, {}) == ("UNAUTHENTICATED", code)


def test_fifteen_characters_of_the_organization_are_enough(bus: Bus) -> None:
    bus.metadata["tenantid"] = bus.metadata["tenantid"][:15]
    assert bus.topic().can_subscribe


@pytest.mark.parametrize(
    ("requests", "code"),
    [
        ([{"num_requested": 0}], "subscription.fetch.requested.events.invalid"),
        ([{"num_requested": -1}], "subscription.fetch.requested.events.invalid"),
        ([{}, {"num_requested": 0}], "subscription.fetch.requested.events.invalid"),
        ([{}, {"num_requested": 1, "topic_name": "/data/Ch"}], "subscription.fetch.topic.mismatch"),
        ([{"replay_preset": 2}], "subscription.fetch.replayid.validation.failed"),
        (
            [{"replay_preset": 2, "replay_id": b"\0" * 8}],
            "subscription.fetch.replayid.corrupted",
        ),
        ([{"replay_preset": 2, "replay_id": b"12"}], "subscription.fetch.replayid.corrupted"),
        (
            [{"replay_preset": 2, "replay_id": b"\xff" * 8}],
            "subscription.fetch.replayid.corrupted",
        ),
    ],
)
def test_requests_that_make_no_sense(bus: Bus, requests: list[dict[str, Any]], code: str) -> None:
    assert unheard(bus, *requests) == ("INVALID_ARGUMENT", code)


def test_refreshing_the_token_in_a_request_is_refused(bus: Bus) -> None:
    assert unheard(bus, {"auth_refresh": "token"})[1] == "service.auth.refresh.invalid"


def test_an_id_that_was_never_given_out_is_refused(org: Simulator, bus: Bus, user: str) -> None:
    with bus.listen() as stream:
        opened(org)
        for title in ("one", "two", "three", "four", "five", "six", "seven", "eight"):
            org.control("POST", "edit", {"id": user, "fields": {"Title": title}})
        ids = [int.from_bytes(event.replay_id) for event in stream.events(8)]
    between = next(n for n in range(ids[0], ids[-1]) if n not in ids)
    found = unheard(bus, {"replay_preset": 2, "replay_id": between.to_bytes(8)})
    assert found == ("INVALID_ARGUMENT", "subscription.fetch.replayid.corrupted")


def test_a_stream_that_is_one_too_many_is_refused(org: Simulator, bus: Bus) -> None:
    org.control("POST", "events/settings", {"streams": 1})
    with bus.listen():
        opened(org)
        found = unheard(bus, {})
    assert found == ("RESOURCE_EXHAUSTED", "concurrent.client.limit.exceeded")


def test_nobody_publishes_change_events(bus: Bus) -> None:
    request = pb.PublishRequest(topic_name=USERS, events=[pb.ProducerEvent(id="1")])
    assert refused(bus, "Publish", request)[0] == "PERMISSION_DENIED"
    with bus.start(request, "PublishStream") as stream, pytest.raises(Failed) as failed:
        stream.answer()
    assert failed.value.status == "PERMISSION_DENIED"
    empty = pb.PublishRequest(events=[pb.ProducerEvent(id="1")])
    assert refused(bus, "Publish", empty)[1] == "publish.topic.validation.empty"
    none = pb.PublishRequest(topic_name=USERS)
    assert refused(bus, "Publish", none)[1] == "publish.event.count.invalid"


@pytest.mark.parametrize("rpc", ["GetTopic", "GetSchema", "Subscribe"])
def test_rpcs_fail_as_ordered_and_no_longer(org: Simulator, bus: Bus, rpc: str) -> None:
    def code() -> str:
        if rpc == "Subscribe":
            return unheard(bus, {"num_requested": 0})[1]
        kind = {"GetTopic": pb.TopicRequest, "GetSchema": pb.SchemaRequest}[rpc]
        return refused(bus, rpc, kind())[1]

    usual = code()
    order = {"rpc": rpc, "count": 2, "code": "service.unavailable", "status": "UNAVAILABLE"}
    org.control("POST", "events/fail", order)
    assert [code() for _ in range(3)] == ["service.unavailable"] * 2 + [usual]


@pytest.fixture
def outsider(org: Simulator, user: str) -> Iterator[Bus]:
    """A user without View All Users."""
    users = org.control("GET", "users")["users"]
    name = next(u["Username"] for u in users if u["Id"] == user)
    bus = bus_of(org, name)
    yield bus
    bus.close()


def test_who_may_not_see_all_users_gets_no_topic_of_them(bus: Bus, outsider: Bus) -> None:
    assert not outsider.topic().can_subscribe
    found = unheard(outsider, {})
    assert found == ("PERMISSION_DENIED", "subscription.topic.cannot.subscribe")


def test_on_a_channel_they_hear_nothing_of_users(
    org: Simulator, bus: Bus, outsider: Bus, user: str
) -> None:
    with outsider.listen("/data/ChangeEvents") as deaf, bus.listen("/data/ChangeEvents") as stream:
        opened(org, 2)
        org.control("POST", "edit", {"id": user, "fields": {"Title": "secret"}})
        stream.event()
        assert deaf.quiet()


def test_an_object_that_is_closed_to_the_user_has_no_events(org: Simulator, bus: Bus) -> None:
    org.fault("no_access", object="User")
    assert unheard(bus, {})[1] == "subscription.topic.cannot.subscribe"
