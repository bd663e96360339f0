"""The endpoint as the application serves it, over a real store, on both databases."""

import logging
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from sync.errors import StoreUnavailable
from sync.ports.pending import Cause, Priority
from sync.store import SqlStore
from tests.outbound import (
    ANN,
    BOB,
    CID,
    CONTACT,
    ORGANIZATION,
    TOKEN,
    envelope,
    message,
    notification,
    notification_id,
)
from tests.unit.admin.outbound.conftest import (
    ORG,
    PATH,
    Salesforce,
    salesforce_for,
    settings_for,
)


def test_who_is_named_is_looked_at_and_only_then_acknowledged(salesforce: Salesforce) -> None:
    assert salesforce.sent(message([ANN, BOB])) == (200, "true")
    assert salesforce.pending() == [ANN, BOB]
    waiting = salesforce.store.waiting(ORG, ANN)
    assert waiting is not None
    assert (waiting.cause, waiting.priority) == (Cause.OUTBOUND, Priority.LIVE)


def test_a_message_that_could_not_be_committed_is_not_acknowledged(
    salesforce: Salesforce, monkeypatch: pytest.MonkeyPatch
) -> None:
    def away(*_: object) -> int:
        raise StoreUnavailable("The database secret-place cannot be reached: start it.")

    monkeypatch.setattr(SqlStore, "notice", away)
    answer = salesforce.post(message([ANN]))
    assert answer.status_code == 503
    assert "<Ack>false</Ack>" in answer.text
    assert "secret-place" not in answer.text


def test_a_commit_that_fails_is_no_acknowledgement(salesforce: Salesforce) -> None:
    """The failure comes from the database itself, at the last moment."""
    with salesforce.store.engine.begin() as connection:
        connection.exec_driver_sql("ALTER TABLE pending_user RENAME TO away")
    assert salesforce.sent(message([ANN])) == (503, "false")
    with salesforce.store.engine.begin() as connection:
        connection.exec_driver_sql("ALTER TABLE away RENAME TO pending_user")
    assert salesforce.pending() == []
    assert salesforce.sent(message([ANN])) == (200, "true")


def test_the_same_message_again_changes_nothing(salesforce: Salesforce) -> None:
    both = message([ANN, ANN, BOB])
    assert salesforce.sent(both) == (200, "true")
    before = versions(salesforce)
    assert salesforce.sent(both) == (200, "true")
    assert versions(salesforce) == before
    assert salesforce.sent(message([BOB], first=77)) == (200, "true")
    assert versions(salesforce)[ANN] == before[ANN]
    assert versions(salesforce)[BOB] > before[BOB], "another save of the same user counts"


def test_a_hundred_are_taken_and_more_are_not(salesforce: Salesforce) -> None:
    users = [f"0055g0000{i:06}"[:15] for i in range(101)]
    assert salesforce.sent(message(users)) == (400, "false")
    assert salesforce.sent(envelope("")) == (400, "false")
    assert salesforce.pending() == []
    assert salesforce.sent(message(users[:100])) == (200, "true")
    assert len(salesforce.pending()) == 100


def test_other_objects_and_what_is_no_id_are_left_out(
    salesforce: Salesforce, logged: pytest.LogCaptureFixture
) -> None:
    odd = [CONTACT, "005", ANN[:17] + "5", "'; DROP TABLE pending_user"]
    assert salesforce.sent(message([*odd, BOB[:15]])) == (200, "true")
    assert salesforce.pending() == [BOB]
    assert "acme: 4 of 5 notifications of an outbound message are not about users" in logged.text
    assert CONTACT not in logged.text
    assert salesforce.sent(message([CONTACT])) == (200, "true"), "it would come for a day otherwise"


@pytest.mark.parametrize("organization_id", [ORGANIZATION, ORGANIZATION[:15]])
def test_the_organization_may_be_said_either_way(
    salesforce: Salesforce, organization_id: str
) -> None:
    found = salesforce.sent(message([ANN], organization_id=organization_id))
    assert found == (200, "true")


