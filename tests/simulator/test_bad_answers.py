"""Answers that are no answers: pages, silence, other shapes, bytes cut, dripping or missing."""

from __future__ import annotations

import json
import time
from typing import Any

import pytest
import requests

from tests.simulator.running import Client, Simulator


def save(client: Client, people: list[str], title: str = "x") -> requests.Response:
    records = [{"attributes": {"type": "User"}, "id": p, "Title": title} for p in people]
    return client.call("PATCH", "composite/sobjects", json={"records": records})


def read(client: Client, people: list[str]) -> Any:
    body = {"ids": people, "fields": ["Id", "Title"]}
    return client.call("POST", "composite/sobjects/User", json=body).json()


def ids_of(items: list[dict[str, Any]]) -> list[str]:
    return [str(i.get("id") or i.get("Id")) for i in items]


def test_a_page_with_status_200(org: Simulator, sync: Client) -> None:
    org.fault("html", count=1)
    answer = sync.call("GET", "limits")
    assert answer.status_code == 200
    assert answer.headers["Content-Type"].startswith("text/html")
    assert answer.text.startswith("<html>")


@pytest.mark.parametrize("status", [200, 406, 420, 429])
def test_no_body_at_all(org: Simulator, sync: Client, status: int) -> None:
    org.fault("empty_body", count=1, status=status)
    answer = sync.call("GET", "limits")
    assert (answer.status_code, answer.content) == (status, b"")
    assert org.last_call()["fault"] == "empty_body"


@pytest.mark.parametrize("body", [{"records": 5}, [], "text", 7])
def test_any_answer_at_all(org: Simulator, sync: Client, body: object) -> None:
    org.fault("answer", count=1, body=body)
    answer = sync.call("GET", "limits")
    assert answer.status_code == 200
    assert (answer.text if isinstance(body, str) else answer.json()) == body


def test_the_token_endpoint_can_answer_anything(org: Simulator) -> None:
    refusal = {"error": "inactive_user", "error_description": "user is inactive"}
    org.fault("answer", count=1, status=400, body=refusal, match={"path": "/oauth2/token"})
    answer = org.token_answer(grant_type="client_credentials")
    assert (answer.status_code, answer.json()) == (400, refusal)


@pytest.mark.parametrize("committed", [False, True])
def test_a_gateway_s_page_before_or_after_the_commit(
    org: Simulator, sync: Client, user: str, committed: bool
) -> None:
    org.fault("html_503", count=1, status=504, committed=committed)
    since = org.last_change()
    answer = sync.call("PATCH", f"sobjects/User/{user}", json={"Title": "maybe"})
    assert answer.status_code == 504
    assert [c["after"] for c in org.changes(since)] == [{"Title": "maybe"}] * committed
    assert (org.last_call()["status"], org.last_call()["fault"]) == (504, "html_503")


def test_results_in_another_shape(org: Simulator, sync: Client, people: list[str]) -> None:
    org.fault("other_shape")
    assert isinstance(save(sync, people[:2]).json(), dict)
    assert isinstance(sync.call("GET", "limits").json(), list)


def test_another_content_type(org: Simulator, sync: Client) -> None:
    org.fault("wrong_content_type", count=1)
    org.fault("wrong_content_type", count=1, content_type="application/xml")
    kinds = [sync.call("GET", "limits").headers["Content-Type"] for _ in range(3)]
    assert kinds == ["text/plain", "application/xml", "application/json;charset=UTF-8"]


def test_half_a_body_that_looks_whole(org: Simulator, sync: Client) -> None:
    org.fault("truncated_json", count=1)
    whole, half = (sync.call("GET", "limits") for _ in range(2))
    with pytest.raises(requests.JSONDecodeError):
        whole.json()
    assert half.json()


@pytest.mark.parametrize(
    ("kind", "expected"),
    [
        ("lost_item", [1, 2]),
        ("extra_item", [0, 1, 2, 2]),
        ("swapped_items", [2, 1, 0]),
        ("wrong_id", [2, 1, 2]),
    ],
)
def test_results_that_no_org_gives(
    org: Simulator, sync: Client, people: list[str], kind: str, expected: list[int]
) -> None:
    asked = people[:3]
    wrong = [asked[n] for n in expected]
    org.fault(kind)
    since = org.last_change()
    assert ids_of(read(sync, asked)) == wrong
    assert ids_of(save(sync, asked).json()) == wrong
    inner = {
        "method": "PATCH",
        "url": "/services/data/v59.0/composite/sobjects",
        "referenceId": "a",
        "body": {
            "records": [{"attributes": {"type": "User"}, "id": i, "Title": "y"} for i in asked]
        },
    }
    answer = sync.call("POST", "composite", json={"compositeRequest": [inner]}).json()
    assert ids_of(answer["compositeResponse"][0]["body"]) == wrong
    assert [c["id"] for c in org.changes(since)] == asked * 2
    assert sync.call("GET", "limits").json()["DailyApiRequests"]


def test_one_result_cannot_be_swapped(org: Simulator, sync: Client, people: list[str]) -> None:
    org.fault("swapped_items", count=1)
    assert ids_of(read(sync, people[:1])) == people[:1]
    assert ids_of(read(sync, people[:2])) == [people[1], people[0]]


def test_cut_in_the_middle_of_the_answer(org: Simulator, sync: Client, people: list[str]) -> None:
    org.fault("cut_answer", count=1)
    since = org.last_change()
    records = [{"attributes": {"type": "User"}, "id": p, "Title": "cut"} for p in people[:50]]
    answer = sync.call("PATCH", "composite/sobjects", json={"records": records}, stream=True)
    assert answer.status_code == 200
    pieces = answer.iter_content(16)
    assert next(pieces).startswith(b"[{")
    with pytest.raises((requests.ConnectionError, requests.exceptions.ChunkedEncodingError)):
        list(pieces)
    assert len(org.changes(since)) == 50
    assert org.last_call()["fault"] == "cut_answer"
    assert save(sync, people[:1]).status_code == 200


def test_a_late_first_byte(org: Simulator, sync: Client) -> None:
    org.fault("slow_first_byte", count=1, seconds=0.4)
    began = time.monotonic()
    answer = sync.call("GET", "limits", stream=True)
    headers_after = time.monotonic() - began
    assert answer.json()["DailyApiRequests"]
    assert headers_after < 0.3 < 0.4 <= time.monotonic() - began


def test_a_body_in_drops(org: Simulator, sync: Client) -> None:
    expected = sync.call("GET", "sobjects/User/describe").json()
    org.fault("slow_drip", count=1, seconds=0.5)
    began = time.monotonic()
    answer = sync.call("GET", "sobjects/User/describe", stream=True)
    drops = answer.iter_content(16)
    body = next(drops)
    assert time.monotonic() - began < 0.3
    body += b"".join(drops)
    assert time.monotonic() - began > 0.4
    assert json.loads(body) == expected
    assert sync.call("GET", "sobjects/User/describe").json() == expected


def test_a_write_s_empty_answer_can_be_hit_as_well(org: Simulator, sync: Client, user: str) -> None:
    for kind in ("slow_drip", "slow_first_byte"):
        org.fault(kind, count=1, seconds=0.01)
        assert sync.call("PATCH", f"sobjects/User/{user}", json={"Title": kind}).status_code == 204
    for kind in ("wrong_id", "lost_item", "truncated_csv"):
        org.fault(kind)
    assert sync.call("PATCH", f"sobjects/User/{user}", json={"Title": "z"}).status_code == 204
    assert {f["hits"] for f in org.control("GET", "faults")["faults"][2:]} == {0}
