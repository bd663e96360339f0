"""What every call has: a session, timeouts, repeats; and what no call may do."""

import logging
import threading
import traceback
from datetime import UTC, datetime
from typing import Any

import pytest
import requests
import responses

from sync.errors import CallFailed, Remedy
from sync.ports.salesforce import ApiUsage, RecordWrite, Written
from sync.salesforce.exchange import Timeouts
from sync.salesforce.gateway import Gateway
from sync.salesforce.login import Session
from sync.salesforce.transport import INSTANCE, Transport

USERINFO = {
    "user_id": "0055f000005mc66AAA",
    "organization_id": "00D5f000005mc66EAA",
    "preferred_username": "sync@acme.example",
}
LATER = datetime(2022, 3, 17, 16, 21, 25, tzinfo=UTC)


def versions(org: Any, status: int = 200, body: Any = ({"version": "66.0"},), **more: Any) -> None:
    """The answer to the cheap call that server_time makes."""
    org.answers("GET", f"{org.instance}/services/data", body, status, **more)


def transport_of(gateway: Gateway) -> Transport:
    return gateway._transport


def failed(gateway: Gateway) -> CallFailed:
    with pytest.raises(CallFailed) as caught:
        gateway.reader.server_time()
    return caught.value


def test_nothing_is_sent_before_the_first_call(org: Any) -> None:
    gateway = org.gateway()
    assert gateway.usage is None
    assert not org.mock.calls


def test_every_call_carries_timeouts_our_name_and_its_session(org: Any) -> None:
    token = org.logs_in()
    versions(org)
    versions(org)
    gateway = org.gateway(timeouts=Timeouts(connect=3, read=7, total=9), ca_file="/ca.pem")
    for _ in range(2):
        assert gateway.reader.server_time() == datetime(2022, 3, 17, 16, 30, 5, tzinfo=UTC)
    assert org.logins == 1
    for request in org.requests("/services/"):
        assert request.headers["Sforce-Call-Options"] == "client=license-sync"
        assert "X-PrettyPrint" not in request.headers
        assert "Cookie" not in request.headers
        assert request.req_kwargs["timeout"] == (3, 7)
        assert request.req_kwargs["verify"] == "/ca.pem"
    assert [r.headers["Authorization"] for r in org.requests("/services/data")] == [
        f"Bearer {token}"
    ] * 2
    assert "Authorization" not in org.requests("/token")[0].headers


def conditional(org: Any, gateway: Gateway) -> list[Written]:
    write = RecordWrite(org.run_as, status="In sync", unless_modified_since=LATER)
    return [result.written for result in gateway.writer.write_if_unmodified([write])]


def composed(org: Any, status: int = 204) -> dict[str, Any]:
    part = {"body": None, "httpHeaders": {}, "httpStatusCode": status, "referenceId": org.run_as}
    return {"compositeResponse": [part]}


def test_an_expired_token_is_renewed_and_the_same_request_repeated(org: Any) -> None:
    """0.3 item 1 and trap 7: the body with its conditions goes out a second time as it was."""
    org.logs_in()
    org.answers("POST", "composite", org.expired, 401)
    token = org.logs_in()
    org.answers("POST", "composite", composed(org))
    assert conditional(org, org.gateway()) == [Written.DONE]
    first, second = org.requests("/composite")
    assert first.body == second.body
    assert b"If-Unmodified-Since" in (
        first.body if isinstance(first.body, bytes) else first.body.encode()
    )
    changed = {"Authorization", "Content-Length"}
    assert {k: v for k, v in first.headers.items() if k not in changed} == {
        k: v for k, v in second.headers.items() if k not in changed
    }
    assert second.headers["Authorization"] == f"Bearer {token}"
    assert org.logins == 2


def test_headers_of_a_call_survive_the_renewal(org: Any) -> None:
    """0.3 item 1: what simple-salesforce would have dropped."""
    org.logs_in()
    org.answers("PATCH", "sobjects/User/x", org.expired, 401)
    org.logs_in()
    org.answers("PATCH", "sobjects/User/x", "", 204)
    condition = {"If-Unmodified-Since": "Thu, 17 Mar 2022 16:21:25 GMT"}
    gateway = org.gateway()
    gateway._client._sf.restful("sobjects/User/x", method="PATCH", json={"A": 1}, headers=condition)
    assert [r.headers["If-Unmodified-Since"] for r in org.requests("sobjects")] == list(
        condition.values()
    ) * 2