@pytest.mark.parametrize(
    ("organization_id", "status"),
    [
        ("00D5g000004XyZb", 403),
        (ORGANIZATION[:15].lower(), 403),
        (ORGANIZATION[:17] + "A", 400),
        ("", 400),
        ("acme", 400),
    ],
)
def test_another_organization_is_refused(
    salesforce: Salesforce, organization_id: str, status: int
) -> None:
    found = salesforce.sent(message([ANN], organization_id=organization_id))
    assert found == (status, "false")
    assert salesforce.pending() == []


def test_an_org_that_has_never_answered_has_the_message_sent_again(
    settings: object, salesforce: Salesforce
) -> None:
    with salesforce.store.engine.begin() as connection:
        connection.exec_driver_sql("UPDATE org_state SET organization_id = NULL")
    assert salesforce.sent(message([ANN])) == (503, "false")
    salesforce.store.meet(ORG, ORGANIZATION)
    assert salesforce.sent(message([ANN])) == (200, "true")


def test_an_org_that_is_observed_or_paused_notices_all_the_same(salesforce: Salesforce) -> None:
    salesforce.store.pause(ORG, "ann")
    assert salesforce.sent(message([ANN])) == (200, "true")
    with salesforce.store.engine.begin() as connection:
        connection.exec_driver_sql("UPDATE org_state SET armed_fingerprint = NULL")
    assert salesforce.sent(message([BOB])) == (200, "true")
    assert salesforce.pending() == [ANN, BOB]


NOWHERE = [
    f"/outbound/{ORG}/{TOKEN[:-1]}",
    f"/outbound/{ORG}/{TOKEN}x",
    f"/outbound/{ORG}/{TOKEN}/",
    f"/outbound/{ORG}/x/{TOKEN}",
    f"/outbound/{ORG}/",
    f"/outbound/{ORG}",
    f"/outbound/{TOKEN}",
    "/outbound/",
    f"/outbound/beta/{TOKEN}",
    f"/outbound/beta/{'0' * 64}",
    f"/outbound/nothere/{TOKEN}",
    f"/outbound/ACME/{TOKEN}",
    f"/outbound/{ORG}/{TOKEN.upper()}",
    f"/outbound/{ORG}/%00{TOKEN}",
]


def test_an_unknown_org_and_a_wrong_token_look_the_same(
    salesforce: Salesforce, logged: pytest.LogCaptureFixture
) -> None:
    answers = [salesforce.post(message([ANN]), path=path) for path in NOWHERE]
    assert {answer.status_code for answer in answers} == {404}
    assert len({answer.text for answer in answers}) == 1
    assert len({str(sorted(answer.headers.items())) for answer in answers}) == 1
    assert salesforce.pending() == []
    assert "acme: an outbound message was refused: The token is wrong." in logged.text
    nobody_says_the_token(logged)


def test_a_body_is_not_read_for_who_has_no_token(salesforce: Salesforce) -> None:
    def never() -> Iterator[bytes]:
        raise AssertionError("somebody read it")
        yield b""

    # The client hands over the body as it is asked for it.
    answer = salesforce.post(never(), path=NOWHERE[0])  # type: ignore[arg-type]
    assert answer.status_code == 404


@pytest.mark.parametrize("method", ["GET", "PUT", "DELETE", "OPTIONS"])
def test_only_posting_is_a_message(salesforce: Salesforce, method: str) -> None:
    assert salesforce.client.request(method, PATH).status_code == 405
    assert salesforce.client.request(method, NOWHERE[0]).status_code == 404


@pytest.mark.parametrize(
    "content_type", ["application/x-www-form-urlencoded", "text/html", "multipart/form-data", ""]
)
def test_what_a_form_could_send_is_refused(salesforce: Salesforce, content_type: str) -> None:
    found = salesforce.sent(message([ANN]), headers={"Content-Type": content_type})
    assert found == (415, "false")


def test_neither_a_session_nor_a_csrf_token_is_asked_for_or_given(salesforce: Salesforce) -> None:
    answer = salesforce.post(message([ANN]), headers={"Origin": "https://evil.example"})
    assert answer.status_code == 200
    assert "set-cookie" not in answer.headers
    assert answer.headers["cache-control"] == "no-store"


def test_a_large_message_is_refused_before_it_is_read(salesforce: Salesforce) -> None:
    assert salesforce.sent(b" " * 1_000_001) == (413, "false")


