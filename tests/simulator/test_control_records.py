"""Records made, changed, deleted and brought back on order; fields and objects withdrawn."""

from __future__ import annotations

import shutil
import time
from collections.abc import Iterator

import pytest

from tests.simulator.running import ROOT, Client, Simulator, iso

OBJECT = """<CustomObject xmlns="http://soap.sforce.com/2006/04/metadata">
<label>Seat</label><nameField><label>Seat Name</label><type>Text</type></nameField>
<pluralLabel>Seats</pluralLabel></CustomObject>"""


@pytest.fixture(scope="module")
def seats(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Simulator]:
    """An org with an object that can be deleted."""
    project = tmp_path_factory.mktemp("project") / "sfdx"
    shutil.copytree(ROOT / "sfdx", project)
    folder = project / "force-app" / "main" / "default" / "objects" / "Seat__c"
    folder.mkdir()
    (folder / "Seat__c.object-meta.xml").write_text(OBJECT)
    simulator = Simulator("--users", "5", "--schema", str(project))
    yield simulator
    assert simulator.stop() == 0


def made(seats: Simulator, name: str) -> str:
    answer = seats.control("POST", "create", {"object": "seat__c", "fields": {"Name": name}})
    assert answer["change"] == seats.last_change()
    return str(answer["id"])


def names(client: Client, resource: str = "query") -> set[str]:
    answer = client.call("GET", resource, params={"q": "SELECT Name FROM Seat__c"})
    return {record["Name"] for record in answer.json()["records"]}


def window(client: Client, what: str) -> list[str]:
    span = {"start": iso(time.time() - 120), "end": iso(time.time() + 60)}
    answer = client.call("GET", f"sobjects/Seat__c/{what}", params=span).json()
    return [d["id"] for d in answer["deletedRecords"]] if what == "deleted" else answer["ids"]


def test_any_object_is_edited_as_the_admin(seats: Simulator) -> None:
    seat = made(seats, "first")
    since = seats.last_change()
    for order in ({"object": "Seat__c", "id": seat}, {"id": seat}):
        seats.control("POST", "edit", {**order, "fields": {"Name": "renamed"}})
    changes = seats.changes(since)
    assert [(c["object"], c["id"]) for c in changes] == [("Seat__c", seat)] * 2
    assert {c["by"] for c in changes} == {seats.control("GET", "state")["admin_id"]}


def test_deleted_and_brought_back(seats: Simulator) -> None:
    sync = seats.login()
    seat = made(seats, "back")
    seats.control("POST", "delete", {"id": seat})
    assert "back" not in names(sync)
    assert seat in window(sync, "deleted")
    since = seats.last_change()
    assert seats.control("POST", "undelete", {"id": seat[:15]})["id"] == seat
    assert "back" in names(sync)
    assert seat not in window(sync, "deleted")
    assert seat in window(sync, "updated")
    [change] = seats.changes(since)
    assert (change["id"], change["by"]) == (seat, seats.control("GET", "state")["admin_id"])
    assert sync.call("PATCH", f"sobjects/Seat__c/{seat}", json={"Name": "on"}).status_code == 204
    again = seats.anyone.call("POST", "/__control__/undelete", json={"id": seat})
    assert again.status_code == 400


def test_the_bin_is_emptied(seats: Simulator) -> None:
    sync = seats.login()
    kept, gone, last = (made(seats, name) for name in ("kept", "gone", "last"))
    for seat in (gone, last):
        seats.control("POST", "delete", {"id": seat})
    assert seats.control("POST", "purge", {"id": gone}) == {"purged": 1}
    assert gone not in window(sync, "deleted")
    assert "gone" not in names(sync, "queryAll")
    assert "last" in names(sync, "queryAll")
    assert seats.control("POST", "purge", {})["purged"] >= 1
    assert "last" not in names(sync, "queryAll")
    assert sync.call("GET", f"sobjects/Seat__c/{kept}").status_code == 200
    assert seats.anyone.call("POST", "/__control__/undelete", json={"id": gone}).status_code == 400


