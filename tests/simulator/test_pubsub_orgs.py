"""Change events of several orgs in one process, over a restart, and when time passes."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.simulator.running import Client, Simulator
from tests.simulator.subscriber import USERS, Bus, Failed, Stream, bus_of, opened

HOUR = 3600


class Place:
    """An org of one's own: its control, and someone to edit."""

    def __init__(self, facts: dict[str, str]) -> None:
        self.facts = facts
        self.client = Client(facts["url"], facts["ca_file"])
        users = self.control("GET", "users")["users"]
        self.person = next(u["Id"] for u in users if u["Username"].startswith("user0"))

    def control(self, method: str, path: str, order: Any = None) -> Any:
        answer = self.client.call(method, f"/__control__/{path}", json=order)
        assert answer.status_code == 200, answer.text
        return answer.json()

    def token(self) -> str:
        return str(self.control("POST", "token", {"user": "integration"})["access_token"])

    def bus(self, **headers: str) -> Bus:
        return Bus(self.facts, self.token(), **headers)

    def edit(self, title: str) -> None:
        self.control("POST", "edit", {"id": self.person, "fields": {"Title": title}})


@pytest.fixture(scope="module")
def places() -> Iterator[tuple[Place, Place]]:
    several = ("--org", "acme:seed=1,http_port=0", "--org", "globex:seed=2")
    running = Simulator("--users", "6", "--pubsub-port", "0", *several)
    facts: list[Any] = [
        one | {"ca_file": running.ready["ca_file"]} for one in running.ready["orgs"]
    ]
    acme, globex = (Place(one) for one in facts)
    yield acme, globex
    acme.client.close()
    globex.client.close()
    assert running.stop() == 0


@pytest.fixture
def one(places: tuple[Place, Place]) -> Iterator[Place]:
    """The first org, its time and settings put back."""
    yield places[0]
    places[0].control("POST", "clock", {"offset": 0})
    places[0].control("POST", "events/settings", {"keepalive_seconds": 270})


def heard(stream: Stream, count: int) -> list[str]:
    return [event.fields["Title"] for event in stream.events(count)]


def ended(bus: Bus, **how: Any) -> str:
    with bus.listen(**how) as stream, pytest.raises(Failed) as failed:
        stream.answer()
    return failed.value.code


def waits(place: Place, count: int = 1) -> None:
    """Until so many streams of that org are open."""
    opened(place, count)  # type: ignore[arg-type]


def test_one_endpoint_tells_orgs_apart(places: tuple[Place, Place]) -> None:
    acme, globex = places
    assert acme.facts["pubsub_endpoint"] == globex.facts["pubsub_endpoint"]
    here, there = acme.bus(), globex.bus()
    with here.listen() as first, there.listen() as second:
        waits(acme)
        waits(globex)
        acme.edit("in acme")
        globex.edit("in globex")
        assert (heard(first, 1), heard(second, 1)) == (["in acme"], ["in globex"])
        assert acme.control("POST", "events/cut", {}) == {"cut": 1}
        with pytest.raises(Failed):
            first.answer()
        globex.edit("goes on")
        assert heard(second, 1) == ["goes on"]
    here.close()
    there.close()


def test_a_token_opens_its_own_org_only(places: tuple[Place, Place]) -> None:
    acme, globex = places
    bus = Bus(globex.facts, acme.token())
    with pytest.raises(Failed) as failed:
        bus.topic()
    assert failed.value.code == "service.auth.error"
    bus.close()


def test_plain_http_is_taken_of_an_org_that_has_it(places: tuple[Place, Place]) -> None:
    acme, globex = places
    bus = acme.bus(instanceurl=acme.facts["http_url"])
    assert bus.topic().can_subscribe
    bus.close()
    bus = globex.bus(instanceurl=acme.facts["http_url"])
    with pytest.raises(Failed) as failed:
        bus.topic()
    assert failed.value.code == "service.auth.headers.invalid"
    bus.close()


def test_events_are_kept_for_so_long_and_no_longer(one: Place) -> None:
    bus = one.bus()
    with bus.listen() as stream:
        waits(one)
        one.edit("three days old")
        old = stream.event()
        one.control("POST", "clock", {"offset": 71 * HOUR})
        one.edit("young")
        stream.event()
    bus.metadata["accesstoken"] = one.token()
    with bus.listen(after=old.replay_id) as stream:
        assert heard(stream, 1) == ["young"]
    one.control("POST", "clock", {"offset": 73 * HOUR})
    bus.metadata["accesstoken"] = one.token()
    assert ended(bus, after=old.replay_id) == "subscription.fetch.replayid.corrupted"
    with bus.listen(preset="EARLIEST") as stream:
        assert heard(stream, 1) == ["young"]
    bus.close()


