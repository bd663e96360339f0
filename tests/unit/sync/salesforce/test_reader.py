import re
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
import time_machine

from sync.errors import CallFailed, Remedy
from sync.ports.salesforce import Position

Id = Callable[[int], str]
STAMP = datetime(2022, 3, 17, 16, 21, 26, tzinfo=UTC)
DATE = datetime(2022, 3, 17, 16, 30, 5, tzinfo=UTC)
READ = "composite/sobjects/User"


def page(rows: list[Any], total: int | None = None, next_url: str | None = None) -> dict[str, Any]:
    total = len(rows) if total is None else total
    answer = {"totalSize": total, "done": next_url is None, "records": rows}
    return answer if next_url is None else {**answer, "nextRecordsUrl": next_url}


def queries(org: Any) -> list[str]:
    urls = [urlsplit(request.url) for request in org.requests("/query")]
    return [parse_qs(url.query)["q"][0] for url in urls if url.query]


def failed(call: Callable[[], object]) -> CallFailed:
    with pytest.raises(CallFailed) as caught:
        call()
    assert caught.value.failure.remedy is Remedy.RETRY
    return caught.value


def test_the_fast_poll(org: Any, record_id: Id) -> None:
    org.logs_in()
    rows = [
        org.row(record_id(n), SystemModstamp=f"2022-03-17T16:21:{26 + n}.000+0000") for n in (1, 2)
    ]
    org.answers("GET", "query/", page(rows))
    got = org.gateway().reader.changed_since(Position(STAMP, org.run_as), 3)
    assert [record.user_id for record in got.records] == [record_id(1), record_id(2)]
    assert got.last
    assert got.server_time == DATE
    (query,) = queries(org)
    assert query == (
        f"SELECT {', '.join(org.layout.read)} FROM User WHERE (UserType = 'Standard') AND"
        " (SystemModstamp > 2022-03-17T16:21:26Z OR (SystemModstamp = 2022-03-17T16:21:26Z AND"
        f" Id > '{org.run_as}')) ORDER BY SystemModstamp, Id LIMIT 3"
    )


def test_the_whole_org_by_id(org: Any, record_id: Id) -> None:
    org.logs_in()
    for _ in range(2):
        org.answers("GET", "query/", page([org.row(record_id(n)) for n in (1, 2)]))
    reader = org.gateway().reader
    assert not reader.everyone("", 2).last
    assert not reader.everyone(record_id(1)[:15], 2).last
    first, second = (query.split(" FROM User ")[1] for query in queries(org))
    assert first == "WHERE (UserType = 'Standard') ORDER BY Id LIMIT 2"
    assert second == f"WHERE (UserType = 'Standard') AND Id > '{record_id(1)}' ORDER BY Id LIMIT 2"


@pytest.mark.parametrize(("count", "last"), [(0, True), (4, True), (5, False)])
def test_a_page_is_the_last_when_it_is_whole_and_short(
    org: Any, record_id: Id, count: int, last: bool
) -> None:
    """Salesforce gives fewer rows at a time than the limit, and says where it goes on."""
    org.logs_in()
    rows = [org.row(record_id(n)) for n in range(count)]
    for first in range(0, max(count, 1), 2):
        more = f"/services/data/v62.0/query/0r8xx-{first + 2}" if first + 2 < count else None
        url = "query/" if first == 0 else f"query/0r8xx-{first}"
        org.answers("GET", url, page(rows[first : first + 2], count, more))
    got = org.gateway().reader.everyone("", 5)
    assert [record.user_id for record in got.records] == [row["Id"] for row in rows]
    assert got.last is last


@pytest.mark.parametrize(
    "spoil",
    [
        {"totalSize": 1},
        {"totalSize": 3},
        {"totalSize": "2"},
        {"totalSize": ...},
        {"records": ...},
        {"records": None},
        {"done": ...},
        {"done": "false"},
        {"done": False},
        {"done": False, "nextRecordsUrl": "https://evil.example/x"},
        {"done": False, "nextRecordsUrl": None},
        {"done": False, "nextRecordsUrl": "/services/x", "records": [], "totalSize": 0},
    ],
)
def test_an_answer_that_is_not_whole_is_a_failed_read(
    org: Any, record_id: Id, spoil: dict[str, Any]
) -> None:
    """I6: a short answer never looks like the end."""
    org.logs_in()
    body = {**page([org.row(record_id(n)) for n in (1, 2)]), **spoil}
    org.answers("GET", "query/", {k: v for k, v in body.items() if v is not ...})
    error = failed(lambda: org.gateway().reader.everyone("", 5))
    assert error.failure.code == "odd_answer"


def test_a_total_that_is_no_number_is_a_failed_read(org: Any) -> None:
    org.logs_in()
    org.answers("GET", "query/", {**page([org.row()]), "totalSize": True})
    failed(lambda: org.gateway().reader.everyone("", 5))


