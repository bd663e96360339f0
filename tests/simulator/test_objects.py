"""Objects from TOML: keys, lookups, checks of values, upsert, collections, tree and graph."""

from __future__ import annotations

import itertools
import time
from collections.abc import Iterator
from typing import Any

import pytest

from tests.simulator.running import Client, Simulator, iso

SEAT = """
name = "Seat__c"
label = "Seat"
plural = "Seats"
prefix = "a1S"

[fields]
Name = { type = "string", length = 80, name_field = true, auto_number = "S-{0000}" }
Key__c = { type = "string", length = 20, unique = true, external_id = true }
Loose__c = { type = "string", length = 20, external_id = true }
Who__c = { type = "reference", to = ["Contact", "Lead"], relationship = "Who__r" }
Count__c = { type = "int", precision = 3 }
Price__c = { type = "currency", precision = 6, scale = 2 }
Day__c = { type = "date" }
Hour__c = { type = "time" }
Mail__c = { type = "email" }
Kinds__c = { type = "multipicklist", values = ["A", "B", "C"], restricted = true }
On__c = { type = "boolean" }

[fields.Account__c]
type = "reference"
to = "Account"
relationship = "Account__r"
children = "Seats__r"
"""
serials = itertools.count()


@pytest.fixture(scope="module")
def simulator(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Simulator]:
    folder = tmp_path_factory.mktemp("objects")
    (folder / "Seat__c.toml").write_text(SEAT)
    simulator = Simulator("--users", "5", "--objects", str(folder))
    yield simulator
    assert simulator.stop() == 0


@pytest.fixture
def client(simulator: Simulator) -> Client:
    return simulator.login()


def create(client: Client, sobject: str, **fields: Any) -> str:
    answer = client.call("POST", f"sobjects/{sobject}", json=fields)
    assert answer.status_code == 201, answer.text
    return str(answer.json()["id"])


def read(client: Client, path: str) -> Any:
    answer = client.call("GET", f"sobjects/{path}")
    assert answer.status_code == 200, answer.text
    return answer.json()


def key() -> str:
    return f"k{next(serials)}"


def test_values_come_back_as_their_type_has_them(client: Client) -> None:
    seat = create(
        client,
        "Seat__c",
        Key__c=key(),
        Count__c=7,
        Price__c=12.345,
        Day__c="2026-02-28",
        Hour__c="14:30:00Z",
        Kinds__c="C;A",
    )
    record = read(client, f"Seat__c/{seat}")
    assert record["Name"].startswith("S-0")
    assert (record["Count__c"], record["Price__c"]) == (7, 12.35)
    assert (record["Day__c"], record["Hour__c"]) == ("2026-02-28", "14:30:00.000Z")
    assert (record["Kinds__c"], record["On__c"]) == ("A;C", False)


@pytest.mark.parametrize(
    ("fields", "code"),
    [
        ({"Count__c": 1000}, "NUMBER_OUTSIDE_VALID_RANGE"),
        ({"Count__c": 1.5}, "JSON_PARSER_ERROR"),
        ({"Price__c": 10000}, "NUMBER_OUTSIDE_VALID_RANGE"),
        ({"Price__c": "much"}, "JSON_PARSER_ERROR"),
        ({"Day__c": "2026-02-30"}, "JSON_PARSER_ERROR"),
        ({"Mail__c": "nobody"}, "INVALID_EMAIL_ADDRESS"),
        ({"Kinds__c": "A;D"}, "INVALID_OR_NULL_FOR_RESTRICTED_PICKLIST"),
        ({"Key__c": "x" * 21}, "STRING_TOO_LONG"),
        ({"Account__c": "0015f00002J9YYEAA3"}, "INVALID_CROSS_REFERENCE_KEY"),
        ({"Account__c": "0055f000005mc66AAA"}, "MALFORMED_ID"),
        ({"Name": "mine"}, "INVALID_FIELD_FOR_INSERT_UPDATE"),
        ({"Id": "a1S5f000005mc66AAA"}, "INVALID_FIELD"),
    ],
)
def test_refused_values(client: Client, fields: dict[str, Any], code: str) -> None:
    answer = client.call("POST", "sobjects/Seat__c", json=fields)
    assert (answer.status_code, answer.json()[0]["errorCode"]) == (400, code)