def test_a_message_without_a_length_is_read_as_far_as_it_may_go(salesforce: Salesforce) -> None:
    read = 0

    def endless() -> Iterator[bytes]:
        nonlocal read
        for _ in range(100):
            read += 100_000
            yield b" " * 100_000

    found = salesforce.post(endless())  # type: ignore[arg-type]
    assert found.status_code == 413
    chunked = (part.encode() for part in message([ANN]).partition("Body"))
    assert salesforce.post(chunked).status_code == 200  # type: ignore[arg-type]


def test_too_many_are_refused_before_they_are_parsed(
    tmp_path: Path, sqlite_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = salesforce_for(settings_for(sqlite_url, tmp_path, outbound_per_minute=3))
    made.store.arm(ORG, ORGANIZATION, "print-1", "ann")
    for path in NOWHERE:
        made.post("x", path=path)
    assert [made.sent("x")[0] for _ in range(3)] == [400] * 3
    assert made.sent("x") == (429, "false")
    assert made.sent(message([ANN])) == (429, "false")
    made.store.engine.dispose()


HEADER = "X-Client-Certificate"
SUBJECT = "CN=acme.my.salesforce.com,O=Salesforce\\, Inc.,C=US"


@pytest.mark.parametrize(
    ("proxy", "headers", "found"),
    [
        ("testclient", {HEADER: SUBJECT}, (200, "true")),
        ("testclient", {}, (403, "false")),
        ("testclient", {HEADER: ""}, (403, "false")),
        ("testclient", {HEADER: SUBJECT.lower()}, (403, "false")),
        ("testclient", {"X-Other": SUBJECT}, (403, "false")),
        ("10.0.0.1", {HEADER: SUBJECT}, (403, "false")),
        ("10.0.0.1", {HEADER: SUBJECT, "X-Forwarded-For": "10.0.0.1"}, (403, "false")),
    ],
)
def test_a_certificate_counts_only_from_the_proxy(
    tmp_path: Path, sqlite_url: str, proxy: str, headers: dict[str, str], found: tuple[int, str]
) -> None:
    wanted = settings_for(sqlite_url, tmp_path, outbound_client_certificate=SUBJECT)
    made = salesforce_for(wanted, proxy=proxy)
    made.store.arm(ORG, ORGANIZATION, "print-1", "ann")
    assert made.sent(message([ANN]), headers=headers) == found
    assert made.pending() == ([ANN] if found[0] == 200 else [])
    made.store.engine.dispose()


def test_what_came_is_counted(salesforce: Salesforce) -> None:
    salesforce.post(message([ANN, CONTACT]))
    salesforce.post(message([ANN]))
    salesforce.post("<x")
    salesforce.post("", path=NOWHERE[0])
    salesforce.post("", path=f"/outbound/nothere/{TOKEN}")
    found = salesforce.metrics()
    assert found["messages_total", ORG] == 4
    assert found["notifications_total", ORG] == 3
    refused = {name[2]: n for name, n in found.items() if name[0] == "refused_total" and n}
    assert refused == {"odd": 1, "token": 1}
    assert {name[1] for name in found} == {ORG}


def test_nothing_of_a_message_or_its_path_is_ever_logged(
    salesforce: Salesforce, logged: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    salesforce.post(message([ANN]))
    salesforce.post("<hush/>")
    salesforce.post(message([ANN], organization_id="00D5g000004XyZb"))
    salesforce.client.get(PATH)
    salesforce.client.put(PATH, headers={"Origin": "https://evil.example"})
    assert "hush" not in logged.text
    assert "XyZb" not in logged.text
    monkeypatch.setattr(SqlStore, "state", lambda *_: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        salesforce.post(message([ANN]))
    nobody_says_the_token(logged)


def test_a_fault_of_our_own_is_no_acknowledgement_and_shows_nothing(
    settings: object, salesforce: Salesforce, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(SqlStore, "state", lambda *_: 1 / 0)
    quiet = salesforce_for(settings, raise_server_exceptions=False)  # type: ignore[arg-type]
    answer = quiet.post(message([ANN]))
    assert (answer.status_code, answer.text) == (500, "Internal Server Error")
    quiet.store.engine.dispose()


def nobody_says_the_token(logged: pytest.LogCaptureFixture) -> None:
    for record in logged.records:
        line = logging.Formatter().format(record)
        if record.name not in ("httpx", "httpx2"):  # that is the test's own client
            assert TOKEN not in line
            assert TOKEN.upper() not in line


def versions(salesforce: Salesforce) -> dict[str, int]:
    with salesforce.store.engine.begin() as connection:
        rows = connection.exec_driver_sql("SELECT user_id, version FROM pending_user")
        return {row[0]: row[1] for row in rows}


# What nobody should send.

GOOD = message([ANN, BOB])
BOMB = (
    '<?xml version="1.0"?><!DOCTYPE x [<!ENTITY a "0055g">'
    + "".join(f'<!ENTITY {b} "{f"&{a};" * 10}">' for a, b in ("ab", "bc", "cd", "de", "ef", "fg"))
    + "]>"
)
INNER = GOOD.partition("?>")[2]
HOSTILE = {
    "nothing": "",
    "a page": "<!DOCTYPE html><html><body>hello</body></html>",
    "billion laughs": BOMB + INNER.replace(BOB, "&g;"),
    "a file": '<!DOCTYPE x [<!ENTITY a SYSTEM "file:///etc/passwd">]>' + INNER.replace(BOB, "&a;"),
    "a host": '<!DOCTYPE x SYSTEM "http://127.0.0.1:9/x.dtd">' + INNER,
    "a parameter entity": '<!DOCTYPE x [<!ENTITY % a SYSTEM "http://127.0.0.1:9/x"> %a;]>' + INNER,
    "an innocent document type": "<!DOCTYPE x>" + INNER,
    "deep": INNER.replace("<Notification>", "<a>" * 100_000 + "<Notification>", 1),
    "deep and closed": "<a>" * 120_000 + "</a>" * 120_000,
    "wide": "<a>" + "<b/>" * 240_000 + "</a>",
    "many attributes": "<a " + " ".join(f'b{i}="1"' for i in range(60_000)) + "/>",
    "a lie about its encoding": '<?xml version="1.0" encoding="utf-7"?>' + INNER,
    "an encoding of nobody": '<?xml version="1.0" encoding="klingon"?>' + INNER,
    "two bodies": INNER.replace("<soapenv:Body>", "<soapenv:Body/><soapenv:Body>"),
    "two messages": INNER + INNER,
    "two organizations": INNER.replace(
        "<ActionId>", f"<OrganizationId>{ORGANIZATION}</OrganizationId><ActionId>"
    ),
    "no organization": re.sub("<OrganizationId>.*?</OrganizationId>", "", INNER),
    "another namespace": INNER.replace("2005/09/outbound", "2005/09/inbound"),
    "a newer envelope": INNER.replace(
        "schemas.xmlsoap.org/soap/envelope/", "www.w3.org/2003/05/soap-envelope"
    ),
    "no notification's id": INNER.replace(f"<Id>{notification_id(1)}</Id>", ""),
    "an odd notification's id": INNER.replace(notification_id(1), "04l"),
    "two records in one": re.sub("(<sObject.*?</sObject>)", r"\1\1", INNER, count=1),
    "two ids of a record": INNER.replace("<sf:Id>", f"<sf:Id>{CID}</sf:Id><sf:Id>", 1),
    "no id of a record": re.sub("<sf:Id>.*?</sf:Id>", "", INNER),
    "ids of no namespace": INNER.replace("sf:Id", "Id"),
    "an id in pieces": INNER.replace("<soapenv:Body>", "<soapenv:Header/><soapenv:Bodi>").replace(
        "</soapenv:Body>", "</soapenv:Bodi>"
    ),
    "an acknowledgement": '<Ack xmlns="http://soap.sforce.com/2005/09/outbound">true</Ack>',
    "nulls": "\0" * 100_000,
}


@pytest.mark.parametrize("body", HOSTILE.values(), ids=list(HOSTILE))
def test_what_is_no_message_is_refused_quickly(
    salesforce: Salesforce, logged: pytest.LogCaptureFixture, body: str
) -> None:
    assert salesforce.sent(body) == (400, "false")
    assert salesforce.pending() == []
    assert "acme: an outbound message was refused: This is no outbound message." in logged.text


@pytest.fixture
def once(tmp_path: Path, sqlite_url: str) -> Iterator[Salesforce]:
    """One application for all examples; the rate is not what they are about."""
    made = salesforce_for(settings_for(sqlite_url, tmp_path, outbound_per_minute=100_000))
    made.store.arm(ORG, ORGANIZATION, "print-1", "ann")
    yield made
    made.store.engine.dispose()


RAW = GOOD.encode()
PLACES = st.integers(0, len(RAW))
SPLICES = st.tuples(PLACES, PLACES, st.binary(max_size=40))
TAGS = sorted(set(re.findall(r"</?[\w:]+[^>]*>", GOOD)))


@settings(max_examples=300, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(SPLICES, min_size=1, max_size=4))
@example([(0, 0, b"")])
def test_a_damaged_message_is_refused_or_names_whom_it_names(
    once: Salesforce, splices: list[tuple[int, int, bytes]]
) -> None:
    """Bytes anywhere are replaced by others. What still is a message may be acknowledged."""
    body = RAW
    for start, end, new in splices:
        body = body[: min(start, end)] + new + body[max(start, end) :]
    judge(once, body)


@settings(max_examples=150, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(st.tuples(st.sampled_from(TAGS), st.sampled_from(["", *TAGS])), max_size=3))
def test_elements_that_are_missing_or_elsewhere_are_refused_or_harmless(
    once: Salesforce, swaps: list[tuple[str, str]]
) -> None:
    body = GOOD
    for old, new in swaps:
        body = body.replace(old, new, 1)
    judge(once, body.encode())


@settings(max_examples=150, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.one_of(st.binary(max_size=3000), st.text(max_size=3000).map(lambda t: t.encode())))
def test_garbage_is_refused(once: Salesforce, body: bytes) -> None:
    assert once.sent(body) == (400, "false")
    assert once.pending() == []


def judge(salesforce: Salesforce, body: bytes) -> None:
    """Either a refusal without a trace, or rows of users that stand in it, and nothing else."""
    before = everything_else(salesforce)
    status, ack = salesforce.sent(body)
    found = salesforce.pending()
    assert (status, ack) in {(200, "true"), (400, "false"), (403, "false")}
    if status == 200:
        assert body.count(b"<Notification>") == body.count(b"</Notification>") >= 1
        assert ORGANIZATION[:15].encode() in body
        assert all(user[:15].encode() in body for user in found)
    else:
        assert found == []
    assert everything_else(salesforce) == before
    with salesforce.store.engine.begin() as connection:
        connection.exec_driver_sql("DELETE FROM pending_user")


def everything_else(salesforce: Salesforce) -> dict[str, list[tuple[object, ...]]]:
    """All rows of all tables but the one in which looks are asked for, and its counter."""
    with salesforce.store.engine.begin() as connection:
        names = [
            row[0]
            for row in connection.exec_driver_sql(
                "SELECT name FROM sqlite_master WHERE type = 'table'"
            )
            if row[0] not in ("pending_user", "counter")
        ]
        return {
            n: [tuple(r) for r in connection.exec_driver_sql(f'SELECT * FROM "{n}"')] for n in names
        }


def test_a_forged_message_causes_a_look_and_nothing_else(once: Salesforce) -> None:
    """Whoever has the token claims that a user has everything, and may say it a hundred times."""
    flags = "".join(
        f"<sf:{kind}_{name}__c>true</sf:{kind}_{name}__c>"
        for kind in ("Requested", "Effective")
        for name in ("CTI", "Freedom", "SCV")
    )
    before = everything_else(once)
    forged = envelope("".join(notification(ANN, n, more=flags) for n in range(100)))
    assert once.sent(forged) == (200, "true")
    assert once.pending() == [ANN]
    assert everything_else(once) == before
    with once.store.engine.begin() as connection:
        (row,) = connection.exec_driver_sql(
            "SELECT hold, requested, held, run_id, username, actor FROM pending_user"
        )
    assert tuple(row) == ("-", "-", "-", None, "", "")
