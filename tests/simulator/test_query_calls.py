"""Queries over HTTP: what generic clients ask besides records."""

from __future__ import annotations

from typing import Any

from tests.simulator.running import Client


def get(client: Client, path: str, **params: str) -> Any:
    answer = client.call("GET", path, params=params)
    assert answer.status_code == 200, answer.text
    return answer.json()


def test_a_tooling_query_has_keys_of_its_own(sync: Client) -> None:
    page = get(sync, "tooling/query/", q="SELECT Id FROM User ORDER BY Id")
    assert list(page) == [
        "size",
        "totalSize",
        "done",
        "queryLocator",
        "entityTypeName",
        "records",
        "nextRecordsUrl",
    ]
    assert (page["size"], page["done"], page["entityTypeName"]) == (2000, False, "User")
    assert page["nextRecordsUrl"].endswith("/tooling/query/" + page["queryLocator"])
    rest = sync.call("GET", page["nextRecordsUrl"]).json()
    assert (rest["done"], rest["queryLocator"]) == (True, None)
    assert rest["size"] == page["totalSize"] - 2000
    assert get(sync, "tooling/query", q="SELECT COUNT() FROM User")["size"] == page["totalSize"]


def test_explain_runs_nothing_and_names_the_object(sync: Client) -> None:
    body = get(sync, "query", explain="SELECT Id FROM User WHERE UserType = 'Standard'")
    assert body["sourceQuery"].startswith("SELECT Id")
    assert body["plans"][0]["sobjectType"] == "User"
    assert body["plans"][0]["cardinality"] < body["plans"][0]["sobjectCardinality"]


def test_a_query_is_not_posted(sync: Client) -> None:
    answer = sync.call("POST", "query", json={"q": "SELECT Id FROM User"})
    assert (answer.status_code, answer.json()[0]["errorCode"]) == (405, "METHOD_NOT_ALLOWED")


def test_an_empty_query_is_refused(sync: Client) -> None:
    answer = sync.call("GET", "query")
    assert (answer.status_code, answer.json()[0]["errorCode"]) == (400, "MALFORMED_QUERY")


def test_the_order_of_all_users_is_kept_from_page_to_page(sync: Client) -> None:
    page = get(sync, "query", q="SELECT Id FROM User")
    ids = [record["Id"] for record in page["records"]]
    again = sync.call("GET", page["nextRecordsUrl"]).json()
    assert sync.call("GET", page["nextRecordsUrl"]).json() == again
    ids += [record["Id"] for record in again["records"]]
    assert len(set(ids)) == len(ids) == page["totalSize"]


def test_a_locator_of_query_all_works_on_both_paths(sync: Client) -> None:
    url = get(sync, "queryAll", q="SELECT Id FROM User WHERE Id != null")["nextRecordsUrl"]
    page = sync.call("GET", url).json()
    assert sync.call("GET", url.replace("/query/", "/queryAll/")).json() == page
    assert page["done"] is True


def test_today_is_today_on_the_org_s_clock(sync: Client, user: str) -> None:
    sync.call("PATCH", f"sobjects/User/{user}", json={"Title": "today"})
    today = "SELECT Id FROM User WHERE SystemModstamp = TODAY"
    assert user in [record["Id"] for record in sync.soql(today)]
    assert user not in [record["Id"] for record in sync.soql(today.replace("TODAY", "TOMORROW"))]
