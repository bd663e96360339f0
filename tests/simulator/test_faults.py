"""Each trouble that a test can order, as a client sees it."""

from __future__ import annotations

import threading
import time
from typing import Any

import pytest
import requests

from tests.simulator.running import Client, Simulator, iso


def item(record_id: str, **fields: Any) -> dict[str, Any]:
    return {"attributes": {"type": "User"}, "id": record_id, **fields}


def save(client: Client, records: list[dict[str, Any]]) -> Any:
    return client.call("PATCH", "composite/sobjects", json={"records": records})


def title(client: Client, user: str) -> Any:
    return client.soql(f"SELECT Title FROM User WHERE Id = '{user}'")[0]["Title"]


def in_background(work: Any) -> tuple[threading.Thread, list[Any]]:
    results: list[Any] = []
    thread = threading.Thread(target=lambda: results.append(work()))
    thread.start()
    return thread, results


def test_revoked_at_once(org: Simulator, sync: Client, admin: Client) -> None:
    assert org.fault("expired_token")["revoked"] >= 1
    assert sync.call("GET", "limits").json()[0]["errorCode"] == "INVALID_SESSION_ID"
    assert admin.call("GET", "limits").status_code == 200
    assert org.login().call("GET", "limits").status_code == 200


def test_rejected_for_some_calls_even_after_a_new_login(org: Simulator) -> None:
    org.fault("expired_token", count=2)
    statuses = [org.login().call("GET", "limits").status_code for _ in range(3)]
    assert statuses == [401, 401, 200]


@pytest.mark.parametrize(
    ("kind", "code", "part"),
    [
        ("daily_limit", "REQUEST_LIMIT_EXCEEDED", "TotalRequests Limit exceeded."),
        ("concurrent_limit", "REQUEST_LIMIT_EXCEEDED", "ConcurrentRequests"),
        ("api_disabled", "API_DISABLED_FOR_ORG", "not enabled"),
    ],
)
def test_refusals(
    org: Simulator, sync: Client, admin: Client, kind: str, code: str, part: str
) -> None:
    number = org.fault(kind, count=1)["id"]
    answer = sync.call("GET", "limits")
    assert (answer.status_code, answer.json()[0]["errorCode"]) == (
        403,
        code,
    )
    assert part in answer.json()[0]["message"]
    assert org.last_call()["fault"] == kind
    assert org.last_call()["api_calls"] == 0
    assert sync.call("GET", "limits").status_code == admin.call("GET", "limits").status_code == 200
    [fault] = org.control("GET", "faults")["faults"]
    assert (fault["id"], fault["left"], fault["hits"]) == (number, 0, 1)


def test_maintenance_page(org: Simulator, sync: Client) -> None:
    org.fault("html_503", count=1, match={"path": "/limits$|/limits\\?"})
    assert sync.call("GET", "sobjects").status_code == 200
    answer = sync.call("GET", "limits")
    assert answer.status_code == 503
    assert answer.headers["Content-Type"].startswith("text/html")
    assert answer.text.startswith("<html>")


def test_login_can_be_hit_too(org: Simulator) -> None:
    org.fault("html_503", count=1, status=502, match={"path": "/oauth2/token"})
    assert org.token_answer(grant_type="client_credentials").status_code == 502


def test_lost_answer(org: Simulator, sync: Client, user: str) -> None:
    org.fault("lost_answer", count=1)
    assert sync.call("GET", "limits").status_code == 200
    since = org.last_change()
    with pytest.raises(requests.ConnectionError):
        save(sync, [item(user, Title="kept")])
    assert [c["after"] for c in org.changes(since)] == [{"Title": "kept"}]
    assert title(sync, user) == "kept"
    calls = org.control("GET", "journal?limit=100000")["calls"]
    lost = [c for c in calls if c.get("fault") == "lost_answer"][-1]
    assert lost["status"] is None
    assert lost["answered_at"] is None
    assert len(lost["writes"]) == 1
    assert lost["api_calls"] == 1


