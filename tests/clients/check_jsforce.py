"""jsforce, which most Node programs use: queries with fetching on, describes, records, refresh."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest

from tests.clients.environments import node_client
from tests.clients.programs import HERE, program
from tests.simulator.running import Simulator

Flow = Callable[..., dict[str, Any]]


@pytest.fixture
def flow(org: Simulator) -> Flow:
    """Carries out one flow of jsforce_calls.mjs as the admin."""
    client = program(
        org,
        "node",
        str(HERE / "inside" / "jsforce_calls.mjs"),
        CLIENT_MODULES=str(node_client("jsforce")),
    )
    token = org.control("POST", "token", {"user": "admin"})["access_token"]

    def run(name: str, **more: Any) -> dict[str, Any]:
        given = {"url": org.ready["url"], "token": token, **more}
        done: dict[str, Any] = json.loads(client.run(name, given=json.dumps(given)))
        return done

    return run


@pytest.fixture(scope="module")
def people(org: Simulator) -> list[str]:
    users = org.control("GET", "users?limit=2000")["users"]
    return [user["Id"] for user in users if user["Username"].startswith("user0")]


def test_queries_are_fetched_to_their_end(flow: Flow) -> None:
    done = flow("query")
    total = done["first"]["totalSize"]
    assert (len(done["first"]["records"]), done["first"]["done"]) == (2000, False)
    assert len({record["Id"] for record in done["all"]["records"]}) == total > 2000
    assert len({record["Id"] for record in done["scanned"]["records"]}) == total
    assert len(done["found"]) == 5
    assert done["found"][0]["Profile"]["Name"]
    assert 2000 < done["count"] <= total
    assert done["wrong"]["error"]["code"] == "INVALID_TYPE"
    assert done["limitInfo"]["apiUsage"]["limit"] > 0


def test_the_org_describes_itself(org: Simulator, flow: Flow) -> None:
    done = flow("describe")
    assert "User" in {found["name"] for found in done["everything"]["sobjects"]}
    assert "IsActive" in {field["name"] for field in done["user"]["fields"]}
    assert done["limits"]["DailyApiRequests"]["Max"] > 0
    assert "59.0" in {version["version"] for version in done["versions"]}
    assert done["root"]["identity"].startswith(org.ready["url"])
    assert done["identity"]["username"] == org.ready["admin_username"]


def test_records_are_read_and_written(flow: Flow, people: list[str]) -> None:
    one, two = people[:2]
    done = flow("records", ids=[one, two])
    assert done["updated"] == {"id": one, "success": True, "errors": []}
    assert done["read"]["Title"] == "señor 王"
    assert [answer["success"] for answer in done["several"]] == [True, True]
    assert [record["Title"] for record in done["retrieved"]] == ["first", "second"]
    assert done["missing"]["error"]["code"] == "NOT_FOUND"
    assert done["refused"]["error"]["code"] == "INVALID_FIELD"
    assert {one, two} <= set(done["changes"]["ids"])
    assert done["deletions"]["deletedRecords"] == []


def test_an_expired_session_is_refreshed(flow: Flow) -> None:
    done = flow("refresh")
    assert done["refreshed"] == 1
    assert done["found"]["totalSize"] == 1


def test_it_logs_in_by_password_and_refreshes_by_itself(
    org: Simulator, flow: Flow, refresh_token: str
) -> None:
    known = {
        "username": org.ready["admin_username"],
        "password": org.ready["admin_password"],
        "security_token": org.ready["admin_security_token"],
        "client_id": org.ready["client_id"],
        "client_secret": org.ready["client_secret"],
    }
    done = flow("logins", refresh_token=refresh_token, **known)
    assert done["user"]["organizationId"] == org.ready["organization_id"]
    assert (done["soapFound"], done["oauthFound"], done["refreshFound"]) == (1, 1, 1)
    assert done["afterLogout"]["error"]["code"] == "INVALID_SESSION_ID"
    assert done["wrong"]["error"]["message"].startswith("INVALID_LOGIN: Invalid username")


def test_bulk_jobs_load_and_query(flow: Flow, people: list[str]) -> None:
    one, two = people[10:12]
    done = flow("bulk", ids=[one, two])
    loaded = done["loaded"]
    assert {row["Id"] for row in loaded["successfulResults"]} == {one, two}
    (failed,) = loaded["failedResults"]
    assert failed["Title"] == "nobody"
    assert failed["sf__Error"]
    assert {row["Id"]: row["Title"] for row in done["rows"]} == {one: "bulk, “one”", two: ""}


def test_classic_bulk_jobs_load_and_query(flow: Flow, people: list[str]) -> None:
    one, two = people[20:22]
    done = flow("bulk1", ids=[one, two])
    assert [row["success"] for row in done["loaded"]] == [True, True, False]
    assert [row["id"] for row in done["loaded"]] == [one, two, None]
    assert done["loaded"][2]["errors"][0].startswith("STRING_TOO_LONG:")
    found = {row["Id"]: row for row in done["found"]}
    assert len(found) == len(done["found"]) > 2000
    assert (found[one]["Title"], found[two]["Title"]) == ("classic, “one”", "")
    assert any("é" in row["Name"] for row in done["found"])
    assert done["refreshed"] == 1
    assert (done["checked"]["state"], done["aborted"]["state"]) == ("Open", "Aborted")
    assert done["refused"]["error"]["code"] == "InvalidJobState"
    assert done["wrong"]["error"]["code"] == "InvalidEntity"