def test_a_sign_of_life_is_worth_its_own_time(one: Place) -> None:
    """In an org where nothing happens, its id outlives the last event."""
    one.edit("the last one for days")
    one.control("POST", "clock", {"offset": 70 * HOUR})
    one.control("POST", "events/settings", {"keepalive_seconds": 0.1})
    bus = one.bus()
    with bus.listen() as stream:
        told = stream.answer().latest_replay_id
    one.control("POST", "events/settings", {"keepalive_seconds": 270})
    one.control("POST", "clock", {"offset": 80 * HOUR})
    bus.metadata["accesstoken"] = one.token()
    one.edit("at last")
    with bus.listen(after=told) as stream:
        assert heard(stream, 1) == ["at last"]
    bus.close()


def test_after_a_move_old_ids_mean_nothing(one: Place) -> None:
    bus = one.bus()
    with bus.listen() as stream:
        waits(one)
        one.edit("before the move")
        old = stream.event()
        one.control("POST", "events/forget", {})
        one.edit("after the move")
        new = stream.event()
    assert ended(bus, after=old.replay_id) == "subscription.fetch.replayid.corrupted"
    with bus.listen(preset="EARLIEST") as stream:
        assert stream.event() == new
    bus.close()


def test_a_refreshed_sandbox_is_another_tenant(places: tuple[Place, Place]) -> None:
    acme, _ = places
    old = acme.bus()
    with old.listen() as stream:
        waits(acme)
        acme.edit("in the old sandbox")
        event = stream.event()
        acme.facts["organization_id"] = acme.control("POST", "organization_id", {})[
            "organization_id"
        ]
        with pytest.raises(Failed) as failed:
            stream.answer()
    assert failed.value.status == "UNAVAILABLE"
    old.metadata["accesstoken"] = acme.token()
    with pytest.raises(Failed) as failed:
        old.topic()
    assert failed.value.code == "service.auth.error"
    new = acme.bus()
    assert new.topic().can_subscribe
    assert ended(new, after=event.replay_id) == "subscription.fetch.replayid.corrupted"
    old.close()
    new.close()


def test_events_outlive_the_process(tmp_path: Path) -> None:
    """Also the schema by which they are read, though another one has taken its place."""
    options = ("--users", "5", "--pubsub-port", "0", "--data", str(tmp_path))
    before = Simulator(*options)
    place = Place(before.ready)
    bus = place.bus()
    with bus.listen() as stream:
        waits(place)
        place.edit("one")
        place.edit("two")
        first, _ = stream.events(2)
        place.control("POST", "events/schema", {"object": "User"})
        changed = bus.topic().schema_id
    bus.close()
    place.client.close()
    assert before.kill() != 0

    after = Simulator(*options)
    place = Place(after.ready)
    bus = place.bus()
    place.edit("three")
    with bus.listen(after=first.replay_id) as stream:
        events = stream.events(2)
    assert [event.fields["Title"] for event in events] == ["two", "three"]
    assert events[0].schema_id == first.schema_id
    assert events[1].schema_id == changed == bus.topic().schema_id
    assert events[0].replay_id < events[1].replay_id
    with bus.listen(preset="EARLIEST") as stream:
        assert heard(stream, 3) == ["one", "two", "three"]
    bus.close()
    place.client.close()
    assert after.stop() == 0


def test_without_the_option_nothing_is_served(tmp_path: Path) -> None:
    """But events are written all the same: who listens later can have them."""
    options = ("--users", "5", "--data", str(tmp_path))
    deaf = Simulator(*options)
    assert "pubsub_endpoint" not in deaf.ready
    place = Place(deaf.ready)
    place.edit("unheard")
    place.client.close()
    assert deaf.stop() == 0
    heard_later = Simulator(*options, "--pubsub-port", "0")
    bus = bus_of(heard_later)
    with bus.listen(USERS, preset="EARLIEST") as stream:
        assert heard(stream, 1) == ["unheard"]
    bus.close()
    assert heard_later.stop() == 0
