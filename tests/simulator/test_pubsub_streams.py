"""The Pub/Sub API's streams: credit, what comes when, replay, and how a stream ends."""

from __future__ import annotations

import time

import pytest

from tests.simulator.running import Simulator
from tests.simulator.subscriber import USERS, Bus, Failed, Stream, opened, streams


def edit(org: Simulator, user: str, **fields: object) -> None:
    org.control("POST", "edit", {"id": user, "fields": fields})


def numbered(org: Simulator, user: str, count: int) -> list[str]:
    titles = [f"number {n}" for n in range(count)]
    for title in titles:
        edit(org, user, Title=title)
    return titles


def titles(stream: Stream, count: int) -> list[str]:
    return [event.fields["Title"] for event in stream.events(count)]


def settings(org: Simulator, **more: object) -> None:
    org.control("POST", "events/settings", more)


def test_a_topic_says_what_can_be_done_with_it(bus: Bus) -> None:
    topic = bus.topic()
    assert (topic.topic_name, topic.can_publish, topic.can_subscribe) == (USERS, False, True)
    assert len(topic.schema_id) == 22
    assert bus.schema(topic.schema_id)["name"] == "UserChangeEvent"
    assert bus.topic("/data/ChangeEvents").schema_id == ""


def test_a_change_comes_to_who_listens(org: Simulator, bus: Bus, user: str) -> None:
    with bus.listen(credit=5) as stream, bus.listen("/data/ChangeEvents", 7) as other:
        opened(org, 2)
        edit(org, user, Title="Agent")
        event = stream.event()
        assert (event.header["recordIds"], event.fields["Title"]) == ([user], "Agent")
        last = stream.last
        assert (last.pending_num_requested, last.latest_replay_id) == (4, event.replay_id)
        assert sorted(s["pending"] for s in streams(org)) == [4, 6]
        assert other.event() == event


def test_a_change_comes_within_milliseconds(org: Simulator, bus: Bus, user: str) -> None:
    """Nothing polls: of several changes, the quickest is no slower than the two processes are."""
    waits = []
    with bus.listen() as stream:
        opened(org)
        for number in range(5):
            edit(org, user, Title=f"quick {number}")
            answered = time.monotonic()
            stream.answer()
            waits.append(time.monotonic() - answered)
    assert min(waits) < 0.02


def test_no_more_comes_than_was_asked_for(org: Simulator, bus: Bus, user: str) -> None:
    with bus.listen(credit=2) as stream:
        opened(org)
        sent = numbered(org, user, 5)
        assert titles(stream, 2) == sent[:2]
        assert stream.last.pending_num_requested == 0
        assert stream.quiet()
        stream.ask(1)
        assert titles(stream, 1) == sent[2:3]
        stream.ask(10)
        assert titles(stream, 2) == sent[3:]
        assert stream.last.pending_num_requested == 8


def test_credit_adds_up_to_a_hundred(org: Simulator, bus: Bus, user: str) -> None:
    with bus.listen(credit=30) as stream:
        opened(org)
        stream.ask(20)
        opened(org, pending=50)
        edit(org, user, Title="first")
        stream.event()
        assert stream.last.pending_num_requested == 49
        stream.ask(1000)
        opened(org, pending=100)
        edit(org, user, Title="second")
        stream.event()
        assert stream.last.pending_num_requested == 99


def test_what_has_piled_up_comes_in_one_answer(org: Simulator, bus: Bus, user: str) -> None:
    with bus.listen(credit=1) as stream:
        opened(org)
        sent = numbered(org, user, 6)
        stream.event()
        stream.ask(5)
        answer = stream.answer()
        assert [bus.read(event).fields["Title"] for event in answer.events] == sent[1:]


def test_a_quiet_stream_gives_signs_of_life(org: Simulator, bus: Bus, user: str) -> None:
    """Each with an id behind which nothing is missed."""
    settings(org, keepalive_seconds=0.1)
    with bus.listen(credit=3) as stream:
        for _ in range(2):
            answer = stream.answer()
            assert (list(answer.events), answer.pending_num_requested) == ([], 3)
            assert len(answer.latest_replay_id) == 8
    settings(org, keepalive_seconds=270)
    edit(org, user, Title="later")
    with bus.listen(after=answer.latest_replay_id) as stream:
        assert titles(stream, 1) == ["later"]


def test_a_stream_without_credit_ends(org: Simulator, bus: Bus, user: str) -> None:
    settings(org, starve_seconds=0.2, keepalive_seconds=0.1)
    with bus.listen(credit=1) as stream:
        opened(org)
        edit(org, user, Title="the one")
        began = time.monotonic()
        stream.event()
        assert stream.answer() is None
        assert time.monotonic() - began > 0.15