@pytest.mark.parametrize(
    "body",
    [
        [{"message": "Session expired or invalid", "errorCode": "INVALID_SESSION_ID"}],
        {"message": "Session expired or invalid", "errorCode": "INVALID_SESSION_ID"},
        "<html>no</html>",
        "",
    ],
)
def test_a_lasting_401_makes_two_requests_and_one_login(org: Any, body: Any) -> None:
    """0.3 items 2 and 5: no loop, no recursion, and no KeyError over a body that is an object."""
    org.logs_in()
    versions(org)
    gateway = org.gateway()
    gateway.reader.server_time()
    for _ in range(5):
        versions(org, 401, body)
        org.logs_in()
    failure = failed(gateway).failure
    assert (failure.code, failure.remedy) == ("INVALID_SESSION_ID", Remedy.STOP_ORG)
    assert failure.retry_after == 60
    assert len(org.requests("/services/data")) == 1 + 2
    assert org.logins == 1 + 1


def test_a_lasting_401_on_an_object_makes_two_requests(org: Any) -> None:
    """0.3 item 2: simple-salesforce's object calls would have recursed some 900 times."""
    org.logs_in()
    for _ in range(3):
        org.answers("GET", "sobjects/User/describe", org.expired, 401)
        org.logs_in()
    with pytest.raises(CallFailed):
        org.gateway().check_schema()
    assert len(org.requests("describe")) == 2


def test_userinfos_own_way_to_say_401(org: Any) -> None:
    org.logs_in()
    url = f"{org.instance}/services/oauth2/userinfo"
    org.answers("GET", url, "Bad_OAuth_Token", 403)
    org.logs_in()
    org.answers("GET", url, USERINFO)
    assert org.gateway().whoami().username == "sync@acme.example"


def test_threads_that_find_the_token_expired_log_in_once() -> None:
    logins: list[int] = []
    ready = threading.Barrier(8, timeout=5)

    def sign_in(*_: Any) -> Session:
        logins.append(1)
        return Session(f"T{len(logins)}", "https://i.example", "00D", "005")

    def answer(request: requests.PreparedRequest) -> tuple[int, dict[str, str], str]:
        if request.headers["Authorization"] == "Bearer T1":
            ready.wait()
            return 401, {}, "[]"
        return 200, {}, "[]"

    with responses.RequestsMock() as mock, Transport(sign_in, None, Timeouts()) as transport:
        mock.add_callback("GET", "https://i.example/x", callback=answer)
        statuses: list[int] = []
        threads = [
            threading.Thread(
                target=lambda: statuses.append(
                    transport.request("GET", f"{INSTANCE}/x").status_code
                )
            )
            for _ in range(8)
        ]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(10)
    assert statuses == [200] * 8
    assert len(logins) == 2


def test_an_org_that_moves_is_followed(org: Any) -> None:
    """Section 1.6: simple-salesforce would have kept the old instance's URL."""
    org.logs_in()
    versions(org, 401, org.expired)
    org.logs_in(instance_url="https://moved.my.salesforce.com")
    org.answers("GET", "https://moved.my.salesforce.com/services/data", [])
    org.gateway().reader.server_time()
    assert org.requests("moved")[0].headers["Authorization"].startswith("Bearer 00D")


def test_another_organization_after_a_renewal_gets_no_repeat(org: Any) -> None:
    org.logs_in()
    org.answers("PATCH", "composite/sobjects", org.expired, 401)
    org.logs_in(id=f"https://test.salesforce.com/id/00D000000000001EAA/{org.run_as}")
    gateway = org.gateway()
    with pytest.raises(CallFailed) as caught:
        gateway.writer.write([RecordWrite(org.run_as, status="In sync")])
    assert caught.value.failure.code == "other_organization"
    assert caught.value.failure.remedy is Remedy.STOP_ORG
    assert org.org_id in caught.value.failure.message
    assert len(org.requests("composite")) == 1
    assert gateway.organization_id() == "00D000000000001EAA"


def test_a_failed_login_is_tried_anew_at_the_next_call(org: Any) -> None:
    url = f"{org.login_url}/services/oauth2/token"
    org.answers("POST", url, {"error": "invalid_client"}, 400)
    gateway = org.gateway()
    assert failed(gateway).failure.code == "wrong_secret"
    org.logs_in()
    versions(org)
    gateway.reader.server_time()


@pytest.mark.parametrize("renewal", [False, True])
def test_a_write_that_only_got_as_far_as_the_login_has_not_arrived(org: Any, renewal: bool) -> None:
    url = f"{org.login_url}/services/oauth2/token"
    if renewal:
        org.logs_in()
        org.answers("PATCH", "composite/sobjects", org.expired, 401)
    org.answers("POST", url, requests.ReadTimeout("slow"))
    with pytest.raises(CallFailed) as caught:
        org.gateway().writer.write([RecordWrite(org.run_as, status="In sync")])
    assert (caught.value.failure.code, caught.value.maybe_arrived) == ("timeout", False)


