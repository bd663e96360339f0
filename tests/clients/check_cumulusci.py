"""CumulusCI's data operations: what its extract and load tasks do, by REST and by bulk."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest

from tests.clients.environments import python_client
from tests.clients.programs import HERE, ClientFailed, program
from tests.simulator.running import Simulator

Operate = Callable[..., dict[str, Any]]


@pytest.fixture
def operate(org: Simulator) -> Operate:
    """Carries out one operation as the admin."""
    python = str(python_client("cumulusci") / "python")
    client = program(org, python, str(HERE / "inside" / "cumulusci_operations.py"))
    token = org.control("POST", "token", {"user": "admin"})["access_token"]

    def run(operation: str, sobject: str, fields: list[str], **more: Any) -> dict[str, Any]:
        order = {"operation": operation, "sobject": sobject, "fields": fields, **more}
        given = {"url": org.ready["url"], "token": token, "operations": [order]}
        done: dict[str, Any] = json.loads(client.run(given=json.dumps(given)))[0]
        return done

    return run


@pytest.fixture(scope="module")
def people(org: Simulator) -> list[str]:
    users = org.control("GET", "users?limit=2000")["users"]
    return [user["Id"] for user in users if user["Username"].startswith("user0")]


def titles(org: Simulator, ids: list[str]) -> list[Any]:
    order = {"ids": ids, "fields": ["Title"]}
    read = org.admin().call("POST", "composite/sobjects/User", json=order)
    return [record["Title"] for record in read.json()]


def test_a_query_reads_every_page(org: Simulator, operate: Operate) -> None:
    query = "SELECT Id, IsActive FROM User ORDER BY Id"
    done = operate("query", "User", ["Id", "IsActive"], query=query)
    total = org.admin().call("GET", "query", params={"q": "SELECT count() FROM User"}).json()
    assert done["status"] == "SUCCESS"
    assert len({row[0] for row in done["rows"]}) == done["processed"] == total["totalSize"] > 2000


def test_the_api_for_a_query_is_chosen_by_the_record_count(operate: Operate) -> None:
    done = operate("query", "Profile", ["Name"], query="SELECT Name FROM Profile", api="SMART")
    assert ["System Administrator"] in done["rows"]


def test_an_update_writes_more_than_one_call_takes(
    org: Simulator, operate: Operate, people: list[str]
) -> None:
    some = people[:250]
    rows = [[user, f"Title {number}", ""] for number, user in enumerate(some)]
    done = operate("update", "User", ["Id", "Title", "Department"], records=rows)
    assert (done["status"], done["processed"], done["errors"]) == ("SUCCESS", 250, 0)
    assert titles(org, some) == [row[1] for row in rows]


def test_a_locked_row_fails_alone(org: Simulator, operate: Operate, people: list[str]) -> None:
    free, locked = people[300:302]
    org.fault("row_lock", ids=[locked], match={"user": "any"})
    rows = [[free, "Written"], [locked, "Not written"]]
    done = operate("update", "User", ["Id", "Title"], records=rows)
    assert (done["status"], done["processed"], done["errors"]) == ("ROW_FAILURE", 2, 1)
    fine, failed = done["rows"]
    assert (fine["id"], fine["success"], fine["error"]) == (free, True, "")
    assert failed["success"] is False
    assert failed["error"].startswith("UNABLE_TO_LOCK_ROW: unable to obtain exclusive access")
    assert titles(org, [free, locked])[0] == "Written"
    assert titles(org, [locked]) != ["Not written"]


def test_rows_are_inserted_upserted_and_deleted(operate: Operate) -> None:
    fields = ["Name", "AccountNumber"]
    rows = [["Älpha", "C-1"], ["", "C-2"], ["Gamma", "C-3"]]
    inserted = operate("insert", "Account", fields, records=rows)
    assert (inserted["status"], inserted["processed"], inserted["errors"]) == ("ROW_FAILURE", 3, 1)
    assert [row["success"] for row in inserted["rows"]] == [True, False, True]
    assert inserted["rows"][1]["error"].startswith("REQUIRED_FIELD_MISSING")
    ids = [row["id"] for row in inserted["rows"] if row["success"]]

    upsert = {"records": [["Älpha 2", ids[0]], ["Delta", ""]], "api_options": {"update_key": "Id"}}
    upserted = operate("upsert", "Account", ["Name", "Id"], **upsert)
    assert [row["created"] for row in upserted["rows"]] == [False, True]
    ids.append(upserted["rows"][1]["id"])

    query = "SELECT Name FROM Account WHERE Id IN ('" + "','".join(ids) + "') ORDER BY Name"
    found = operate("query", "Account", ["Name"], query=query)
    assert sorted(row[0] for row in found["rows"]) == ["Delta", "Gamma", "Älpha 2"]

    deleted = operate("delete", "Account", ["Id"], records=[[one] for one in ids])
    assert (deleted["status"], deleted["processed"]) == ("SUCCESS", 3)
    assert operate("query", "Account", ["Name"], query=query)["rows"] == []


def test_a_bulk_query_reads_every_record(org: Simulator, operate: Operate) -> None:
    done = operate("query", "User", ["Id", "Name"], query="SELECT Id, Name FROM User", api="BULK")
    total = org.admin().call("GET", "query", params={"q": "SELECT count() FROM User"}).json()
    assert done["status"] == "SUCCESS"
    assert len({row[0] for row in done["rows"]}) == done["processed"] == total["totalSize"] > 2000
    assert any("é" in row[1] for row in done["rows"])
    nothing = "SELECT Id FROM User WHERE LastName = 'nobody'"
    assert operate("query", "User", ["Id"], query=nothing, api="BULK")["rows"] == []
    wrong = "SELECT Nope FROM User"
    with pytest.raises(ClientFailed, match="InvalidBatch : Failed to process query: INVALID_FIELD"):
        operate("query", "User", ["Nope"], query=wrong, api="BULK")


def test_bulk_rows_are_updated_in_batches(
    org: Simulator, operate: Operate, people: list[str]
) -> None:
    some = people[400:1400]
    rows = [[user, f"Bulk {number}"] for number, user in enumerate(some)]
    more = {"records": rows, "api": "BULK", "api_options": {"batch_size": 300}}
    done = operate("update", "User", ["Id", "Title"], **more)
    assert (done["status"], done["processed"], done["errors"]) == ("SUCCESS", 1000, 0)
    assert [row["id"] for row in done["rows"]] == some
    assert titles(org, some[:500]) == [row[1] for row in rows[:500]]
    again = [[some[0], "Again"], [some[1], "x" * 200]]
    done = operate("update", "User", ["Id", "Title"], records=again, api="BULK", previous=True)
    assert [row["Title"] for row in done["rows"][:2]] == ["Bulk 0", "Bulk 1"]
    assert (done["status"], done["processed"], done["errors"]) == ("ROW_FAILURE", 2, 1)
    assert [row["success"] for row in done["rows"][2:]] == [True, False]
    assert done["rows"][3]["error"].startswith("STRING_TOO_LONG:")


def test_bulk_rows_are_inserted_upserted_and_deleted(operate: Operate) -> None:
    inserted = operate("insert", "Account", ["Name"], records=[["Böna"], ["Bravo"]], api="BULK")
    assert [row["created"] for row in inserted["rows"]] == [True, True]
    first, second = (row["id"] for row in inserted["rows"])
    upsert = {"records": [["Böna 2", first], ["Delta B", ""]], "api_options": {"update_key": "Id"}}
    upserted = operate("upsert", "Account", ["Name", "Id"], **upsert, api="BULK")
    assert [row["created"] for row in upserted["rows"]] == [False, True]
    ids = [[first], [second], [upserted["rows"][1]["id"]]]
    deleted = operate("delete", "Account", ["Id"], records=ids, api="BULK")
    assert (deleted["status"], deleted["processed"]) == ("SUCCESS", 3)
    failed = operate("insert", "Account", ["Nope"], records=[["x"]], api="BULK", rows=False)
    assert failed["status"] == "JOB_FAILURE"