def test_asking_in_time_keeps_a_stream(org: Simulator, bus: Bus, user: str) -> None:
    settings(org, starve_seconds=0.4)
    with bus.listen(credit=1) as stream:
        opened(org)
        for title in ("one", "two", "three"):
            edit(org, user, Title=title)
            assert titles(stream, 1) == [title]
            time.sleep(0.2)
            stream.ask(1)
        assert stream.quiet(0.5)


def test_replay_begins_behind_the_id(org: Simulator, bus: Bus, user: str) -> None:
    with bus.listen() as stream:
        opened(org)
        sent = numbered(org, user, 4)
        events = stream.events(4)
    ids = [int.from_bytes(event.replay_id) for event in events]
    assert ids == sorted(set(ids))
    assert all(len(event.replay_id) == 8 for event in events)
    with bus.listen(after=events[1].replay_id) as stream:
        assert titles(stream, 2) == sent[2:]


def test_latest_hears_nothing_of_what_was_before(org: Simulator, bus: Bus, user: str) -> None:
    edit(org, user, Title="before")
    with bus.listen(preset="LATEST") as stream:
        opened(org)
        edit(org, user, Title="after")
        assert titles(stream, 1) == ["after"]


def test_an_expired_token_cuts_nothing_but_opens_nothing(
    org: Simulator, bus: Bus, user: str
) -> None:
    with bus.listen() as stream:
        opened(org)
        org.fault("expired_token")
        edit(org, user, Title="still heard")
        assert stream.answer().pending_num_requested == 99
        with pytest.raises(Failed) as refused:
            bus.topic()
    assert (refused.value.status, refused.value.code) == ("UNAUTHENTICATED", "service.auth.error")


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


def test_a_stream_can_fall_silent_while_new_ones_speak(org: Simulator, bus: Bus, user: str) -> None:
    settings(org, keepalive_seconds=0.1)
    with bus.listen() as silent:
        opened(org)
        assert org.control("POST", "events/silence", {"seconds": 0.8}) == {"silent": 1}
        edit(org, user, Title="unheard")
        with bus.listen() as stream:
            assert list(stream.answer().events) == []
        assert silent.quiet(0.3)
        assert titles(silent, 1) == ["unheard"]


def test_new_streams_can_be_silent_too(org: Simulator, bus: Bus) -> None:
    settings(org, keepalive_seconds=0.1)
    org.control("POST", "events/silence", {"seconds": 60, "new": True})
    with bus.listen() as stream:
        assert stream.quiet(0.4)
        assert streams(org)[0]["silent"]
        org.control("POST", "events/silence", {"seconds": 0})
        assert list(stream.answer().events) == []


def test_events_can_be_delivered_twice(org: Simulator, bus: Bus, user: str) -> None:
    with bus.listen(credit=5) as stream:
        opened(org)
        numbered(org, user, 3)
        first = stream.events(3)
        assert org.control("POST", "events/duplicate", {"last": 2}) == {"repeated": 2}
        assert stream.events(2) == first[1:]
        assert stream.last.pending_num_requested == 0
        stream.ask(1)
        edit(org, user, Title="what follows")
        assert titles(stream, 1) == ["what follows"]


def test_the_daily_deliveries_are_counted(org: Simulator, bus: Bus, user: str) -> None:
    settings(org, used=0, deliveries=5)
    with bus.listen() as stream, bus.listen() as other:
        opened(org, 2)
        numbered(org, user, 2)
        stream.events(2)
        other.events(2)
        limits = org.admin().call("GET", "limits").json()["DailyDeliveredPlatformEvents"]
        assert limits == {"Max": 5, "Remaining": 1}


def test_too_many_deliveries_cut_streams_until_the_window_rolls(
    org: Simulator, bus: Bus, user: str
) -> None:
    settings(org, used=0, deliveries=2)
    with bus.listen(credit=1) as stream:
        opened(org)
        sent = numbered(org, user, 4)
        event = stream.event()
        stream.ask(10)
        assert titles(stream, 1) == sent[1:2]
        with pytest.raises(Failed) as ended:
            stream.answer()
    assert ended.value.code == "subscription.limit.exceeded"
    assert ended.value.message.startswith("You have exceeded the event delivery limit")
    with bus.listen(after=event.replay_id) as stream, pytest.raises(Failed) as ended:
        stream.answer()
    assert ended.value.code == "subscription.limit.exceeded"
    org.control("POST", "clock", {"offset": 25 * 3600})
    bus.metadata["accesstoken"] = org.control("POST", "token", {})["access_token"]
    with bus.listen(after=event.replay_id) as stream:
        assert titles(stream, 2) == sent[1:3]