@pytest.mark.parametrize("status", [502, 503, 504])
def test_a_read_is_repeated_a_little_while_salesforce_is_down(
    org: Any, status: int, pauses: list[float]
) -> None:
    org.logs_in()
    for _ in range(2):
        versions(org, status, "<html>down</html>")
    versions(org)
    org.gateway().reader.server_time()
    assert len(pauses) == 2
    assert 0.1 <= pauses[0] <= 0.3
    assert 0.4 <= pauses[1] <= 1.2


def test_a_read_is_not_repeated_without_end(org: Any, pauses: list[float]) -> None:
    org.logs_in()
    for _ in range(9):
        versions(org, 503, "<html>down</html>")
    failure = failed(org.gateway()).failure
    assert (failure.code, failure.remedy) == ("http_503", Remedy.RETRY)
    assert len(org.requests("/services/data")) == 3


def test_a_read_is_not_repeated_beyond_its_time(org: Any, pauses: list[float]) -> None:
    org.logs_in()
    versions(org, 503, "")
    failed(org.gateway(timeouts=Timeouts(total=1.0)))
    assert pauses == []


def test_a_lost_connection_is_repeated_for_what_only_reads(org: Any) -> None:
    """Also for the POST that reads by id."""
    org.logs_in()
    versions(org, body=requests.ConnectionError("reset"))
    versions(org)
    org.answers("POST", "composite/sobjects/User", requests.ConnectionError("reset"))
    org.answers("POST", "composite/sobjects/User", [org.row()])
    reader = org.gateway().reader
    reader.server_time()
    assert reader.read([org.run_as]).records


@pytest.mark.parametrize("status", [400, 403, 404, 500])
def test_other_refusals_are_not_repeated(org: Any, status: int, pauses: list[float]) -> None:
    org.logs_in()
    versions(org, status, [{"errorCode": "X", "message": "y"}])
    assert failed(org.gateway()).failure.code == "X"
    assert pauses == []


@pytest.mark.parametrize(
    ("value", "usage"),
    [
        ("api-usage=18/5000", ApiUsage(18, 5000)),
        (
            "api-usage=25/5000; per-app-api-usage=17/250(appName=sample-connected-app)",
            ApiUsage(25, 5000),
        ),
        ("per-app-api-usage=17/250(appName=x); api-usage=25/5000", ApiUsage(25, 5000)),
        ("per-app-api-usage=17/250(appName=x)", None),
        ("nonsense", None),
        (None, None),
    ],
)
@pytest.mark.parametrize("status", [200, 403])
def test_the_quota_is_read_from_both_header_forms_also_on_errors(
    org: Any, value: str | None, usage: ApiUsage | None, status: int
) -> None:
    org.logs_in()
    versions(org, status, [{"errorCode": "X"}], Sforce_Limit_Info=value)
    gateway = org.gateway()
    if status == 200:
        gateway.reader.server_time()
    else:
        failed(gateway)
    assert gateway.usage == usage


@pytest.mark.parametrize("date", [None, "yesterday"])
def test_an_answer_without_a_time_is_a_failed_read(org: Any, date: str | None) -> None:
    org.logs_in()
    versions(org, Date=date)
    assert failed(org.gateway()).failure.code == "odd_answer"


@pytest.mark.parametrize("path", ["@evil.example/x", ".evil.example/x", ":1@evil.example"])
def test_the_token_goes_to_no_other_host(org: Any, path: str) -> None:
    org.logs_in()
    with pytest.raises(CallFailed):
        transport_of(org.gateway()).request("GET", f"{INSTANCE}{path}")
    assert not org.requests("evil")


def test_no_secret_and_no_token_is_logged_or_raised(
    org: Any, caplog: pytest.LogCaptureFixture
) -> None:
    """I9: whatever Salesforce echoes, in every way a call can fail."""
    caplog.set_level(logging.DEBUG)
    token = org.logs_in()
    gateway = org.gateway()
    echo = f"Bearer {token} is not good, {org.secret}"
    texts: list[str] = [repr(gateway.connection), repr(transport_of(gateway)), repr(gateway)]
    answers: list[tuple[int, Any]] = [
        (status, body)
        for status in (400, 403, 404, 500)
        for body in ([{"errorCode": "X", "message": f"at {token}"}], f"<html>{echo}</html>", echo)
    ]
    answers += [
        (200, echo),
        (200, requests.ConnectionError("reset")),
        (200, requests.ReadTimeout("slow")),
    ]
    for status, body in answers:
        org.answers("PATCH", "composite/sobjects", body, status)
        try:
            results = gateway.writer.write([RecordWrite(org.run_as, status="In sync")])
        except CallFailed as error:
            texts += ["".join(traceback.format_exception(error)), repr(error), repr(error.failure)]
        else:
            texts.append(repr(results))
    texts.append(caplog.text)
    assert len(texts) > len(answers)
    for text in texts:
        assert token.split("!")[1] not in text
        assert org.secret not in text
