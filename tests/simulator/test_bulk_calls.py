"""Paging, collections, composite, batch and replication: calls that touch many records."""

from __future__ import annotations

import re
import time
from typing import Any

import pytest

from tests.simulator.running import Client, Simulator, iso

UNKNOWN = "0055f000005mc66AAA"


def item(record_id: str, **fields: Any) -> dict[str, Any]:
    return {"attributes": {"type": "User"}, "id": record_id, **fields}


def save(client: Client, records: list[dict[str, Any]], **more: Any) -> Any:
    return client.call("PATCH", "composite/sobjects", json={"records": records, **more})


def composite(client: Client, requests: list[dict[str, Any]], **more: Any) -> list[dict[str, Any]]:
    for request in requests:
        request["url"] = f"/services/data/v59.0/{request['url']}"
    answer = client.call("POST", "composite", json={"compositeRequest": requests, **more})
    assert answer.status_code == 200, answer.text
    found: list[dict[str, Any]] = answer.json()["compositeResponse"]
    return found


def test_pages_of_two_thousand(sync: Client) -> None:
    page = sync.call(
        "GET", "query/", params={"q": "SELECT Id FROM User WHERE UserType='Standard' ORDER BY Id"}
    ).json()
    assert (page["totalSize"] >= 2300, page["done"], len(page["records"])) == (True, False, 2000)
    assert re.fullmatch(r"/services/data/v59.0/query/0r8\w{15}-2000", page["nextRecordsUrl"])
    rest = sync.call("GET", page["nextRecordsUrl"]).json()
    assert rest["done"] is True
    assert "nextRecordsUrl" not in rest
    assert rest["totalSize"] == page["totalSize"]
    ids = [r["Id"] for r in page["records"] + rest["records"]]
    assert ids == sorted(set(ids))
    assert len(ids) == page["totalSize"]


@pytest.mark.parametrize(
    ("hint", "size"), [("batchSize=200", 200), ("batchSize=5", 200), ("batchSize=9000", 2000)]
)
def test_the_batch_size_is_a_hint(sync: Client, hint: str, size: int) -> None:
    page = sync.call(
        "GET", "query", params={"q": "SELECT Id FROM User"}, headers={"Sforce-Query-Options": hint}
    ).json()
    assert len(page["records"]) == size
    assert page["nextRecordsUrl"].endswith(f"-{size}")


def test_foreign_and_unknown_locators(sync: Client, admin: Client) -> None:
    page = sync.call("GET", "query", params={"q": "SELECT Id FROM User"}).json()
    for path in (page["nextRecordsUrl"], "query/0r8000000000000000-2000"):
        answer = admin.call("GET", path)
        assert (answer.status_code, answer.json()[0]["errorCode"]) == (400, "INVALID_QUERY_LOCATOR")


def test_the_query_of_the_cli(sync: Client, org: Simulator) -> None:
    [found] = sync.soql(
        "SELECT Name, InstanceName, IsSandbox, TrialExpirationDate, NamespacePrefix, "
        "OrganizationType FROM Organization"
    )
    assert found["attributes"]["url"].endswith(org.ready["organization_id"])
    answer = sync.call("GET", "query", params={"q": "SELECT Id FROM ScratchOrgInfo limit 1"})
    assert (answer.status_code, answer.json()[0]["errorCode"]) == (400, "INVALID_TYPE")
    assert sync.call("GET", "query").json()[0]["errorCode"] == "MALFORMED_QUERY"


def test_reading_many_keeps_order_and_says_null(
    org: Simulator, sync: Client, people: list[str]
) -> None:
    ids = [people[5], UNKNOWN, people[3][:15], people[5]]
    for answer in (
        sync.call(
            "POST",
            "composite/sobjects/user",
            json={"ids": ids, "fields": ["Username", "id", "IsActive"]},
        ),
        sync.call(
            "GET",
            "composite/sobjects/User",
            params={"ids": ",".join(ids), "fields": "Username,Id,IsActive"},
        ),
    ):
        records = answer.json()
        assert [r and r["Id"] for r in records] == [people[5], None, people[3], people[5]]
        assert records[0]["attributes"]["type"] == "User"
        assert records[0]["IsActive"] in (
            True,
            False,
        )
    assert org.last_call()["records"] == 4