@pytest.mark.parametrize("row", [None, {}, {"Id": None}, {"Id": "x"}, [], "x"])
def test_a_row_without_an_id_is_a_failed_read(org: Any, row: Any) -> None:
    org.logs_in()
    org.answers("GET", "query/", page([row]))
    failed(lambda: org.gateway().reader.everyone("", 5))


def test_more_rows_than_asked_or_twice_the_same_is_a_failed_read(org: Any, record_id: Id) -> None:
    org.logs_in()
    org.answers("GET", "query/", page([org.row(record_id(n)) for n in (1, 2)]))
    org.answers("GET", "query/", page([org.row(record_id(1))] * 2))
    reader = org.gateway().reader
    failed(lambda: reader.everyone("", 1))
    failed(lambda: reader.everyone("", 5))


@pytest.mark.parametrize("stamps", [("26", "25"), ("25", "26")])
def test_rows_out_of_order_are_a_failed_read(
    org: Any, record_id: Id, stamps: tuple[str, str]
) -> None:
    org.logs_in()
    rows = [
        org.row(record_id(n), SystemModstamp=f"2022-03-17T16:21:{stamp}.000+0000")
        for n, stamp in enumerate(stamps)
    ]
    org.answers("GET", "query/", page(rows))
    failed(lambda: org.gateway().reader.changed_since(Position(STAMP), 5))


def test_a_cursor_that_died_is_a_failed_read(org: Any, record_id: Id) -> None:
    """Trap 6."""
    org.logs_in()
    org.answers("GET", "query/", page([org.row()], 2, "/services/data/v62.0/query/0r8xx-1"))
    error = [{"message": "invalid query locator", "errorCode": "INVALID_QUERY_LOCATOR"}]
    org.answers("GET", "query/0r8xx-1", error, 400)
    assert (
        failed(lambda: org.gateway().reader.everyone("", 5)).failure.code == "INVALID_QUERY_LOCATOR"
    )


def test_a_page_holds_at_least_one_row(org: Any) -> None:
    with pytest.raises(ValueError, match="at least one row"):
        org.gateway().reader.everyone("", 0)


def test_a_reread_by_id(org: Any, record_id: Id) -> None:
    org.logs_in()
    ids = [record_id(n) for n in (1, 2, 3)]
    org.answers("POST", READ, [org.row(ids[0]), None, org.row(ids[2])])
    reading = org.gateway().reader.read([ids[0], ids[1][:15], ids[2], ids[2]])
    assert list(reading.records) == [ids[0], ids[2]]
    assert reading.unreadable == {ids[1]}
    assert reading.server_time == DATE
    assert org.bodies(READ) == [{"ids": ids, "fields": list(org.layout.read)}]


def test_a_record_that_hides_whether_it_is_ours_is_unreadable(org: Any, record_id: Id) -> None:
    org.logs_in()
    ids = [record_id(n) for n in (1, 2, 3)]
    rows = [org.row(ids[0], UserType=...), org.row(ids[1], UserType="Guest"), org.row(ids[2])]
    org.answers("POST", READ, rows)
    reading = org.gateway().reader.read(ids)
    assert list(reading.records) == [ids[2]]
    assert reading.unreadable == {ids[0]}
    assert reading.outside == {ids[1]}


@pytest.mark.parametrize(
    "spoil", ["short", "long", "swapped", "foreign", "no_id", "object", "empty", "number"]
)
def test_a_reread_that_does_not_fit_is_a_failed_read(org: Any, record_id: Id, spoil: str) -> None:
    """I6: matched by position and id; nobody is taken for another, or for unreadable."""
    org.logs_in()
    one, two = org.row(record_id(1)), org.row(record_id(2))
    answers: dict[str, Any] = {
        "short": [one],
        "long": [one, two, None],
        "swapped": [two, one],
        "foreign": [one, org.row(record_id(3))],
        "no_id": [one, org.row(record_id(2), Id=...)],
        "object": {"0": one},
        "empty": [],
        "number": [one, 2],
    }
    org.answers("POST", READ, answers[spoil])
    failed(lambda: org.gateway().reader.read([record_id(1), record_id(2)]))


def test_a_reread_without_ids_of_the_object_asks_for_none(org: Any) -> None:
    org.logs_in()
    org.answers("GET", f"{org.instance}/services/data", [])
    account = "001ZM000001n4n5YAA"
    reading = org.gateway().reader.read([account])
    assert (reading.records, reading.unreadable) == ({}, {account})
    assert not org.requests("composite")


def test_a_reread_of_too_many_is_refused(org: Any, record_id: Id) -> None:
    reader = org.gateway().reader
    with pytest.raises(ValueError, match="at most 2000"):
        reader.read([record_id(n) for n in range(2001)])
    with pytest.raises(ValueError, match="no Salesforce id"):
        reader.read(["x' OR Id != '"])