def test_users_cannot_be_deleted(org: Simulator, user: str) -> None:
    answer = org.anyone.call("POST", "/__control__/delete", json={"id": user})
    assert (answer.status_code, answer.json()[0]["errorCode"]) == (405, "METHOD_NOT_ALLOWED")


def test_changes_of_one_record_or_object(seats: Simulator) -> None:
    one, other = made(seats, "one"), made(seats, "other")
    admin_id = seats.control("GET", "state")["admin_id"]
    seats.control("POST", "edit", {"id": admin_id, "fields": {"Title": "boss"}})
    seats.control("POST", "edit", {"id": one, "fields": {"Name": "two"}})

    def seen(query: str) -> list[str]:
        return [c["id"] for c in seats.control("GET", f"changes?{query}")["changes"]]

    assert seen(f"id={one}") == seen(f"id={one[:15]}") == [one, one]
    assert seen("object=user") == [admin_id]
    assert {one, other} <= set(seen("object=Seat__c"))
    assert admin_id not in seen("object=Seat__c")


@pytest.mark.parametrize(
    ("request_", "order"),
    [
        ("edit", {"object": "Nope", "id": "x", "fields": {}}),
        ("create", {"object": "Nope"}),
        ("delete", {}),
        ("delete", {"id": "nope"}),
        ("undelete", {"id": "005000000000001"}),
        ("undelete", {}),
        ("purge", {"object": "Nope"}),
    ],
)
def test_nonsense_is_refused(org: Simulator, request_: str, order: dict[str, object]) -> None:
    answer = org.anyone.call("POST", f"/__control__/{request_}", json=order)
    assert 400 <= answer.status_code < 500
    assert answer.json()


def test_a_field_that_is_removed_is_gone_for_everyone(
    org: Simulator, sync: Client, admin: Client, user: str
) -> None:
    def known(client: Client) -> list[bool]:
        described = client.call("GET", "sobjects/User/describe").json()["fields"]
        query = client.call("GET", "query", params={"q": "SELECT Requested_SCV__c FROM User"})
        write = client.call("PATCH", f"sobjects/User/{user}", json={"Requested_SCV__c": True})
        refused = {query.status_code, write.status_code} == {400}
        if refused:
            assert {a.json()[0]["errorCode"] for a in (query, write)} == {"INVALID_FIELD"}
        return ["Requested_SCV__c" in {f["name"] for f in described}, not refused]

    number = org.fault("removed_field", field="Requested_SCV__c")["id"]
    assert known(sync) == known(admin) == [False, False]
    org.control("DELETE", f"faults/{number}")
    assert known(admin) == [True, True]


def test_rights_to_an_object_are_taken_away(
    org: Simulator, sync: Client, admin: Client, user: str
) -> None:
    number = org.fault("no_access")["id"]
    body = {"ids": [user], "fields": ["Id"]}
    reads = [
        sync.call("GET", f"sobjects/User/{user}"),
        sync.call("GET", "sobjects/User/describe"),
        sync.call("GET", "query", params={"q": "SELECT Id FROM User LIMIT 1"}),
        sync.call("POST", "composite/sobjects/User", json=body),
    ]
    for answer in reads:
        assert (answer.status_code, answer.json()[0]["errorCode"]) == (403, "INSUFFICIENT_ACCESS")
    write = sync.call("PATCH", f"sobjects/User/{user}", json={"Title": "x"})
    assert write.json()[0]["errorCode"] == "INSUFFICIENT_ACCESS_OR_READONLY"
    assert sync.soql("SELECT Id FROM UserRole")
    assert sync.call("GET", "limits").status_code == 200
    assert admin.call("GET", f"sobjects/User/{user}").status_code == 200
    assert admin.call("PATCH", f"sobjects/User/{user}", json={"Title": "x"}).status_code == 204
    org.control("DELETE", f"faults/{number}")
    assert sync.call("GET", f"sobjects/User/{user}").status_code == 200
