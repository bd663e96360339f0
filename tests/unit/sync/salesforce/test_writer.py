from collections.abc import Callable
from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import pytest
import requests
import urllib3

from sync.errors import CallFailed, Remedy
from sync.model import License
from sync.ports.salesforce import RecordWrite, WriteResult, Written
from sync.salesforce.writer import http_date

Id = Callable[[int], str]
LATER = datetime(2022, 3, 17, 16, 21, 25, tzinfo=UTC)
WRITE, IF = "composite/sobjects", "composite"


def done(record_id: str) -> dict[str, Any]:
    return {"id": record_id, "success": True, "errors": []}


def refused(code: str = "FIELD_CUSTOM_VALIDATION_EXCEPTION") -> dict[str, Any]:
    """0.3 item 13: statusCode, and no id."""
    return {"success": False, "errors": [{"statusCode": code, "message": "no", "fields": []}]}


def part(record_id: str, status: int = 204, code: str | None = None) -> dict[str, Any]:
    body = [{"errorCode": code, "message": "no"}] if code else None
    return {"body": body, "httpHeaders": {}, "httpStatusCode": status, "referenceId": record_id}


def plain(record_id: str) -> RecordWrite:
    return RecordWrite(record_id, effective={License.CTI: True}, status="In sync", decided="C")


def guarded(record_id: str) -> RecordWrite:
    return RecordWrite(record_id, requested={License.SCV: False}, unless_modified_since=LATER)


def summary(results: list[WriteResult]) -> list[tuple[str, Written, str | None]]:
    return [(r.user_id, r.written, r.failure.code if r.failure else None) for r in results]


def test_a_write(org: Any, record_id: Id) -> None:
    """Trap 11: the answer is 200, each result is looked at."""
    org.logs_in()
    ids = [record_id(n) for n in (1, 2, 3)]
    org.answers("PATCH", WRITE, [done(ids[0]), refused(), done(ids[2])])
    results = org.gateway().writer.write([plain(ids[0]), plain(ids[1][:15]), plain(ids[2])])
    assert summary(results) == [
        (ids[0], Written.DONE, None),
        (ids[1], Written.REFUSED, "FIELD_CUSTOM_VALIDATION_EXCEPTION"),
        (ids[2], Written.DONE, None),
    ]
    (body,) = org.bodies(WRITE)
    assert body["allOrNone"] is False
    assert body["records"][0] == {
        "attributes": {"type": "User"},
        "id": ids[0],
        "Effective_CTI__c": True,
        "License_Sync_Status__c": "In sync",
        "License_Sync_Decided__c": "C",
    }


def test_a_locked_row_is_retried(org: Any, record_id: Id) -> None:
    org.logs_in()
    org.answers("PATCH", WRITE, [refused("UNABLE_TO_LOCK_ROW")])
    (result,) = org.gateway().writer.write([plain(record_id(1))])
    assert result.failure
    assert result.failure.remedy is Remedy.RETRY


ODD_RESULTS: dict[str, Callable[[Id], Any]] = {
    "too few": lambda i: [done(i(1))],
    "too many": lambda i: [done(i(1)), done(i(2)), done(i(3))],
    "swapped": lambda i: [done(i(2)), done(i(1))],
    "a stranger": lambda i: [done(i(1)), done(i(3))],
    "a refusal of a stranger": lambda i: [done(i(1)), {**refused(), "id": i(3)}],
    "no id": lambda i: [done(i(1)), {"success": True, "errors": []}],
    "no id but a number": lambda i: [done(i(1)), {**done(i(2)), "id": 7}],
    "no id but a word": lambda i: [done(i(1)), {**done(i(2)), "id": "me"}],
    "no success": lambda i: [done(i(1)), {"id": i(2)}],
    "success in words": lambda i: [done(i(1)), {"id": i(2), "success": "true"}],
    "null": lambda i: [done(i(1)), None],
    "an object": lambda i: {"0": done(i(1))},
    "an error's shape": lambda i: [{"errorCode": "X", "message": "y"}],
    "empty": lambda i: [],
    "HTML": lambda i: "<html>gateway</html>",
    "truncated": lambda i: '[{"id": "0055',
    "nothing": lambda i: "",
}


