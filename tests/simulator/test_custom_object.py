"""Objects of the customer's own: they can be deleted, and come back in queryAll only."""

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
def client(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Client]:
    project = tmp_path_factory.mktemp("project") / "sfdx"
    shutil.copytree(ROOT / "sfdx", project)
    folder = project / "force-app" / "main" / "default" / "objects" / "Seat__c"
    folder.mkdir()
    (folder / "Seat__c.object-meta.xml").write_text(OBJECT)
    simulator = Simulator("--users", "5", "--schema", str(project))
    yield simulator.login()
    simulator.stop()


def create(client: Client, name: str) -> str:
    answer = client.call("POST", "sobjects/seat__c", json={"Name": name})
    assert answer.status_code == 201
    return str(answer.json()["id"])


def names(client: Client, resource: str) -> list[str]:
    answer = client.call("GET", resource, params={"q": "SELECT Name FROM Seat__c ORDER BY Name"})
    return [record["Name"] for record in answer.json()["records"]]


def test_a_deleted_record(client: Client) -> None:
    kept, gone = create(client, "kept"), create(client, "gone")
    assert client.call("DELETE", f"sobjects/Seat__c/{gone}").status_code == 204
    assert names(client, "query") == ["kept"]
    assert names(client, "queryAll") == ["gone", "kept"]
    for method in ("GET", "PATCH", "DELETE"):
        answer = client.call(
            method, f"sobjects/Seat__c/{gone}", json={} if method == "PATCH" else None
        )
        assert (answer.status_code, answer.json()[0]["errorCode"]) == (404, "ENTITY_IS_DELETED")
    body = {"ids": [kept, gone], "fields": ["Name"]}
    read = client.call("POST", "composite/sobjects/Seat__c", json=body).json()
    assert [r and r["Name"] for r in read] == ["kept", None]
    records = [{"attributes": {"type": "Seat__c"}, "id": gone, "Name": "x"}]
    [result] = client.call("PATCH", "composite/sobjects", json={"records": records}).json()
    assert result["errors"][0]["statusCode"] == "ENTITY_IS_DELETED"
    window = {"start": iso(time.time() - 120), "end": iso(time.time() + 60)}
    deleted = client.call("GET", "sobjects/Seat__c/deleted", params=window).json()
    assert [d["id"] for d in deleted["deletedRecords"]] == [gone]
    assert client.call("GET", "sobjects/Seat__c/updated", params=window).json()["ids"] == [kept]


def test_many_are_created_at_once(client: Client) -> None:
    records = [{"attributes": {"type": "Seat__c"}, "Name": f"many{n}"} for n in range(3)]
    results = client.call("POST", "composite/sobjects", json={"records": records}).json()
    assert all(r["success"] for r in results)
    assert len({r["id"] for r in results}) == 3