def test_cut_before_anything(org: Simulator, sync: Client, user: str) -> None:
    org.fault("cut_before", count=1, match={"method": "patch"})
    since = org.last_change()
    with pytest.raises(requests.ConnectionError):
        sync.call("PATCH", f"sobjects/User/{user}", json={"Title": "never"})
    assert org.changes(since) == []
    assert sync.call("PATCH", f"sobjects/User/{user}", json={"Title": "now"}).status_code == 204


def test_truncated_answer(org: Simulator, sync: Client) -> None:
    org.fault("truncated_json", count=1)
    answer = sync.call("GET", "sobjects")
    assert answer.status_code == 200
    with pytest.raises(requests.JSONDecodeError):
        answer.json()


def test_slow_answer(org: Simulator, sync: Client, user: str) -> None:
    org.fault("slow_answer", count=1, seconds=0.5)
    since = org.last_change()
    thread, results = in_background(
        lambda: sync.call("PATCH", f"sobjects/User/{user}", json={"Title": "slow"})
    )
    time.sleep(0.3)
    assert len(org.changes(since)) == 1
    assert not results
    thread.join()
    call = org.control("GET", "journal?limit=100000")["calls"][-1]
    assert call["answered_at"] - call["received_at"] >= 0.5


def test_slow_commit(org: Simulator, sync: Client, admin: Client, user: str) -> None:
    """Stamped at once, seen later, and `latestDateCovered` waits for it."""
    began = time.time()
    since = org.last_change()
    org.fault("slow_commit", count=1, seconds=2.2)
    thread, results = in_background(
        lambda: sync.call("PATCH", f"sobjects/User/{user}", json={"Title": "late"})
    )
    time.sleep(0.5)
    org.control("POST", "clock", {"offset": 120})
    window = {"start": iso(began - 60), "end": iso(began + 120)}
    assert title(admin, user) != "late"
    assert org.changes(since) == []
    held = admin.call("GET", "sobjects/User/updated", params=window).json()["latestDateCovered"]
    assert held <= iso(began + 1).replace("+00:00", ".000+0000")
    org.control("POST", "clock", {"offset": 0})
    waiting = admin.call("PATCH", f"sobjects/User/{user}", json={"Department": "after"})
    thread.join()
    assert results[0].status_code == waiting.status_code == 204
    first, second = org.changes(since)
    assert first["after"] == {"Title": "late"}
    assert second["after"] == {"Department": "after"}
    assert abs(first["stamp"] - began) < 2 <= first["at"] - first["stamp"]


def test_row_locks(org: Simulator, sync: Client, people: list[str]) -> None:
    org.fault("row_lock", ids=[people[0][:15]], count=1)
    records = [item(people[0], Title="a"), item(people[1], Title="a")]
    results = save(sync, records).json()
    assert [r["success"] for r in results] == [False, True]
    assert results[0]["errors"][0]["statusCode"] == "UNABLE_TO_LOCK_ROW"
    assert all(r["success"] for r in save(sync, records).json())


def test_a_share_of_rows_is_locked(org: Simulator, sync: Client, people: list[str]) -> None:
    org.fault("row_lock", share=0.3, seed=5)
    results = save(sync, [item(p) for p in people[:200]]).json()
    assert 30 <= sum(not r["success"] for r in results) <= 90


def test_record_errors_hit_the_same_share_every_time(
    org: Simulator, sync: Client, people: list[str]
) -> None:
    org.fault(
        "record_error",
        share=0.2,
        statusCode="FIELD_CUSTOM_VALIDATION_EXCEPTION",
        message="No.",
        field="Title",
    )
    first, second = (
        [r["success"] for r in save(sync, [item(p) for p in people[:100]]).json()] for _ in range(2)
    )
    assert first == second
    assert 5 <= first.count(False) <= 40
    bad = people[first.index(False)]
    answer = sync.call("PATCH", f"sobjects/User/{bad}", json={})
    assert answer.status_code == 400
    assert answer.json() == [
        {"message": "No.", "errorCode": "FIELD_CUSTOM_VALIDATION_EXCEPTION", "fields": ["Title"]}
    ]