@pytest.mark.parametrize("what", ODD_RESULTS)
def test_results_that_do_not_fit_make_the_whole_call_unknown(
    org: Any, record_id: Id, what: str
) -> None:
    org.logs_in()
    org.answers("PATCH", WRITE, ODD_RESULTS[what](record_id))
    results = org.gateway().writer.write([plain(record_id(n)) for n in (1, 2)])
    assert summary(results) == [(record_id(n), Written.UNKNOWN, "odd_answer") for n in (1, 2)]


LOST: list[tuple[int, Any, str]] = [
    (200, requests.ReadTimeout("slow"), "timeout"),
    (200, requests.ConnectionError(urllib3.exceptions.ProtocolError("aborted")), "connection_lost"),
    (200, requests.exceptions.ChunkedEncodingError("cut"), "connection_lost"),
    (500, "<html>x</html>", "http_500"),
    (503, "<html>x</html>", "http_503"),
    (503, [{"errorCode": "SERVER_UNAVAILABLE", "message": "x"}], "SERVER_UNAVAILABLE"),
    (502, "", "http_502"),
    (408, "", "http_408"),
]


@pytest.mark.parametrize(("status", "body", "code"), LOST)
@pytest.mark.parametrize("conditional", [False, True])
def test_a_call_that_may_have_arrived_is_unknown_and_not_repeated(
    org: Any,
    record_id: Id,
    conditional: bool,
    status: int,
    body: Any,
    code: str,
    pauses: list[float],
) -> None:
    org.logs_in()
    org.answers(*("POST", IF) if conditional else ("PATCH", WRITE), body, status)
    writer = org.gateway().writer
    ids = [record_id(1), record_id(2)]
    if conditional:
        results = writer.write_if_unmodified([guarded(i) for i in ids])
    else:
        results = writer.write([plain(i) for i in ids])
    assert summary(results) == [(i, Written.UNKNOWN, code) for i in ids]
    assert len(org.requests("composite")) == 1
    assert pauses == []


def wrapped(kind: type[Exception], inner: Exception) -> Exception:
    """As requests and urllib3 wrap them; test_exchange looks at real ones."""
    return kind(urllib3.exceptions.MaxRetryError(None, "/x", inner))  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("status", "body", "code"),
    [
        (200, wrapped(requests.ConnectionError, ConnectionRefusedError()), "connection_refused"),
        (200, requests.ConnectTimeout("slow"), "timeout"),
        (403, [{"errorCode": "REQUEST_LIMIT_EXCEEDED", "message": "TotalRequests Limit exceeded."}],
         "REQUEST_LIMIT_EXCEEDED"),
        (400, [{"errorCode": "JSON_PARSER_ERROR", "message": "x"}], "JSON_PARSER_ERROR"),
        (404, "<html>x</html>", "http_404"),
    ],
)  # fmt: skip
@pytest.mark.parametrize("conditional", [False, True])
def test_a_call_that_was_not_carried_out_raises(
    org: Any, record_id: Id, conditional: bool, status: int, body: Any, code: str
) -> None:
    org.logs_in()
    org.answers(*("POST", IF) if conditional else ("PATCH", WRITE), body, status)
    writer = org.gateway().writer
    write = writer.write_if_unmodified if conditional else writer.write
    with pytest.raises(CallFailed) as caught:
        write([(guarded if conditional else plain)(record_id(1))])
    assert (caught.value.failure.code, caught.value.maybe_arrived) == (code, False)


def test_an_answer_without_a_date_is_unknown(org: Any, record_id: Id) -> None:
    org.logs_in()
    org.answers("PATCH", WRITE, [done(record_id(1))], Date=None)
    (result,) = org.gateway().writer.write([plain(record_id(1))])
    assert result.written is Written.UNKNOWN


