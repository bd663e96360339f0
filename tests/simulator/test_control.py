"""Quota, clock, sandbox refresh, edits and the journal."""

from __future__ import annotations

import contextlib
import time
from email.utils import parsedate_to_datetime

from tests.simulator.running import Client, Simulator


def test_quota_in_both_header_forms(org: Simulator, sync: Client) -> None:
    org.control("POST", "quota", {"max": 1000, "used": 10})
    assert sync.call("GET", "limits").headers["Sforce-Limit-Info"] == "api-usage=11/1000"
    org.control("POST", "quota", {"per_app": True})
    header = sync.call("GET", "limits").headers["Sforce-Limit-Info"]
    assert header == "api-usage=12/1000; per-app-api-usage=12/1000(appName=license-sync)"


def test_a_quota_that_is_used_up(org: Simulator, sync: Client) -> None:
    org.control("POST", "quota", {"max": 100, "used": 99})
    assert sync.call("GET", "limits").status_code == 200
    refused = sync.call("GET", "limits")
    assert refused.status_code == 403
    assert refused.json()[0]["message"] == "TotalRequests Limit exceeded."
    assert org.anyone.call("GET", "/services/data").status_code == 200
    assert org.login().call("GET", "limits").status_code == 403


def test_the_clock(org: Simulator, sync: Client, user: str) -> None:
    org.control("POST", "clock", {"offset": 3600})
    answer = sync.call("PATCH", f"sobjects/User/{user}", json={"Title": "later"})
    assert parsedate_to_datetime(answer.headers["Date"]).timestamp() > time.time() + 3500
    assert org.changes(org.last_change() - 1)[0]["stamp"] > time.time() + 3500


def test_an_edit_is_the_admin_s(org: Simulator, sync: Client, user: str) -> None:
    admin_id = org.control("GET", "state")["admin_id"]
    answer = org.control(
        "POST", "edit", {"id": user, "fields": {"Requested_PBX__c": True, "IsActive": False}}
    )
    [change] = org.changes(answer["change"] - 1)
    assert answer["id"] == change["id"] == user
    assert change["by"] == admin_id
    assert change["after"]["IsActive"] is False
    username = sync.soql(f"SELECT Username FROM User WHERE Id = '{user}'")[0]["Username"]
    assert (
        org.control("POST", "edit", {"username": username, "fields": {"Requested_PBX__c": False}})[
            "id"
        ]
        == user
    )
    call = org.last_call()
    assert (call["method"], call["user_id"], call["status"]) == ("PATCH", admin_id, 204)
    refused = org.anyone.call(
        "POST", "/__control__/edit", json={"id": user, "fields": {"Effective_PBX__c": True}}
    )
    assert refused.status_code == 400
    assert refused.json()[0]["errorCode"] == "INVALID_FIELD_FOR_INSERT_UPDATE"
    assert (
        org.anyone.call("POST", "/__control__/edit", json={"username": "nobody"}).status_code == 400
    )


def test_users_are_listed_in_pages(org: Simulator) -> None:
    first = org.control("GET", "users?limit=2000")
    second = org.control("GET", f"users?limit=2000&after={first['next']}")
    assert len(first["users"]) == 2000
    assert second["next"] is None
    assert first["users"][-1]["Id"] == first["next"] < second["users"][0]["Id"]
    assert isinstance(first["users"][0]["Requested_CTI__c"], bool)
    assert "License_Sync_State__c" in first["users"][0]


def test_the_journal_counts_by_template(org: Simulator, sync: Client, user: str) -> None:
    def count() -> int:
        found = org.control("GET", "journal/summary")
        assert found["dropped"] == 0
        path = "/services/data/{version}/sobjects/User/{id}"
        return sum(g["count"] for g in found["calls"] if g["path"] == path and g["method"] == "GET")

    before = count()
    sync.call("GET", f"sobjects/User/{user}")
    sync.call("GET", f"sobjects/User/{user[:15]}/")
    assert count() == before + 2


def test_what_the_journal_tells(org: Simulator, sync: Client) -> None:
    headers = {"Sforce-Call-Options": "client=test"}
    sync.call("GET", "query", params={"q": "SELECT Id FROM Profile"}, headers=headers)
    call = org.last_call()
    assert (call["method"], call["path"], call["query"]) == (
        "GET",
        "/services/data/v59.0/query",
        "SELECT Id FROM Profile",
    )
    assert call["headers"] == {"sforce-call-options": "client=test"}
    assert call["received_at"] <= call["answered_at"]
    assert call["status"] == 200
    assert call["writes"] == []


def test_no_secret_is_in_the_journal(org: Simulator, sync: Client) -> None:
    org.fault("cut_before", count=1, match={"path": "^/id/"})
    token = str(sync.headers["Authorization"]).removeprefix("Bearer ")
    for _ in range(2):
        with contextlib.suppress(OSError):
            org.anyone.call("GET", "/id/x/y", params={"oauth_token": token})
    text = org.anyone.call("GET", "/__control__/journal?limit=100000").text
    assert token not in text
    assert org.ready["client_secret"] not in text


def test_a_sandbox_refresh(org: Simulator, sync: Client) -> None:
    old = org.ready["organization_id"]
    new = org.control("POST", "organization_id", {})["organization_id"]
    try:
        assert new != old
        assert new.startswith("00D")
        assert len(new) == 18
        assert sync.call("GET", "limits").status_code == 401
        fresh = org.login()
        assert fresh.call("GET", "/services/oauth2/userinfo").json()["organization_id"] == new
        assert fresh.soql("SELECT Id FROM Organization")[0]["Id"] == new
    finally:
        org.control("POST", "organization_id", {"organization_id": old})


def test_nonsense_is_refused(org: Simulator) -> None:
    for method, path, body in (
        ("GET", "nope", None),
        ("POST", "clock", {}),
        ("POST", "clock", ["x"]),
        ("GET", "journal?since=x", None),
        ("POST", "organization_id", {"organization_id": "005"}),
        ("DELETE", "faults/x", None),
    ):
        assert org.anyone.call(method, f"/__control__/{path}", json=body).status_code in (400, 404)
