"""The Node client of the Pub/Sub API: receives change events, resumes, reads bitmaps."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from tests.clients.environments import node_client
from tests.clients.programs import HERE, program
from tests.simulator.running import Simulator

TOPIC = "/data/UserChangeEvent"
Flow = Callable[..., dict[str, Any]]


@pytest.fixture(scope="module")
def org() -> Iterator[Simulator]:
    simulator = Simulator("--users", "30", "--seed", "7", "--pubsub-port", "0")
    yield simulator
    assert simulator.stop() == 0


@pytest.fixture
def flow(org: Simulator) -> Flow:
    """Subscribes as the integration user and gives what was heard, in the order of the bus.

    The client hands an event over when it has its schema: the first ones may overtake each other.
    """
    client = program(
        org,
        "node",
        str(HERE / "inside" / "pubsub_client_calls.mjs"),
        CLIENT_MODULES=str(node_client("pubsub-client")),
    )
    token = org.control("POST", "token", {"user": "integration"})["access_token"]

    def run(**order: Any) -> dict[str, Any]:
        given = {
            "url": org.ready["url"],
            "endpoint": org.ready["pubsub_endpoint"],
            "organization": org.ready["organization_id"],
            "token": token,
            "topic": TOPIC,
            **order,
        }
        found: dict[str, Any] = json.loads(client.run(given=json.dumps(given)))
        found.get("events", []).sort(key=lambda event: event["replayId"])
        return found

    return run


@pytest.fixture(scope="module")
def people(org: Simulator) -> list[str]:
    users = org.control("GET", "users")["users"]
    return [user["Id"] for user in users if user["Username"].startswith("user0")]


def edits(person: str, *titles: str) -> list[dict[str, Any]]:
    return [{"id": person, "fields": {"Title": title}} for title in titles]


def titles(told: dict[str, Any]) -> list[str]:
    return [event["payload"]["Title"] for event in told["events"]]


def test_changes_are_received(flow: Flow, people: list[str]) -> None:
    fields = {"Title": "señor 王", "FirstName": "Ada", "Department": None, "IsActive": False}
    changes = [*edits(people[0], "first"), {"id": people[0], "fields": fields}]
    first, second = flow(count=2, edits=changes)["events"]
    assert titles({"events": [first, second]}) == ["first", "señor 王"]
    header = second["payload"]["ChangeEventHeader"]
    assert header["recordIds"] == [people[0]]
    assert (header["changeType"], header["entityName"]) == ("UPDATE", "User")
    assert header["changeOrigin"] == "com/salesforce/api/rest/62.0;client=license-sync"
    changed = {"Title", "IsActive", "LastModifiedDate", "Name.FirstName"}
    assert changed <= set(header["changedFields"])
    assert second["payload"]["IsActive"] is False
    assert second["replayId"] > first["replayId"]


def test_a_subscription_resumes_behind_an_event(flow: Flow, people: list[str]) -> None:
    told = flow(count=3, edits=edits(people[1], "a", "b", "c"))
    again = flow(count=2, replayId=told["events"][0]["replayId"])
    assert titles(again) == ["b", "c"]
    assert again["events"] == told["events"][1:]


def test_more_events_than_one_request_asks_for(flow: Flow, people: list[str]) -> None:
    """The client asks again when it has received what it asked for."""
    wanted = [f"number {n}" for n in range(150)]
    told = flow(count=150, forever=True, edits=edits(people[2], *wanted))
    assert titles(told) == wanted


def test_a_replay_id_of_nowhere_is_refused(flow: Flow) -> None:
    failed = flow(count=1, replayId=1)["failed"]
    code = "sfdc.platform.eventbus.grpc.subscription.fetch.replayid.corrupted"
    assert (failed["code"], failed["trailers"]["error-code"]) == (3, code)


def test_a_quiet_stream_gives_signs_of_life(org: Simulator, flow: Flow) -> None:
    org.control("POST", "events/settings", {"keepalive_seconds": 0.1})
    told = flow(count=5, until="grpcKeepAlive")
    org.control("POST", "events/settings", {"keepalive_seconds": 270})
    assert (told["events"], told["keepalives"]) == ([], 1)


def test_a_stream_that_asks_for_no_more_ends(org: Simulator, flow: Flow, people: list[str]) -> None:
    org.control("POST", "events/settings", {"starve_seconds": 0.2})
    told = flow(count=1, until="end", edits=edits(people[3], "one"))
    org.control("POST", "events/settings", {"starve_seconds": 60})
    assert (titles(told), told["ends"]) == (["one"], 1)


def test_a_managed_subscription_keeps_the_position(
    org: Simulator, flow: Flow, people: list[str]
) -> None:
    order = {"developer_name": "Node", "topic": TOPIC}
    managed = org.control("POST", "events/managed", order)["id"]
    told = flow(count=2, managed="Node", commit=managed, edits=edits(people[4], "kept", "next"))
    assert titles(told) == ["kept", "next"]
    again = flow(count=1, managed=managed, edits=edits(people[4], "behind the commit"))
    assert titles(again) == ["behind the commit"]