def test_a_record_reads_as_null(org: Simulator, sync: Client, people: list[str]) -> None:
    org.fault("null_record", ids=[people[1]])
    records = sync.call(
        "POST", "composite/sobjects/User", json={"ids": people[:3], "fields": ["Id"]}
    ).json()
    assert [r is None for r in records] == [False, True, False]
    assert sync.call("GET", f"sobjects/User/{people[1]}").status_code == 404
    assert len(sync.soql(f"SELECT Id FROM User WHERE Id = '{people[1]}'")) == 1


def test_a_hidden_field(org: Simulator, sync: Client, admin: Client, people: list[str]) -> None:
    number = org.fault("hidden_field", field="Requested_SCV__c")["id"]

    def names(client: Client) -> set[str]:
        return {f["name"] for f in client.call("GET", "sobjects/User/describe").json()["fields"]}

    assert "Requested_SCV__c" not in names(sync)
    assert "Requested_SCV__c" in names(admin)
    query = sync.call("GET", "query", params={"q": "SELECT Requested_SCV__c FROM User"})
    read = sync.call(
        "POST", "composite/sobjects/User", json={"ids": people[:1], "fields": ["Requested_SCV__c"]}
    )
    row = sync.call("GET", f"sobjects/User/{people[0]}", params={"fields": "Requested_SCV__c"})
    write = sync.call("PATCH", f"sobjects/User/{people[0]}", json={"Requested_SCV__c": True})
    for answer in (query, read, row, write):
        assert (answer.status_code, answer.json()[0]["errorCode"]) == (400, "INVALID_FIELD")
    assert "Requested_SCV__c" not in sync.call("GET", f"sobjects/User/{people[0]}").json()
    org.control("DELETE", f"faults/{number}")
    assert "Requested_SCV__c" in names(sync)


def test_a_read_only_field(org: Simulator, sync: Client, people: list[str]) -> None:
    org.fault("read_only_field", field="effective_pbx__c")
    fields = {
        f["name"]: f["updateable"]
        for f in sync.call("GET", "sobjects/User/describe").json()["fields"]
    }
    assert fields["Effective_PBX__c"] is False
    assert fields["Effective_CTI__c"] is True
    answer = sync.call("PATCH", f"sobjects/User/{people[0]}", json={"Effective_PBX__c": True})
    assert answer.json()[0]["errorCode"] == "INVALID_FIELD_FOR_INSERT_UPDATE"


def test_a_share_of_calls(org: Simulator, sync: Client) -> None:
    org.fault("concurrent_limit", share=0.5, seed=1)
    statuses = [sync.call("GET", "limits").status_code for _ in range(40)]
    assert 8 <= statuses.count(403) <= 32


def test_a_fault_can_be_for_everyone(org: Simulator, admin: Client) -> None:
    org.fault("daily_limit", count=1, match={"user": "any"})
    assert admin.call("GET", "limits").status_code == 403


@pytest.mark.parametrize(
    "order",
    [
        {"kind": "nope"},
        {},
        {"kind": "slow_commit"},
        {"kind": "hidden_field"},
        {"kind": "html_503", "cuont": 1},
        {"kind": "html_503", "match": {"paht": "x"}},
        {"kind": "html_503", "match": {"path": "("}},
    ],
)
def test_an_order_that_makes_no_sense(org: Simulator, order: dict[str, Any]) -> None:
    answer = org.anyone.call("POST", "/__control__/faults", json=order)
    assert answer.status_code == 400
    assert answer.json()["error"]


def test_faults_are_listed_and_removed(org: Simulator) -> None:
    first, second = (org.fault("daily_limit", match={"path": "x"})["id"] for _ in range(2))
    assert org.control("DELETE", f"faults/{first}") == {"removed": 1}
    assert [f["id"] for f in org.control("GET", "faults")["faults"]] == [second]
    assert org.control("DELETE", "faults") == {"removed": 1}