def test_a_unique_value_is_taken_once_whatever_its_case(client: Client) -> None:
    first, taken = create(client, "Seat__c", Key__c="Taken"), {"Key__c": "tAKEN"}
    error = client.call("POST", "sobjects/Seat__c", json=taken).json()[0]
    assert error["errorCode"] == "DUPLICATE_VALUE"
    assert first[:15] in error["message"]
    assert client.call("PATCH", f"sobjects/Seat__c/{first}", json=taken).status_code == 204


def test_usernames_are_unique(client: Client) -> None:
    [one, other] = client.soql("SELECT Id, Username FROM User LIMIT 2")
    body = {"Username": one["Username"].upper()}
    answer = client.call("PATCH", f"sobjects/User/{other['Id']}", json=body)
    assert answer.json()[0]["errorCode"] == "DUPLICATE_USERNAME"
    assert answer.json()[0]["fields"] == ["Username"]


def test_upsert_creates_then_updates(client: Client) -> None:
    name = key()
    first = client.call("PATCH", f"sobjects/Seat__c/Key__c/{name}", json={"Count__c": 1})
    made = first.json()
    assert (first.status_code, made["created"]) == (201, True)
    assert first.headers["Location"].endswith(f"/sobjects/Seat__c/{made['id']}")
    second = client.call("PATCH", f"sobjects/Seat__c/key__C/{name}", json={"Count__c": 2})
    assert second.status_code == 200
    assert second.json() == {"id": made["id"], "success": True, "errors": [], "created": False}
    old = client.call(
        "PATCH", f"/services/data/v45.0/sobjects/Seat__c/Key__c/{name}", json={"Count__c": 3}
    )
    assert (old.status_code, old.content) == (204, b"")
    assert read(client, f"Seat__c/Key__c/{name}")["Count__c"] == 3
    by_id = client.call("PATCH", f"sobjects/Seat__c/Id/{made['id']}", json={"Count__c": 4})
    assert (by_id.status_code, by_id.json()["created"]) == (200, False)


def test_upsert_that_may_only_update(client: Client) -> None:
    path = f"sobjects/Seat__c/Key__c/{key()}?updateOnly=true"
    assert client.call("PATCH", path, json={}).status_code == 404


def test_a_key_that_several_records_have(client: Client) -> None:
    found = [create(client, "Seat__c", Loose__c="same") for _ in range(2)]
    for method in ("GET", "PATCH", "DELETE"):
        body = {} if method == "PATCH" else None
        answer = client.call(method, "sobjects/Seat__c/Loose__c/same", json=body)
        assert answer.status_code == 300
        assert answer.json() == [f"/services/data/v59.0/sobjects/Seat__c/{i}" for i in found]


def test_a_field_that_is_no_key(client: Client) -> None:
    answer = client.call("PATCH", "sobjects/Seat__c/Count__c/1", json={})
    assert answer.status_code == 404
    assert answer.json()[0]["message"] == (
        "Provided external ID field does not exist or is not accessible: Count__c"
    )


def test_a_key_does_not_stand_in_the_body_too(client: Client) -> None:
    answer = client.call("PATCH", f"sobjects/Seat__c/Key__c/{key()}", json={"Key__c": "x"})
    assert answer.json()[0]["errorCode"] == "INVALID_FIELD"


def test_a_parent_named_by_its_external_id(client: Client) -> None:
    create(client, "Lead", LastName="L", Company="C", Email="lead@example.com")
    nested = {"attributes": {"type": "Lead"}, "Email": "lead@example.com"}
    seat = create(client, "Seat__c", Who__r=nested)
    assert read(client, f"Seat__c/{seat}")["Who__c"].startswith("00Q")
    late = {"Email": "lead@example.com", "attributes": {"type": "Lead"}}
    refused = client.call("POST", "sobjects/Seat__c", json={"Who__r": late}).json()[0]
    assert refused["errorCode"] == "JSON_PARSER_ERROR"
    nobody = {"attributes": {"type": "Lead"}, "Email": "no@example.com"}
    error = client.call("POST", "sobjects/Seat__c", json={"Who__r": nobody}).json()[0]
    assert (error["errorCode"], "not found" in error["message"]) == ("INVALID_FIELD", True)


