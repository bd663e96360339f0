"""Each error of the table, for a call and for a record, in its real form."""

from __future__ import annotations

import pytest
import requests

from simulator.faults.errors import FORMS, RECORD_CODES
from tests.simulator.running import Client, Simulator

STATUSES = {
    "INVALID_SESSION_ID": 401,
    "REQUEST_LIMIT_EXCEEDED": 403,
    "UNABLE_TO_LOCK_ROW": 400,
    "SERVER_UNAVAILABLE": 503,
    "UNKNOWN_EXCEPTION": 500,
    "NOT_FOUND": 404,
    "BATCH_PROCESSING_HALTED": 412,
    "METHOD_NOT_ALLOWED": 405,
    "UNSUPPORTED_API_VERSION": 410,
    "TOO_MANY_APEX_REQUESTS": 503,
    "INSUFFICIENT_ACCESS": 403,
}


def answer_of(org: Simulator, sync: Client, code: str) -> requests.Response:
    org.fault("error", code=code, count=1)
    return sync.call("GET", "limits")


@pytest.mark.parametrize("code", sorted(FORMS))
def test_a_call_is_refused_with_a_code(org: Simulator, sync: Client, code: str) -> None:
    answer = answer_of(org, sync, code)
    [error] = answer.json()
    assert error["errorCode"] == code
    assert error["message"]
    assert "{" not in error["message"]
    assert answer.status_code == STATUSES.get(code, FORMS[code].status) >= 400
    assert answer.headers["Content-Type"].startswith("application/json")
    assert "Sforce-Limit-Info" in answer.headers
    assert org.last_call()["fault"] == "error"
    assert sync.call("GET", "limits").status_code == 200


@pytest.mark.parametrize("code", sorted(RECORD_CODES))
def test_a_record_is_refused_with_a_code(
    org: Simulator, sync: Client, people: list[str], code: str
) -> None:
    org.fault("record_error", code=code, ids=[people[0]], field="Title", count=1)
    records = [{"attributes": {"type": "User"}, "id": p, "Title": "x"} for p in people[:2]]
    first, second = sync.call("PATCH", "composite/sobjects", json={"records": records}).json()
    assert second["success"]
    assert first["success"] is False
    [error] = first["errors"]
    assert (error["statusCode"], error["fields"]) == (code, ["Title"])
    assert "{" not in error["message"]
    assert org.last_call()["fault"] == "record_error"


def test_status_and_message_can_be_ordered(org: Simulator, sync: Client) -> None:
    org.fault("error", code="STORAGE_LIMIT_EXCEEDED", status=400, message="full", field="Title")
    answer = sync.call("GET", "limits")
    assert answer.status_code == 400
    assert answer.json() == [
        {"message": "full", "errorCode": "STORAGE_LIMIT_EXCEEDED", "fields": ["Title"]}
    ]


def test_a_share_of_calls_is_unauthorized(org: Simulator, sync: Client) -> None:
    org.fault("expired_token", share=0.5, seed=2)
    statuses = [sync.call("GET", "limits").status_code for _ in range(40)]
    assert 8 <= statuses.count(401) <= 32
    assert set(statuses) == {200, 401}


def test_the_lock_names_its_record(org: Simulator, sync: Client, user: str) -> None:
    org.fault("record_error", code="UNABLE_TO_LOCK_ROW")
    answer = sync.call("PATCH", f"sobjects/User/{user}", json={"Title": "x"})
    assert answer.json()[0]["message"].endswith(f"this record or 1 records: {user}")


def test_several_faults_of_one_call_are_all_named(
    org: Simulator, sync: Client, people: list[str]
) -> None:
    org.fault("row_lock", ids=[people[0]])
    org.fault("record_error", ids=[people[1]])
    org.fault("slow_answer", seconds=0.01)
    records = [{"attributes": {"type": "User"}, "id": p, "Title": "x"} for p in people[:2]]
    sync.call("PATCH", "composite/sobjects", json={"records": records})
    call = org.last_call()
    assert call["fault"] == "row_lock"
    assert call["faults"] == ["row_lock", "record_error", "slow_answer"]