def test_limits_of_reading_many(sync: Client, people: list[str]) -> None:
    too_many = sync.call(
        "POST", "composite/sobjects/User", json={"ids": [UNKNOWN] * 2001, "fields": ["Id"]}
    )
    assert too_many.status_code == 400
    assert (
        sync.call(
            "POST", "composite/sobjects/User", json={"ids": [UNKNOWN] * 2000, "fields": ["Id"]}
        ).json()
        == [None] * 2000
    )
    bad = sync.call(
        "POST", "composite/sobjects/User", json={"ids": people[:2], "fields": ["Id", "Nope__c"]}
    )
    assert (bad.status_code, bad.json()[0]["errorCode"]) == (400, "INVALID_FIELD")
    url = sync.call(
        "GET", "composite/sobjects/User", params={"ids": ",".join(people[:900]), "fields": "Id"}
    )
    assert url.status_code == 414


def test_a_collection_fails_in_part(org: Simulator, sync: Client, user: str) -> None:
    since = org.last_change()
    records = [
        item(user, Title="one"),
        item(UNKNOWN, Title="x"),
        item("nonsense", Title="x"),
        item(user, License_Sync_Status__c="Maybe"),
        {"attributes": {"type": "User"}, "Id": user[:15], "Title": "two"},
    ]
    answer = save(sync, records)
    assert answer.status_code == 200
    results = answer.json()
    assert [r["success"] for r in results] == [True, False, False, False, True]
    assert results[0] == {"id": user, "success": True, "errors": []}
    assert results[1] == {
        "success": False,
        "errors": [
            {
                "statusCode": "INVALID_CROSS_REFERENCE_KEY",
                "message": "invalid cross reference id",
                "fields": [],
            }
        ],
    }
    assert results[2]["errors"][0]["statusCode"] == "MALFORMED_ID"
    assert results[3]["errors"][0]["fields"] == ["License_Sync_Status__c"]
    assert [c["after"] for c in org.changes(since)] == [{"Title": "one"}, {"Title": "two"}]
    call = org.last_call()
    assert (call["api_calls"], call["records"], [w["after"] for w in call["writes"]]) == (
        1,
        5,
        [{"Title": "one"}, {"Title": "two"}],
    )


def test_all_or_none_rolls_back(org: Simulator, sync: Client, user: str) -> None:
    since = org.last_change()
    results = save(
        sync, [item(user, Title="gone"), item(UNKNOWN, Title="x")], allOrNone=True
    ).json()
    assert [r["errors"][0]["statusCode"] for r in results] == [
        "ALL_OR_NONE_OPERATION_ROLLED_BACK",
        "INVALID_CROSS_REFERENCE_KEY",
    ]
    assert org.changes(since) == []
    assert sync.soql(f"SELECT Title FROM User WHERE Id = '{user}'")[0]["Title"] != "gone"


def test_limits_of_a_collection(sync: Client, people: list[str]) -> None:
    assert save(sync, [item(p) for p in people[:201]]).status_code == 400
    assert len(save(sync, [item(p) for p in people[:200]]).json()) == 200
    assert (
        save(sync, [item(people[0]), {"attributes": {"type": "Profile"}, "id": people[0]}]).json()[
            0
        ]["errorCode"]
        == "MIXED_DML_OPERATION"
    )
    assert save(sync, [{"id": people[0]}]).json()[0]["errorCode"] == "INVALID_TYPE"
    assert save(sync, ["x"]).json()[0]["errorCode"] == "JSON_PARSER_ERROR"  # type: ignore[list-item]