def test_an_address_is_made_of_its_parts(client: Client) -> None:
    account = create(client, "Account", Name="A", BillingCity="Haifa")
    record = read(client, f"Account/{account}")
    assert record["BillingAddress"] == {
        "city": "Haifa",
        "country": None,
        "geocodeAccuracy": None,
        "latitude": None,
        "longitude": None,
        "postalCode": None,
        "state": None,
        "street": None,
    }
    assert record["ShippingAddress"] is None
    assert record["OwnerId"].startswith("005")


def test_etags_guard_accounts(client: Client) -> None:
    account = create(client, "Account", Name="tagged")
    path = f"sobjects/Account/{account}"
    tag = client.call("GET", path).headers["ETag"]
    assert client.call("GET", path, headers={"If-None-Match": tag}).status_code == 304
    first = client.call("PATCH", path, json={"Name": "x"}, headers={"If-Match": tag})
    assert first.status_code == 204
    second = client.call("PATCH", path, json={"Name": "y"}, headers={"If-Match": tag})
    assert second.status_code == 412
    bad = client.call("PATCH", path, json={"Name": "y"}, headers={"If-Match": "untagged"})
    assert bad.status_code == 400
    user = client.soql("SELECT Id FROM User LIMIT 1")[0]["Id"]
    other = client.call("GET", f"sobjects/User/{user}", headers={"If-None-Match": "*"})
    assert other.status_code == 200


def test_describe_tells_children_keys_and_types(client: Client) -> None:
    account = read(client, "Account/describe")
    children = {(c["childSObject"], c["field"]): c for c in account["childRelationships"]}
    assert children["Contact", "AccountId"]["relationshipName"] == "Contacts"
    assert children["Contact", "AccountId"]["cascadeDelete"] is True
    assert children["Seat__c", "Account__c"]["relationshipName"] == "Seats__r"
    assert account["recordTypeInfos"][0]["master"] is True
    fields = {f["name"]: f for f in read(client, "Seat__c/describe")["fields"]}
    assert fields["Key__c"]["externalId"]
    assert fields["Key__c"]["idLookup"]
    assert (fields["Price__c"]["precision"], fields["Price__c"]["scale"]) == (6, 2)
    assert (fields["Count__c"]["digits"], fields["Count__c"]["soapType"]) == (3, "xsd:int")
    assert fields["Who__c"]["polymorphicForeignKey"]


def test_collections_upsert(client: Client) -> None:
    name, kind = key(), {"attributes": {"type": "Seat__c"}}
    path = "composite/sobjects/Seat__c/Key__c"
    body = {"records": [{**kind, "Key__c": name}, {**kind, "Key__c": name}, {"Key__c": key()}]}
    created, updated, failed = client.call("PATCH", path, json=body).json()
    assert (created["created"], updated["created"]) == (True, False)
    assert created["id"] == updated["id"]
    assert (failed["success"], failed["created"]) == (False, False)
    assert failed["errors"][0]["statusCode"] == "JSON_PARSER_ERROR"
    without_id = {"records": [{**kind, "Id": None, "Key__c": key()}]}
    [new] = client.call("PATCH", "composite/sobjects/Seat__c/Id", json=without_id).json()
    assert (new["success"], new["created"]) == (True, True)


def test_collections_delete(client: Client) -> None:
    seats = [create(client, "Seat__c", Key__c=key()) for _ in range(2)]
    unknown = "a1S5f000005mc66AAA"
    strict = {"ids": f"{seats[0]},{unknown}", "allOrNone": "true"}
    results = client.call("DELETE", "composite/sobjects", params=strict).json()
    codes = [r["errors"][0]["statusCode"] for r in results]
    assert codes == ["ALL_OR_NONE_OPERATION_ROLLED_BACK", "INVALID_CROSS_REFERENCE_KEY"]
    loose = {"ids": f"{seats[0]},{unknown},{seats[1]},{seats[1]}"}
    results = client.call("DELETE", "composite/sobjects", params=loose).json()
    assert [r["success"] for r in results] == [True, False, True, False]
    assert client.call("GET", f"sobjects/Seat__c/{seats[0]}").status_code == 404