def test_a_hidden_field_stops_the_org(org: Any) -> None:
    """Trap 17."""
    org.logs_in()
    message = "No such column 'Effective_CTI__c' on entity 'User'."
    org.answers("POST", READ, [{"message": message, "errorCode": "INVALID_FIELD"}], 400)
    with pytest.raises(CallFailed) as caught:
        org.gateway().reader.read([org.run_as])
    assert caught.value.failure.remedy is Remedy.STOP_ORG
    assert "Effective_CTI__c" in str(caught.value)
    assert "License Sync Integration" in str(caught.value)


@pytest.mark.parametrize("count", [0, 1, 2])
def test_a_user_is_found_by_username(org: Any, record_id: Id, count: int) -> None:
    org.logs_in()
    org.answers("GET", "query/", page([org.row(record_id(n)) for n in range(count)]))
    found = org.gateway().reader.find("zoë.o'neil@acme.example' OR Id != '")
    assert found == (record_id(0) if count == 1 else None)
    assert queries(org)[0].endswith(
        "WHERE (UserType = 'Standard') AND Username = 'zoë.o\\'neil@acme.example\\' OR Id != \\''"
        " ORDER BY Id LIMIT 2"
    )


def test_gone_is_what_queryall_calls_deleted(org: Any, record_id: Id) -> None:
    org.logs_in()
    rows = [{"Id": record_id(1), "IsDeleted": True}, {"Id": record_id(2), "IsDeleted": False},
            {"Id": record_id(3)}]  # fmt: skip
    org.answers("GET", "queryAll/", page(rows))
    gone = org.gateway().reader.gone([record_id(n) for n in (1, 2, 3, 4)])
    assert gone == {record_id(1)}
    ids = ", ".join(f"'{record_id(n)}'" for n in (1, 2, 3, 4))
    assert queries(org) == [f"SELECT Id, IsDeleted FROM User WHERE Id IN ({ids})"]


def test_of_users_none_is_gone(org: Any, record_id: Id) -> None:
    """User has no IsDeleted: no user can be deleted."""
    org.logs_in()
    error = [
        {"message": "No such column 'IsDeleted' on entity 'User'.", "errorCode": "INVALID_FIELD"}
    ]
    org.answers("GET", "queryAll/", error, 400)
    reader = org.gateway().reader
    assert reader.gone([record_id(n) for n in range(900)]) == frozenset()
    assert reader.gone([record_id(1)]) == frozenset()
    assert len(org.requests("queryAll")) == 1


def test_another_hidden_field_is_no_answer_to_who_is_gone(org: Any, record_id: Id) -> None:
    org.logs_in()
    org.answers(
        "GET", "queryAll/", [{"message": "No such column 'Id'", "errorCode": "INVALID_FIELD"}], 400
    )
    with pytest.raises(CallFailed):
        org.gateway().reader.gone([record_id(1)])


def test_the_question_who_is_gone_fits_a_uri(org: Any, record_id: Id) -> None:
    org.logs_in()
    for _ in range(3):
        org.answers("GET", "queryAll/", page([]))
    org.gateway().reader.gone([record_id(n) for n in range(1200)])
    requests = org.requests("queryAll")
    assert [len(re.findall("%27", request.url)) for request in requests] == [800] * 3
    for request in requests:
        headers = sum(len(k) + len(str(v)) + 4 for k, v in request.headers.items())
        assert len(request.url) + headers < 16_384 - 2_500  # a JWT token has some 2,000


def test_a_stranger_among_the_gone_is_a_failed_read(org: Any, record_id: Id) -> None:
    org.logs_in()
    org.answers("GET", "queryAll/", page([{"Id": record_id(9), "IsDeleted": True}]))
    failed(lambda: org.gateway().reader.gone([record_id(1)]))


@time_machine.travel("2031-01-01T00:00:00Z", tick=True)
def test_how_far_changes_are_covered(org: Any) -> None:
    """0.3 items 6 and 16, trap 4: aware, whole minutes, start before end, by the server's clock."""
    org.logs_in()
    org.answers("GET", f"{org.instance}/services/data", [])
    body = {"ids": [], "latestDateCovered": "2022-03-17T16:29:00.000+0000"}
    org.answers("GET", "sobjects/User/updated/", body)
    assert org.gateway().reader.covered_until() == datetime(2022, 3, 17, 16, 29, tzinfo=UTC)
    (request,) = org.requests("updated")
    assert request.url.endswith(
        "?start=2022-03-17T16%3A15%3A00%2B00%3A00&end=2022-03-17T16%3A30%3A00%2B00%3A00"
    )


@pytest.mark.parametrize(
    "body",
    [{}, [], {"ids": []}, {"latestDateCovered": None}, {"latestDateCovered": "2022-03-17"},
     {"latestDateCovered": "2022-03-17T16:31:00.000+0000"}],
)  # fmt: skip
def test_an_answer_that_covers_nothing_is_a_failed_read(org: Any, body: Any) -> None:
    org.logs_in()
    org.answers("GET", f"{org.instance}/services/data", [])
    org.answers("GET", "sobjects/User/updated/", body)
    failed(org.gateway().reader.covered_until)
