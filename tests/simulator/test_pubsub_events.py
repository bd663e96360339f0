"""Which events a write publishes, and what stands in them."""

from __future__ import annotations

import time
import uuid
from collections.abc import Iterator
from typing import Any

import pytest

from tests.simulator.running import Client, Simulator
from tests.simulator.subscriber import Bus, Event, Stream, opened

CLIENT = {"Sforce-Call-Options": "client=license-sync, defaultNamespace=x"}
ORIGIN = "com/salesforce/api/rest/59.0;client=license-sync"
REQUESTED = ("CTI", "Freedom", "SCV", "PBX", "Contact_Center", "Record", "PCI", "Insight")


@pytest.fixture
def stream(org: Simulator, bus: Bus) -> Iterator[Stream]:
    with bus.listen() as stream:
        opened(org)
        yield stream


@pytest.fixture(scope="module")
def several(people: list[str]) -> list[str]:
    return [people.pop() for _ in range(5)]


def only(stream: Stream) -> Event:
    """The one event that comes."""
    event = stream.event()
    assert stream.quiet(0.15)
    return event


def update(client: Client, user: str, **fields: object) -> None:
    answer = client.call("PATCH", f"sobjects/User/{user}", json=fields, headers=CLIENT)
    assert answer.status_code == 204, answer.text


def test_what_the_admin_edits_publishes(org: Simulator, stream: Stream, user: str) -> None:
    org.control("POST", "edit", {"id": user, "fields": {"Title": "edited"}})
    assert only(stream).header["changeOrigin"] == "com/salesforce/api/rest/60.0"


def test_what_a_flow_writes_later_has_no_origin(
    org: Simulator, stream: Stream, sync: Client, user: str
) -> None:
    order: dict[str, Any] = {"kind": "editing", "field": "Title"}
    order |= {"sets": {"Department": "Phones"}, "seconds": 0.1}
    org.control("POST", "automations", order | {"count": 1, "when": {"ids": [user]}})
    update(sync, user, Title="sets it off")
    first, later = stream.events(2)
    assert (first.header["changeOrigin"], later.header["changeOrigin"]) == (ORIGIN, "")
    assert later.fields["Department"] == "Phones"
    assert later.header["commitUser"] == org.control("GET", "state")["automation_id"]
    assert later.header["transactionKey"] != first.header["transactionKey"]


def test_what_a_trigger_does_is_in_the_same_event(
    org: Simulator, stream: Stream, sync: Client, user: str
) -> None:
    order = {"kind": "editing", "field": "Title", "sets": {"Department": "Desk", "Title": "Final"}}
    org.control("POST", "automations", order | {"count": 1, "when": {"ids": [user]}})
    update(sync, user, Title="first", Phone="1")
    event = only(stream)
    fields = {name: event.fields[name] for name in ("Title", "Department", "Phone")}
    assert fields == {"Title": "Final", "Department": "Desk", "Phone": "1"}


def test_a_header_knows_its_transaction(org: Simulator, stream: Stream, user: str) -> None:
    client = org.login()
    began = int(org.control("GET", "state")["now"] * 1000)
    update(client, user, Title="one")
    update(client, user, Title="two")
    one, two = stream.events(2)
    now = int(org.control("GET", "state")["now"] * 1000)
    assert began <= one.header["commitTimestamp"] <= two.header["commitTimestamp"] <= now
    assert one.header["commitNumber"] < two.header["commitNumber"]
    keys = [str(uuid.UUID(event.header["transactionKey"])) for event in (one, two)]
    assert keys == [one.header["transactionKey"], two.header["transactionKey"]]
    assert keys[0] != keys[1]
    assert one.id != two.id


def test_an_update_holds_what_changed_and_nothing_else(
    org: Simulator, stream: Stream, sync: Client, user: str
) -> None:
    update(sync, user, Title="known", Department="Sales")
    stream.event()
    update(sync, user, Title="known", Department=None, FirstName="Ada", City=None, Phone="2")
    event = only(stream)
    stamp = org.control("GET", f"changes?since={org.last_change() - 1}")["changes"][0]["stamp"]
    assert event.fields["LastModifiedDate"] == stamp * 1000
    assert event.fields["Name"] == {"Salutation": None, "FirstName": "Ada", "LastName": None}
    assert set(event.fields) == {"Name", "Phone", "LastModifiedDate"}
    assert event.changed == ["Department", "Phone", "LastModifiedDate", "Name.FirstName"]
    assert event.nulled == ["Department"]


def test_a_cleared_part_of_a_compound_field(stream: Stream, sync: Client, user: str) -> None:
    update(sync, user, City="Bath", Street="1 High Street")
    assert stream.event().fields["Address"]["City"] == "Bath"
    update(sync, user, City=None)
    event = only(stream)
    assert (event.changed, event.nulled) == (["LastModifiedDate", "Address.City"], ["Address.City"])
    assert "Address" not in event.fields


def test_who_modified_it_is_told_when_it_is_another(
    org: Simulator, stream: Stream, sync: Client, user: str
) -> None:
    integration = org.control("GET", "state")["integration_id"]
    update(sync, user, Title="a")
    assert stream.event().fields["LastModifiedById"] == integration
    update(sync, user, Title="b")
    assert "LastModifiedById" not in stream.event().fields