def test_composite_with_a_condition_for_each_record(
    org: Simulator, sync: Client, user: str, people: list[str]
) -> None:
    sync.call("PATCH", f"sobjects/User/{user}", json={"Title": "now"})
    used = org.control("GET", "state")["quota"]["used"]
    old = {"If-Unmodified-Since": "Wed, 01 Jan 2020 00:00:00 GMT"}
    new = {"If-Unmodified-Since": "Thu, 01 Jan 2099 00:00:00 GMT"}
    answers = composite(
        sync,
        [
            {
                "method": "PATCH",
                "url": f"sobjects/User/{user}",
                "referenceId": "a",
                "body": {"Title": "x"},
                "httpHeaders": old,
            },
            {
                "method": "PATCH",
                "url": f"sobjects/User/{user}",
                "referenceId": "b",
                "body": {"Title": "y"},
                "httpHeaders": new,
            },
            {"method": "GET", "url": f"sobjects/User/{user}?fields=Title,Id", "referenceId": "c"},
            {"method": "GET", "url": "sobjects/User/@{c.Id}?fields=Title", "referenceId": "d"},
            {"method": "GET", "url": "sobjects/User/@{a.Id}", "referenceId": "e"},
        ],
    )
    assert [a["httpStatusCode"] for a in answers] == [412, 204, 200, 200, 400]
    assert [a["referenceId"] for a in answers] == list("abcde")
    assert answers[0]["body"][0]["errorCode"] == "PRECONDITION_FAILED"
    assert answers[1]["body"] is None
    assert answers[3]["body"]["Title"] == "y"
    assert answers[4]["body"][0]["errorCode"] == "PROCESSING_HALTED"
    call = org.last_call()
    assert call["api_calls"] == 1
    assert org.control("GET", "state")["quota"]["used"] == used + 1
    assert call["subrequests"][0]["headers"] == {"if-unmodified-since": old["If-Unmodified-Since"]}
    assert call["subrequests"][0]["status"] == 412


def test_composite_all_or_none(org: Simulator, sync: Client, user: str) -> None:
    since = org.last_change()
    answers = composite(
        sync,
        [
            {
                "method": "PATCH",
                "url": f"sobjects/User/{user}",
                "referenceId": "a",
                "body": {"Title": "x"},
            },
            {
                "method": "PATCH",
                "url": f"sobjects/User/{UNKNOWN}",
                "referenceId": "b",
                "body": {"Title": "y"},
            },
            {"method": "GET", "url": "limits", "referenceId": "c"},
        ],
        allOrNone=True,
    )
    assert [a["httpStatusCode"] for a in answers] == [400, 404, 400]
    assert answers[0]["body"][0]["errorCode"] == "PROCESSING_HALTED"
    assert org.changes(since) == []


def test_a_failed_item_inside_fails_the_whole(org: Simulator, sync: Client, user: str) -> None:
    since = org.last_change()
    composite(
        sync,
        [
            {
                "method": "PATCH",
                "url": f"sobjects/User/{user}",
                "referenceId": "a",
                "body": {"Title": "x"},
            },
            {
                "method": "PATCH",
                "url": "composite/sobjects",
                "referenceId": "b",
                "body": {"records": [item(UNKNOWN)]},
            },
        ],
        allOrNone=True,
    )
    assert org.changes(since) == []


def test_five_collections_in_a_composite(org: Simulator, sync: Client, people: list[str]) -> None:
    def requests(count: int) -> list[dict[str, Any]]:
        return [
            {
                "method": "PATCH",
                "url": "composite/sobjects",
                "referenceId": f"r{n}",
                "body": {"records": [item(p, Title=f"t{n}") for p in people[n * 10 : n * 10 + 10]]},
            }
            for n in range(count)
        ]

    answers = composite(sync, requests(5))
    assert all(r["success"] for a in answers for r in a["body"])
    assert len(answers) == 5
    six = requests(6)
    for request in six:
        request["url"] = f"/services/data/v59.0/{request['url']}"
    assert sync.call("POST", "composite", json={"compositeRequest": six}).status_code == 400