def test_a_conditional_write(org: Any, record_id: Id) -> None:
    """0.3 item 15: If-Unmodified-Since for each record, since ETags are for Account alone."""
    org.logs_in()
    ids = [record_id(n) for n in range(5)]
    answer = [
        part(ids[0]),
        part(ids[1], 412, "PRECONDITION_FAILED"),
        part(ids[2], 400, "ENTITY_FAILED_IFLASTMODIFIED_ON_UPDATE_CHECK"),
        part(ids[3], 404, "NOT_FOUND"),
        part(ids[4], 500, "UNKNOWN_EXCEPTION"),
    ]
    org.answers("POST", IF, {"compositeResponse": answer})
    results = org.gateway().writer.write_if_unmodified([guarded(i) for i in ids])
    assert summary(results) == [
        (ids[0], Written.DONE, None),
        (ids[1], Written.MOVED, None),
        (ids[2], Written.MOVED, None),
        (ids[3], Written.REFUSED, "NOT_FOUND"),
        (ids[4], Written.UNKNOWN, "UNKNOWN_EXCEPTION"),
    ]
    (body,) = org.bodies(IF)
    assert body["allOrNone"] is False
    assert body["compositeRequest"][0] == {
        "method": "PATCH",
        "url": f"/services/data/v62.0/sobjects/User/{ids[0]}",
        "referenceId": ids[0],
        "httpHeaders": {"If-Unmodified-Since": "Thu, 17 Mar 2022 16:21:25 GMT"},
        "body": {"Requested_SCV__c": False},
    }


@pytest.mark.parametrize(
    "answer",
    [
        lambda i: {"compositeResponse": [part(i(1))]},
        lambda i: {"compositeResponse": [part(i(2)), part(i(1))]},
        lambda i: {"compositeResponse": [part(i(1)), {**part(i(2)), "httpStatusCode": "204"}]},
        lambda i: {"compositeResponse": [part(i(1)), {**part(i(2)), "httpStatusCode": None}]},
        lambda i: {"compositeResponse": [part(i(1)), None]},
        lambda i: {"compositeResponse": None},
        lambda i: [part(i(1)), part(i(2))],
        lambda i: {},
        lambda i: "<html>",
    ],
)
def test_conditional_results_that_do_not_fit_make_the_whole_call_unknown(
    org: Any, record_id: Id, answer: Callable[[Id], Any]
) -> None:
    org.logs_in()
    org.answers("POST", IF, answer(record_id))
    results = org.gateway().writer.write_if_unmodified([guarded(record_id(n)) for n in (1, 2)])
    assert [r.written for r in results] == [Written.UNKNOWN] * 2


@pytest.mark.parametrize("status", [200, 201, 202, 304])
def test_a_status_that_no_update_has_is_unknown(org: Any, record_id: Id, status: int) -> None:
    org.logs_in()
    org.answers("POST", IF, {"compositeResponse": [part(record_id(1), status)]})
    (result,) = org.gateway().writer.write_if_unmodified([guarded(record_id(1))])
    assert result.written is Written.UNKNOWN


def test_no_writes_are_no_call(org: Any) -> None:
    writer = org.gateway().writer
    assert writer.write([]) == writer.write_if_unmodified([]) == []
    assert not org.mock.calls


def test_writes_that_must_not_go_out(org: Any, record_id: Id) -> None:
    """I3: requested flags only under the condition that the record is as it was."""
    writer = org.gateway().writer
    one = record_id(1)
    unconditional = [
        [RecordWrite(one, requested={License.CTI: True})],
        [guarded(one)],
        [RecordWrite(one, status="In sync", unless_modified_since=LATER)],
        [RecordWrite(one)],
        [plain(one), plain(one[:15])],
        [plain(record_id(n)) for n in range(201)],
        [plain("x")],
    ]
    for writes in unconditional:
        with pytest.raises(ValueError, match=r"."):
            writer.write(writes)
    conditional = [[plain(one)], [guarded(record_id(n)) for n in range(26)], [guarded(one)] * 2]
    for writes in conditional:
        with pytest.raises(ValueError, match=r"."):
            writer.write_if_unmodified(writes)
    assert not org.mock.calls


def test_a_time_in_a_header() -> None:
    elsewhere = LATER.astimezone(timezone(timedelta(hours=-7))).replace(microsecond=7)
    assert http_date(elsewhere) == "Thu, 17 Mar 2022 16:21:25 GMT"
    with pytest.raises(ValueError, match="without a zone"):
        http_date(LATER.replace(tzinfo=None))