def test_an_update_without_effect_moves_the_stamp_only(
    stream: Stream, sync: Client, user: str
) -> None:
    update(sync, user, Title="same")
    stream.event()
    update(sync, user, Title="same")
    event = only(stream)
    assert (list(event.fields), event.changed) == (["LastModifiedDate"], ["LastModifiedDate"])


def test_a_checkbox_that_is_cleared_is_false_and_not_null(
    stream: Stream, sync: Client, user: str
) -> None:
    update(sync, user, IsActive=False)
    event = only(stream)
    assert event.fields["IsActive"] is False
    assert event.nulled == []


def test_a_formula_that_comes_out_differently_is_there(
    stream: Stream, sync: Client, user: str
) -> None:
    nothing = {f"Requested_{name}__c": False for name in REQUESTED}
    update(sync, user, **nothing, License_Sync_Status__c="Failed", License_Sync_Decided__c="-")
    assert stream.event().fields["License_Sync_State__c"] == "Failed"
    update(sync, user, Requested_PBX__c=True)
    event = stream.event()
    assert event.fields["License_Sync_State__c"] == "Waiting"
    assert event.changed == ["LastModifiedDate", "License_Sync_State__c", "Requested_PBX__c"]


def changed_together(client: Client, *records: dict[str, object]) -> None:
    body = {"records": [{"attributes": {"type": "User"}, **record} for record in records]}
    answer = client.call("PATCH", "composite/sobjects", json=body, headers=CLIENT)
    assert all(item["success"] for item in answer.json()), answer.text


def test_the_same_change_of_several_records_is_one_event(
    stream: Stream, admin: Client, several: list[str]
) -> None:
    changed_together(admin, *({"id": one, "Division": "X"} for one in several))
    stream.event()
    records: list[dict[str, object]] = [{"id": one, "Division": "Y"} for one in several]
    records[2]["Division"] = "Z"
    changed_together(admin, *records)
    event, other = stream.events(2)
    assert event.header["recordIds"] == [one for one in several if one != several[2]]
    assert other.header["recordIds"] == [several[2]]
    assert event.header["transactionKey"] == other.header["transactionKey"]
    assert event.header["commitNumber"] == other.header["commitNumber"]
    assert (event.header["sequenceNumber"], other.header["sequenceNumber"]) == (1, 2)


def test_how_many_records_an_event_has_at_most_is_a_setting(
    org: Simulator, stream: Stream, admin: Client, several: list[str]
) -> None:
    org.control("POST", "events/settings", {"merged": 2})
    changed_together(admin, *({"id": one, "Division": "A"} for one in several))
    found = [event.header["recordIds"] for event in stream.events(3)]
    assert found == [several[:2], several[2:4], several[4:]]


def test_nothing_comes_of_what_is_rolled_back(
    stream: Stream, sync: Client, several: list[str]
) -> None:
    """A whole call, and one record of a call that goes on."""
    records = [{"attributes": {"type": "User"}, "id": one, "Title": "no"} for one in several[:3]]
    records[2]["Email"] = "nonsense"
    body = {"allOrNone": True, "records": records}
    assert not sync.call("PATCH", "composite/sobjects", json=body).json()[0]["success"]
    good, bad = (
        {
            "method": "PATCH",
            "referenceId": f"r{number}",
            "url": f"/services/data/v59.0/sobjects/User/{several[number]}",
            "body": body,
        }
        for number, body in enumerate(({"Title": "no"}, {"Email": "nonsense"}))
    )
    sync.call("POST", "composite", json={"allOrNone": True, "compositeRequest": [good, bad]})
    assert stream.quiet(0.2)
    sync.call("PATCH", "composite/sobjects", json={"allOrNone": False, "records": records})
    assert only(stream).header["recordIds"] == several[:2]


def test_what_a_refused_trigger_did_is_not_told(
    org: Simulator, stream: Stream, sync: Client, user: str
) -> None:
    org.control("POST", "automations", {"kind": "failing_trigger", "when": {"ids": [user]}})
    assert sync.call("PATCH", f"sobjects/User/{user}", json={"Title": "x"}).status_code == 400
    org.control("DELETE", "automations")
    assert stream.quiet(0.2)


def test_a_slow_commit_is_told_when_it_commits(
    org: Simulator, stream: Stream, sync: Client, user: str
) -> None:
    org.fault("slow_commit", seconds=1.2, count=1)
    began = time.monotonic()
    update(sync, user, Title="slow")
    event = stream.event()
    assert time.monotonic() - began >= 1.2
    assert event.header["commitTimestamp"] - event.fields["LastModifiedDate"] >= 1100


def test_a_field_that_the_subscriber_may_not_see_is_left_out(
    org: Simulator, stream: Stream, admin: Client, user: str
) -> None:
    org.fault("hidden_field", field="Title")
    update(admin, user, Title="secret", Phone="3")
    event = only(stream)
    assert "Title" not in event.fields
    assert event.changed[:2] == ["Phone", "LastModifiedDate"]
