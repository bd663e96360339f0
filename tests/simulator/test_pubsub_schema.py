"""What the schemas of change events look like, and events that come of no save."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.simulator.running import ROOT, Simulator
from tests.simulator.subscriber import USERS, Bus, Failed, bus_of, opened

MEMBER = """<PlatformEventChannelMember xmlns="http://soap.sforce.com/2006/04/metadata">
<eventChannel>{channel}</eventChannel>{more}<selectedEntity>{entity}</selectedEntity>
</PlatformEventChannelMember>"""
OBJECT = """<CustomObject xmlns="http://soap.sforce.com/2006/04/metadata">
<label>Seat</label><nameField><label>Seat Name</label><type>Text</type></nameField>
<pluralLabel>Seats</pluralLabel></CustomObject>"""
CHANNEL = """<PlatformEventChannel xmlns="http://soap.sforce.com/2006/04/metadata">
<channelType>data</channelType><label>Seats</label></PlatformEventChannel>"""
SEATS = "/data/Seat__ChangeEvent"
ACCOUNTS = "/data/AccountChangeEvent"


def write(project: Path, folder: str, name: str, text: str) -> None:
    path = project / "force-app" / "main" / "default" / folder / name
    path.parent.mkdir(exist_ok=True)
    path.write_text(text)


def member(project: Path, channel: str, entity: str, more: str = "") -> None:
    name = f"{channel.replace('__', '_')}_{entity}.platformEventChannelMember-meta.xml"
    text = MEMBER.format(channel=channel, entity=entity, more=more)
    write(project, "platformEventChannelMembers", name, text)


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Path:
    project = tmp_path_factory.mktemp("project") / "sfdx"
    shutil.copytree(ROOT / "sfdx", project)
    write(project, "objects/Seat__c", "Seat__c.object-meta.xml", OBJECT)
    write(project, "platformEventChannels", "Seats__chn.platformEventChannel-meta.xml", CHANNEL)
    member(project, "ChangeEvents", "AccountChangeEvent")
    member(project, "ChangeEvents", "Seat__ChangeEvent")
    member(project, "Seats__chn", "Seat__ChangeEvent")
    member(project, "Seats__chn", "ContactChangeEvent")
    return project


@pytest.fixture(scope="module")
def more(project: Path) -> Iterator[Simulator]:
    """An org that selected more than users."""
    simulator = Simulator("--users", "5", "--schema", str(project), "--pubsub-port", "0")
    yield simulator
    assert simulator.stop() == 0


@pytest.fixture
def listener(more: Simulator) -> Iterator[Bus]:
    bus = bus_of(more, "admin")
    yield bus
    bus.close()
    opened(more, 0)


def positions(bus: Bus, topic: str = USERS) -> dict[str, int]:
    fields = bus.schema(bus.topic(topic).schema_id)["fields"]
    return {field["name"]: number for number, field in enumerate(fields)}


def type_of(bus: Bus, topic: str, name: str) -> Any:
    fields = bus.schema(bus.topic(topic).schema_id)["fields"]
    return next(field["type"] for field in fields if field["name"] == name)


def test_users_have_the_positions_of_the_guide(bus: Bus) -> None:
    found = positions(bus)
    documented = {"ChangeEventHeader": 0, "Username": 1, "Name": 2, "Address": 7, "IsActive": 21}
    documented |= {"ProfileId": 29, "CreatedDate": 38, "LastModifiedDate": 40, "IndividualId": 59}
    assert {name: found[name] for name in documented} == documented
    custom = sorted(number for name, number in found.items() if name.endswith("__c"))
    assert custom == list(range(60, 60 + len(custom)))
    assert {"Id", "SystemModstamp", "FirstName", "City"}.isdisjoint(found)


def test_every_field_may_be_null(bus: Bus) -> None:
    fields = bus.schema(bus.topic().schema_id)["fields"]
    assert all(field["type"][0] == "null" and field["default"] is None for field in fields[1:])
    assert type_of(bus, USERS, "IsActive") == ["null", "boolean"]
    assert type_of(bus, USERS, "LastLoginDate") == ["null", "long"]
    assert type_of(bus, USERS, "Name")[1] == "string"


def test_an_edit_of_an_active_flag_has_the_bitmap_of_the_guide(
    org: Simulator, bus: Bus, user: str
) -> None:
    org.control("POST", "edit", {"id": user, "fields": {"Title": "Now the admin's"}})
    with bus.listen() as stream:
        opened(org)
        active = org.admin().call("GET", f"sobjects/User/{user}").json()["IsActive"]
        org.control("POST", "edit", {"id": user, "fields": {"IsActive": not active}})
        payload = stream.answer().events[0].event.payload
    assert b"\x1c0x010000200000" in payload


def test_another_schema_has_another_id_and_other_positions(
    org: Simulator, bus: Bus, user: str
) -> None:
    old, before = bus.topic().schema_id, positions(bus)
    with bus.listen() as stream:
        opened(org)
        org.control("POST", "edit", {"id": user, "fields": {"Title": "old"}})
        new = org.control("POST", "events/schema", {"object": "User"})["schema_id"]
        org.control("POST", "edit", {"id": user, "fields": {"Title": "new"}})
        first, second = stream.events(2)
    assert (first.schema_id, second.schema_id) == (old, new)
    assert old != new == bus.topic().schema_id
    assert first.changed[0] == second.changed[0] == "Title"
    after = positions(bus)
    assert {after[name] - number for name, number in before.items() if number} == {1}
    assert bus.schema(old)["name"] == "UserChangeEvent"


@pytest.mark.parametrize("kind", ["GAP_CREATE", "GAP_UPDATE", "GAP_DELETE", "GAP_UNDELETE"])
def test_a_gap_tells_whose_change_is_missing(
    org: Simulator, bus: Bus, user: str, kind: str
) -> None:
    with bus.listen() as stream:
        opened(org)
        org.control("POST", "events/gap", {"object": "User", "ids": [user[:15]], "type": kind})
        event = stream.event()
    assert (event.header["changeType"], event.header["recordIds"]) == (kind, [user])
    assert (event.fields, event.changed) == ({}, [])


def test_an_overflow_names_no_record(org: Simulator, bus: Bus) -> None:
    with bus.listen() as stream:
        opened(org)
        org.control("POST", "events/overflow", {"object": "User"})
        header = stream.event().header
    assert (header["changeType"], header["entityName"]) == ("GAP_OVERFLOW", "User")
    assert header["recordIds"] == ["000000000000000AAA"]


@pytest.mark.parametrize(
    ("way", "kind", "ids"),
    [
        ("GAP", "GAP_UPDATE", None),
        ("GAP_OVERFLOW", "GAP_OVERFLOW", ["000000000000000AAA"]),
        ("wildcard", "UPDATE", ["005*"]),
    ],
)
def test_a_save_is_told_without_what_changed(
    org: Simulator, bus: Bus, user: str, way: str, kind: str, ids: list[str] | None
) -> None:
    before = org.control("GET", "events")["concealed"]
    with bus.listen() as stream:
        opened(org)
        org.control("POST", "events/conceal", {"as": way, "seconds": 60})
        org.control("POST", "edit", {"id": user, "fields": {"Title": f"told as {way}"}})
        event = stream.event()
        assert (event.header["changeType"], event.header["recordIds"]) == (kind, ids or [user])
        assert (event.fields, event.changed) == ({}, [])
        assert org.control("GET", "events")["concealed"] == before + 1
        org.control("POST", "events/conceal", {"as": way, "seconds": 0})
        org.control("POST", "edit", {"id": user, "fields": {"Title": f"told after {way}"}})
        assert stream.event().fields["Title"] == f"told after {way}"


def test_a_wildcard_means_every_record(org: Simulator, bus: Bus) -> None:
    with bus.listen() as stream:
        opened(org)
        org.control("POST", "events/wildcard", {"object": "User"})
        assert stream.event().header["recordIds"] == ["005*"]


@pytest.mark.parametrize(
    ("path", "order"),
    [
        ("events/gap", {"object": "Account", "ids": ["001000000000001AAA"]}),  # not selected
        ("events/gap", {"object": "User", "ids": ["nonsense"]}),
        ("events/gap", {"object": "User", "ids": []}),
        ("events/gap", {"object": "User", "type": "UPDATE"}),
        ("events/settings", {"keepalive": 3}),
        ("events/settings", {"keepalive_seconds": "soon"}),
        ("events/cut", {"status": "GONE"}),
        ("events/fail", {"rpc": "subscribe"}),
        ("events/fail", {"count": 0}),
        ("events/silence", {}),
        ("events/conceal", {"as": "nothing", "seconds": 1}),
        ("events/conceal", {"as": "GAP"}),
        ("events/duplicate", {"last": 0}),
    ],
)
def test_orders_that_make_no_sense(org: Simulator, path: str, order: dict[str, Any]) -> None:
    answer = org.anyone.call("POST", f"/__control__/{path}", json=order)
    assert (answer.status_code, list(answer.json())) == (400, ["error"])


def test_topics_follow_the_metadata(more: Simulator, listener: Bus) -> None:
    known = ["/data/AccountChangeEvent", "/data/ChangeEvents", SEATS]
    assert more.control("GET", "events")["topics"] == [*known, "/data/Seats__chn", USERS]
    with pytest.raises(Failed):  # selected on a channel of its own only
        listener.topic("/data/ContactChangeEvent")


def test_a_record_from_its_creation_to_its_end(more: Simulator, listener: Bus) -> None:
    with listener.listen(SEATS) as stream, listener.listen("/data/Seats__chn") as other:
        opened(more, 2)
        made = more.control("POST", "create", {"object": "Seat__c", "fields": {"Name": "One"}})
        more.control("POST", "edit", {"id": made["id"], "fields": {"Name": "Two"}})
        more.control("POST", "delete", {"id": made["id"]})
        more.control("POST", "undelete", {"id": made["id"]})
        more.control("POST", "delete", {"id": made["id"]})
        more.control("POST", "purge", {})
        events = stream.events(5)
        assert stream.quiet(0.1)
        assert other.events(5) == events
    kinds = [event.header["changeType"] for event in events]
    assert kinds == ["CREATE", "UPDATE", "DELETE", "UNDELETE", "DELETE"]
    created, updated, deleted, undeleted, _ = events
    assert {event.header["entityName"] for event in events} == {"Seat__c"}
    assert {event.header["recordIds"][0] for event in events} == {made["id"]}
    assert (created.fields["Name"], undeleted.fields["Name"]) == ("One", "Two")
    assert undeleted.fields["CreatedDate"] == created.fields["CreatedDate"]
    assert updated.changed[0] == "Name"
    assert (deleted.fields, deleted.changed, deleted.nulled) == ({}, [], [])


def test_a_new_record_comes_whole(more: Simulator, listener: Bus) -> None:
    admin = more.control("GET", "state")["admin_id"]
    made = more.admin().call("GET", f"sobjects/User/{admin}").json()
    names = ("Email", "ProfileId", "TimeZoneSidKey", "LocaleSidKey", "LanguageLocaleKey")
    fields = {name: made[name] for name in (*names, "EmailEncodingKey")}
    fields |= {"Username": "new@example.com", "LastName": "New", "Alias": "new"}
    fields |= {"CommunityNickname": "new"}
    with listener.listen() as stream:
        opened(more)
        created = more.control("POST", "create", {"object": "User", "fields": fields})
        event = stream.event()
    assert (event.header["changeType"], event.header["recordIds"]) == ("CREATE", [created["id"]])
    assert (event.changed, event.nulled) == ([], [])
    assert event.fields["Name"]["LastName"] == "New"
    assert event.fields["IsActive"] is False
    assert event.fields["CreatedById"] == event.fields["LastModifiedById"]
    assert event.fields["CreatedDate"] == event.fields["LastModifiedDate"]
    assert event.fields["Requested_CTI__c"] is False


def test_two_addresses_have_parts_of_their_own(more: Simulator, listener: Bus) -> None:
    with listener.listen(ACCOUNTS) as stream:
        opened(more)
        fields: dict[str, Any] = {"Name": "Acme", "BillingCity": "Bath"}
        made = more.control("POST", "create", {"object": "Account", "fields": fields})
        created = stream.event()
        fields = {"ShippingStreet": "1 Quay", "BillingCity": None, "NumberOfEmployees": 7}
        more.control("POST", "edit", {"id": made["id"], "fields": fields})
        updated = stream.event()
    assert created.fields["BillingAddress"]["City"] == "Bath"
    assert "ShippingAddress" not in created.fields
    assert updated.fields["ShippingAddress"]["Street"] == "1 Quay"
    assert set(updated.changed) == {
        *("NumberOfEmployees", "LastModifiedDate"),
        *("ShippingAddress.Street", "BillingAddress.City"),
    }
    assert updated.nulled == ["BillingAddress.City"]


def test_what_nobody_selected_leaves_gaps_in_the_sequence(more: Simulator, listener: Bus) -> None:
    """A contact is deleted with its account, and contacts are not on the default channel."""
    with listener.listen("/data/ChangeEvents") as stream:
        opened(more)
        body = {
            "allOrNone": True,
            "compositeRequest": [
                {
                    "method": "POST",
                    "referenceId": f"r{number}",
                    "url": f"/services/data/v59.0/sobjects/{name}",
                    "body": fields,
                }
                for number, (name, fields) in enumerate(
                    [
                        ("Lead", {"LastName": "Unselected", "Company": "X"}),
                        ("Seat__c", {"Name": "Selected"}),
                    ]
                )
            ],
        }
        assert more.admin().call("POST", "composite", json=body).status_code == 200
        assert stream.event().header["sequenceNumber"] == 2


@pytest.mark.parametrize(
    ("entity", "channel", "more"),
    [
        ("NothingChangeEvent", "ChangeEvents", ""),
        ("User", "ChangeEvents", ""),
        ("UserChangeEvent", "Missing__chn", ""),
        ("UserChangeEvent", "ChangeEvents", "<filterExpression>Title = 'x'</filterExpression>"),
    ],
)
def test_a_selection_that_cannot_be_served_stops_the_start(
    tmp_path: Path, entity: str, channel: str, more: str
) -> None:
    from simulator.schema.metadata import read_schema

    project = tmp_path / "sfdx"
    shutil.copytree(ROOT / "sfdx", project)
    member(project, channel, entity, more)
    with pytest.raises(ValueError, match="platformEventChannelMember-meta"):
        read_schema(project)
