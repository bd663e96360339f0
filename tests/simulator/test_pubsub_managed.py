"""ManagedSubscribe: the org keeps the position that the client commits."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from eventbus import pubsub_api_pb2 as pb
from tests.simulator.running import Simulator
from tests.simulator.subscriber import USERS, Bus, Failed, Stream, opened

NAME = "License_Sync"


@pytest.fixture
def managed(org: Simulator, bus: Bus) -> Iterator[str]:
    """The id of a subscription to users."""
    order = {"developer_name": NAME, "topic": USERS}
    yield str(org.control("POST", "events/managed", order)["id"])
    org.control("DELETE", "events/managed")


def listen(bus: Bus, **fields: Any) -> Stream:
    request = pb.ManagedFetchRequest(**{"developer_name": NAME, "num_requested": 10} | fields)
    return bus.start(request, "ManagedSubscribe")


def edit(org: Simulator, user: str, *titles: str) -> None:
    for title in titles:
        org.control("POST", "edit", {"id": user, "fields": {"Title": title}})


def titles(stream: Stream, count: int) -> list[str]:
    return [event.fields["Title"] for event in stream.events(count)]


def commit(stream: Stream, name: str, replay_id: bytes) -> Any:
    asked = pb.CommitReplayRequest(commit_request_id=name, replay_id=replay_id)
    stream.send(pb.ManagedFetchRequest(commit_replay_id_request=asked))
    answer = stream.answer()
    assert len(answer.latest_replay_id) == 8
    return answer.commit_response


def code(bus: Bus, *requests: dict[str, Any]) -> str:
    with listen(bus, **requests[0]) as stream:
        for request in requests[1:]:
            stream.send(pb.ManagedFetchRequest(**request))
        with pytest.raises(Failed) as failed:
            stream.answer()
    return failed.value.code.removeprefix("managed.subscription.")


def test_it_goes_on_behind_what_was_committed(
    org: Simulator, bus: Bus, managed: str, user: str
) -> None:
    with listen(bus) as stream:
        opened(org)
        edit(org, user, "one", "two", "three")
        first = stream.events(3)[0]
        done = commit(stream, "mine", first.replay_id)
        assert (done.commit_request_id, done.replay_id) == ("mine", first.replay_id)
        assert abs(done.process_time / 1000 - org.control("GET", "state")["now"]) < 5
        assert not done.HasField("error")
    opened(org, 0)
    with listen(bus, developer_name="", subscription_id=managed[:15]) as stream:
        assert titles(stream, 2) == ["two", "three"]


def test_without_a_commit_it_begins_as_configured(
    org: Simulator, bus: Bus, managed: str, user: str
) -> None:
    edit(org, user, "before")
    with listen(bus) as stream:
        opened(org)
        edit(org, user, "after")
        assert titles(stream, 1) == ["after"]


def test_a_position_that_is_gone_is_recovered_as_configured(
    org: Simulator, bus: Bus, managed: str, user: str
) -> None:
    with listen(bus) as stream:
        opened(org)
        edit(org, user, "one")
        commit(stream, "mine", stream.event().replay_id)
    opened(org, 0)
    org.control("POST", "events/forget", {})
    edit(org, user, "first behind the move")
    with listen(bus) as stream:
        assert titles(stream, 1) == ["first behind the move"]


def test_a_commit_that_fails_ends_nothing(
    org: Simulator, bus: Bus, managed: str, user: str
) -> None:
    with listen(bus) as stream:
        opened(org)
        failed = commit(stream, "bad", b"\0" * 8)
        assert failed.error.code == pb.ErrorCode.COMMIT
        edit(org, user, "goes on")
        assert titles(stream, 1) == ["goes on"]
        assert stream.last.pending_num_requested == 9


@pytest.mark.parametrize(
    ("requests", "expected"),
    [
        ([{"developer_name": ""}], "id.or.developer.name.empty"),
        ([{"developer_name": "Nobody"}], "developer.name.not.found"),
        ([{"subscription_id": "18x000000000001AAA"}], "subscription.id.not.found"),
        ([{"subscription_id": "005000000000001AAA"}], "subscription.id.invalid"),
        ([{"num_requested": 0}], "fetch.request.events.invalid"),
        ([{}, {"num_requested": 0}], "fetch.request.events.invalid"),
        ([{"auth_refresh": "x"}], "fetch.request.auth.request.restricted"),
        (
            [{"commit_replay_id_request": pb.CommitReplayRequest(commit_request_id="x")}],
            "fetch.request.commit.request.restricted",
        ),
    ],
)
def test_requests_that_make_no_sense(
    bus: Bus, managed: str, requests: list[dict[str, Any]], expected: str
) -> None:
    assert code(bus, *requests) == expected


def test_one_client_at_a_time(org: Simulator, bus: Bus, managed: str) -> None:
    with listen(bus):
        opened(org)
        assert code(bus, {}) == "already.active"


def test_stopping_or_deleting_it_ends_the_stream(org: Simulator, bus: Bus, managed: str) -> None:
    for order, expected in (("stop", "config.stopped"), ("delete", "config.deleted")):
        with listen(bus) as stream:
            opened(org)
            if order == "stop":
                stopped = {"developer_name": NAME, "state": "STOP"}
                org.control("POST", "events/managed", stopped)
            else:
                org.control("DELETE", "events/managed")
            with pytest.raises(Failed) as failed:
                stream.answer()
        opened(org, 0)
        assert failed.value.code == f"managed.subscription.{expected}"
        if order == "stop":
            assert code(bus, {}) == "config.stopped"
            org.control("POST", "events/managed", {"developer_name": NAME, "state": "RUN"})


def test_it_is_found_by_the_tooling_api(org: Simulator, managed: str) -> None:
    soql = "SELECT Id, DeveloperName, Metadata FROM ManagedEventSubscription WHERE {} LIMIT 1"
    for where in (f"Id='{managed}'", f"DeveloperName='{NAME}'"):
        found = org.admin().call("GET", "tooling/query/", params={"q": soql.format(where)}).json()
        assert (found["size"], found["records"][0]["Id"]) == (1, managed)
        assert found["records"][0]["Metadata"]["state"] == "RUN"
    missing = soql.format("DeveloperName='Nobody'")
    assert org.admin().call("GET", "tooling/query/", params={"q": missing}).json()["size"] == 0