def test_children_go_with_their_parent_and_lookups_become_blank(client: Client) -> None:
    account = create(client, "Account", Name="gone")
    contact = create(client, "Contact", LastName="C", AccountId=account)
    seat = create(client, "Seat__c", Key__c=key(), Account__c=account)
    assert client.call("DELETE", f"sobjects/Account/{account}").status_code == 204
    assert client.call("GET", f"sobjects/Contact/{contact}").status_code == 404
    assert read(client, f"Seat__c/{seat}")["Account__c"] is None
    window = {"start": iso(time.time() - 120), "end": iso(time.time() + 60)}
    deleted = client.call("GET", "sobjects/Contact/deleted", params=window).json()
    assert contact in [d["id"] for d in deleted["deletedRecords"]]


def test_a_tree_is_created_whole_or_not_at_all(client: Client) -> None:
    child = {"attributes": {"type": "Contact", "referenceId": "c"}, "LastName": "Child"}
    top = {"attributes": {"type": "Account", "referenceId": "a"}, "Name": "Tree"}
    body = {"records": [{**top, "Contacts": {"records": [child]}}]}
    answer = client.call("POST", "composite/tree/Account", json=body)
    made = {r["referenceId"]: r["id"] for r in answer.json()["results"]}
    assert (answer.status_code, answer.json()["hasErrors"]) == (201, False)
    assert read(client, f"Contact/{made['c']}")["AccountId"] == made["a"]
    del child["LastName"]
    failed = client.call("POST", "composite/tree/Account", json=body)
    assert (failed.status_code, failed.json()["hasErrors"]) == (400, True)
    assert failed.json()["results"][0]["referenceId"] == "c"
    assert len(client.soql("SELECT Id FROM Account WHERE Name = 'Tree'")) == 1


def test_graphs_stand_alone(client: Client) -> None:
    def graph(name: str, last_name: str | None) -> dict[str, Any]:
        base = "/services/data/v59.0/sobjects"
        account = {"method": "POST", "url": f"{base}/Account", "referenceId": "a"}
        contact = {"method": "POST", "url": f"{base}/Contact", "referenceId": "c"}
        body = {"LastName": last_name, "AccountId": "@{a.id}"}
        requests = [{**account, "body": {"Name": name}}, {**contact, "body": body}]
        return {"graphId": name, "compositeRequest": requests}

    body = {"graphs": [graph("bad graph", None), graph("good graph", "L")]}
    bad, good = client.call("POST", "composite/graph", json=body).json()["graphs"]
    assert (bad["isSuccessful"], good["isSuccessful"]) == (False, True)
    codes = [r["httpStatusCode"] for r in bad["graphResponse"]["compositeResponse"]]
    assert codes == [400, 400]
    assert good["graphResponse"]["compositeResponse"][1]["httpStatusCode"] == 201
    found = client.soql("SELECT Name FROM Account WHERE Name LIKE '%graph'")
    assert [r["Name"] for r in found] == ["good graph"]


def test_permission_sets_are_records(client: Client) -> None:
    found = client.soql(
        "SELECT PermissionSet.Name, Assignee.Username FROM PermissionSetAssignment "
        "WHERE PermissionSet.Name = 'License_Sync_Integration'"
    )
    assert [r["Assignee"]["Username"].split("@")[0] for r in found] == ["license.sync"]


def test_recent_items_are_what_one_changed(client: Client) -> None:
    account = create(client, "Account", Name="recent")
    [item, *_] = read(client, "Account")["recentItems"]
    assert (item["Id"], item["Name"]) == (account, "recent")
    assert client.call("GET", "recent?limit=1").json() == [item]
