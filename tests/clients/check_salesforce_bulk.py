"""salesforce-bulk, the client of Bulk API 1.0 that others build on: loads, queries, chunks."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest

from tests.clients.environments import python_client
from tests.clients.programs import HERE, program
from tests.simulator.running import Simulator

Flow = Callable[..., Any]


@pytest.fixture
def flow(org: Simulator) -> Flow:
    """Carries out one flow of salesforce_bulk_calls.py as the admin."""
    python = str(python_client("salesforce-bulk") / "python")
    client = program(org, python, str(HERE / "inside" / "salesforce_bulk_calls.py"))
    token = org.control("POST", "token", {"user": "admin"})["access_token"]

    def run(name: str, **more: Any) -> Any:
        given = {"url": org.ready["url"], "token": token, **more}
        return json.loads(client.run(name, given=json.dumps(given)))

    return run


def everyone(org: Simulator) -> set[str]:
    found = org.admin().call("GET", "query", params={"q": "SELECT count() FROM User"}).json()
    users = org.control("GET", "users?limit=5000")["users"]
    assert len(users) == found["totalSize"] > 2000
    return {user["Id"] for user in users}


def test_batches_are_loaded_one_after_the_other(org: Simulator, flow: Flow) -> None:
    done = flow("load", rows=400)
    status = done["status"]
    counts = {"numberBatchesCompleted": "3", "numberBatchesTotal": "3"}
    counts |= {"numberRecordsProcessed": "1203", "numberRecordsFailed": "3"}
    assert status.items() >= {"state": "Closed", "concurrencyMode": "Serial", **counts}.items()
    for batch in done["results"]:
        assert [row["success"] for row in batch] == ["true"] * 400 + ["false"]
        assert batch[-1]["error"].startswith("REQUIRED_FIELD_MISSING:")
    soql = "SELECT count() FROM Account WHERE Name LIKE 'Älpha%'"
    assert org.admin().call("GET", "query", params={"q": soql}).json()["totalSize"] == 1200


def test_records_in_json_and_xml(org: Simulator, flow: Flow) -> None:
    users = org.control("GET", "users?limit=2000")["users"]
    ids = [user["Id"] for user in users if user["Username"].startswith("user0")][:2]
    done = flow("formats", ids=ids)
    for kind in ("JSON", "XML"):
        good, bad = done[kind]
        assert (good["success"], good["created"], good["error"]) == (True, False, [])
        assert bad["success"] is False
        assert bad["error"][0]["statusCode"] == "STRING_TOO_LONG"
    assert done["JSON"][0]["id"] == ids[0]
    [found] = org.admin().soql(f"SELECT Title FROM User WHERE Id = '{ids[0]}'")
    assert found["Title"] == "xml"


def test_queries_bring_every_record(org: Simulator, flow: Flow) -> None:
    done = flow("queries")
    ids = everyone(org)
    assert {row["Id"] for row in done["csv"]} == {record["Id"] for record in done["json"]} == ids
    assert len(done["csv"]) == len(done["json"]) == len(ids)
    assert any("é" in row["Name"] for row in done["csv"])
    assert isinstance(done["json"][0]["CreatedDate"], int)
    assert done["request"] == "SELECT Id, Name, CreatedDate FROM User"


def test_chunks_are_fetched_batch_by_batch(org: Simulator, flow: Flow) -> None:
    done = flow("chunks", size=500)
    assert len(done["chunks"]) == int(done["status"]["numberBatchesCompleted"]) == 5
    found = [one for chunk in done["chunks"] for one in chunk]
    assert len(found) == len(set(found))
    assert set(found) == everyone(org)


def test_troubles_are_told(flow: Flow) -> None:
    told = flow("troubles")
    assert "Failed to process query: INVALID_FIELD" in told["query"]
    assert told["query"].startswith("BulkBatchFailed")
    assert told["state"] == "Aborted"
    assert "<exceptionCode>InvalidJobState<" in told["closed"]
    assert "<exceptionCode>InvalidEntity<" in told["object"]
    assert told["session"].startswith("BulkApiError 400 [400] Bulk API HTTP Error result: <?xml")
    assert "<exceptionCode>InvalidSessionId<" in told["session"]


def test_a_session_by_soap(org: Simulator, flow: Flow) -> None:
    names = {"username": "admin_username", "password": "admin_password"}
    names["security_token"] = "admin_security_token"
    assert flow("login", **{name: org.ready[key] for name, key in names.items()}) == "Open"