@pytest.mark.parametrize(
    "requests",
    [
        [
            {"method": "GET", "url": "/services/data/v59.0/limits", "referenceId": f"r{n}"}
            for n in range(26)
        ],
        [{"method": "GET", "url": "/services/data/v59.0/limits", "referenceId": "bad-name"}],
        [{"method": "GET", "url": "/services/data/v59.0/limits", "referenceId": "x"}] * 2,
        "x",
    ],
)
def test_malformed_composites(sync: Client, requests: Any) -> None:
    assert sync.call("POST", "composite", json={"compositeRequest": requests}).status_code == 400


def test_forbidden_headers_in_a_subrequest(sync: Client) -> None:
    [answer] = composite(
        sync,
        [
            {
                "method": "GET",
                "url": "limits",
                "referenceId": "a",
                "httpHeaders": {"Authorization": "x"},
            }
        ],
    )
    assert answer["httpStatusCode"] == 400


def test_batch_counts_each(org: Simulator, sync: Client, user: str) -> None:
    requests = [
        {"method": "GET", "url": "v59.0/limits"},
        {"method": "GET", "url": "v59.0/nope"},
        {"method": "PATCH", "url": f"v59.0/sobjects/User/{user}", "richInput": {"Title": "batch"}},
    ]
    answer = sync.call("POST", "composite/batch", json={"batchRequests": requests}).json()
    assert answer["hasErrors"]
    assert [r["statusCode"] for r in answer["results"]] == [200, 404, 204]
    assert org.last_call()["api_calls"] == 3
    halted = sync.call(
        "POST", "composite/batch", json={"batchRequests": requests, "haltOnError": True}
    ).json()
    assert halted["results"][2] == {
        "statusCode": 412,
        "result": [
            {
                "message": "Batch processing halted per request",
                "errorCode": "BATCH_PROCESSING_HALTED",
            }
        ],
    }


def updated(client: Client, start: float, end: float) -> Any:
    return client.call(
        "GET", "sobjects/User/updated/", params={"start": iso(start), "end": iso(end)}
    )


def test_updated_ignores_seconds(sync: Client, user: str) -> None:
    sync.call("PATCH", f"sobjects/User/{user}", json={"Title": "u"})
    now = time.time()
    minute = now - now % 60
    answer = updated(sync, minute + 59, minute + 60).json()
    assert user in answer["ids"]
    assert len(answer["ids"]) == len(set(answer["ids"]))
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:00\.000\+0000", answer["latestDateCovered"])
    assert user not in updated(sync, minute - 600, minute).json()["ids"]


def test_latest_date_covered_is_never_later_than_the_end(sync: Client) -> None:
    end = time.time() - 3600
    assert updated(sync, end - 600, end).json()["latestDateCovered"] == iso(end - end % 60).replace(
        "+00:00", ".000+0000"
    )


@pytest.mark.parametrize(("start", "end"), [(0, 0), (10, 9), (-32 * 86400, 0)])
def test_refused_windows(sync: Client, start: float, end: float) -> None:
    now = time.time()
    base = now - now % 60
    answer = updated(sync, base + start, base + end + 30)
    assert (answer.status_code, answer.json()[0]["errorCode"]) == (400, "INVALID_REPLICATION_DATE")


def test_a_date_without_a_zone_is_refused(sync: Client) -> None:
    answer = sync.call(
        "GET",
        "sobjects/User/updated",
        params={"start": "2026-01-01T00:00:00", "end": "2026-01-01T00:05:00Z"},
    )
    assert answer.status_code == 400


def test_deleted(sync: Client) -> None:
    answer = sync.call(
        "GET",
        "sobjects/User/deleted",
        params={"start": iso(time.time() - 600), "end": iso(time.time())},
    ).json()
    assert answer["deletedRecords"] == []
    assert answer["earliestDateAvailable"] < answer["latestDateCovered"]
