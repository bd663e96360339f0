"""What no database takes and nobody means is refused as what it is, and never fails."""

import base64
import json

import pytest

from tests.contract.store.scene import ANN, ORG
from tests.unit.admin.api.conftest import Api, Filled


@pytest.fixture
def database(database_url: str) -> str:
    """Both kinds: they are odd in different ways."""
    return database_url


LISTINGS = ("/conflicts", "/users", "/parked", "/history", "/runs", "/runs/1/items")

JSON = {"Content-Type": "application/json"}


NUMBERS = ["0", "-1", str(2**53 + 1), str(2**63), str(2**64), "9" * 5000, "1.5", "a", "%00"]


def test_numbers_beyond_the_database(api: Api, filled: Filled) -> None:
    for number in NUMBERS:
        for path in (f"/conflicts/{number}", f"/runs/{number}", f"/runs/{number}/items"):
            api.refused("GET", path, 422)
        api.refused("POST", f"/conflicts/{number}/look-again", 422)
        api.refused("GET", "/history", 422, params={"run_id": number})


ORGS = ["a%00", "%2A", "A", "é", "x" * 41, "%ED%A0%80", "%F0%9F%92%A9"]


def test_names_that_no_org_has(api: Api, filled: Filled) -> None:
    for org in ORGS:
        api.refused("POST", f"/orgs/{org}/pause", 422)
        api.refused("GET", f"/users/{org}/{ANN}", 422)
        api.refused("GET", f"/conflicts?org={org}", 422)


USER_IDS = ["a%00", "005", ANN[:15], ANN + "A", "%ED%A0%80" * 18, ANN.lower()]


def test_ids_that_no_user_has(api: Api, filled: Filled) -> None:
    for user_id in USER_IDS:
        api.refused("GET", f"/users/{ORG}/{user_id}", 422)
        api.refused("GET", f"/history?user_id={user_id}", 422)


UNUSABLE = ["\x00", "a\x00b", "x" * 256]


def test_texts_that_no_database_takes(api: Api, filled: Filled) -> None:
    for text in UNUSABLE:
        for path in ("/conflicts", "/users", "/parked", "/history", f"/runs/{filled.plan}/items"):
            api.refused("GET", path, 422, params={"search": text})
        api.refused("GET", "/history", 422, params={"actor": text})
        api.refused("GET", "/conflicts", 422, params={"code": text})


ODD = ["%", "_", "'", "\\", "\u202e", "İ", "ẞ", "=cmd()", "<script>", "💩"]


def test_odd_texts_find_nobody(api: Api, filled: Filled) -> None:
    for text in ODD:
        for path in ("/conflicts", "/users", "/parked", "/history", f"/runs/{filled.plan}/items"):
            assert api.get(path, search=text)["rows"] == []


NO_TIMES = [
        "yesterday", "", "2026-11-24", "2026-11-24T14:00:00", "2026-13-01T00:00:00Z",
        "0001-01-01T00:00:00+14:00", "9999-12-31T23:59:59-14:00", "1e400", "0", "NaN", "\x00",
        "2026-11-24T14:00:60Z", "99999-01-01T00:00:00Z",
    ]  # fmt: skip


def test_odd_times(api: Api, filled: Filled) -> None:
    for time in NO_TIMES:
        for path, name in (
            ("conflicts", "opened_before"),
            ("history", "since"),
            ("history", "until"),
        ):
            api.refused("GET", f"/{path}", 422, params={name: time})


ENDS = ["0001-01-01T00:00:00Z", "9999-12-31T23:59:59.999999Z"]


def test_the_ends_of_the_calendar(api: Api, filled: Filled) -> None:
    for time in ENDS:
        api.get("/history", since=time, until=time)
        api.get("/conflicts", opened_before=time)


def mark(*values: object) -> str:
    return base64.urlsafe_b64encode(json.dumps(values).encode()).decode().rstrip("=")


MARKS = [
        "x", "é", "%", "null", mark(), mark(None), mark(2**64), mark("\ud800", 1), mark("\x00", 1),
        mark("a", "b", "c", "d"),
        mark(["a"]), mark({"a": 1}), mark(1.5), mark(True), "W" * 1999, "[" * 1999,
        base64.b64encode(b"[" * 1400).decode(),
    ]  # fmt: skip


def test_marks_that_no_listing_gave(api: Api, filled: Filled) -> None:
    for said in MARKS:
        for path in LISTINGS:
            assert api.ask("GET", path, params={"after": said}).status_code in (404, 422)
            api.refused("GET", path, 422, params={"after": "x" * 2001})


def test_marks_of_other_listings_fail_nowhere(api: Api, filled: Filled) -> None:
    for said in (mark("0001-01-01T00:00:00+14:00", ORG, ANN), mark(1), mark("ann", ORG, ANN)):
        for path in LISTINGS:
            assert api.ask("GET", path, params={"after": said}).status_code in (200, 404)


LIMITS = ["0", "-1", "201", str(2**70), "x"]


def test_pages_of_another_length(api: Api, filled: Filled) -> None:
    for limit in LIMITS:
        for path in LISTINGS:
            api.refused("GET", path, 422, params={"limit": limit})


def test_a_misspelled_filter_is_said_and_not_left_out(api: Api, filled: Filled) -> None:
    said = api.refused("GET", "/conflicts", 422, params={"licenses_": "SCV"})
    assert "licenses_ in the query" in said


def test_what_can_be_said_once_is_not_said_twice(api: Api, filled: Filled) -> None:
    said = api.refused("GET", f"/conflicts?org={ORG}&org=beta", 422)
    assert "org in the query cannot be used: say it once" in said
    api.refused("GET", f"/runs/{filled.plan}/items?limit=1&limit=2", 422)
    api.refused("GET", "/status?a=1&a=2", 422)
    api.get("/conflicts?status=open&status=resolved")


BODIES = [
        b"", b"{", b"null", b"[]", b'"x"', b"\xff\xfe", b'{"note": "\\ud800"}', b'{"note": null}',
        b'{"note": "\\u0000"}', b'{"note": 1}', b'{"note": "x", "more": 1}', b'{"\\ud800": 1}',
        b"[" * 100_000, b"1" * 100_000, b'{"note": "' + b"x" * 1001 + b'"}', b"NaN",
    ]  # fmt: skip


def test_bodies_that_say_nothing(api: Api, filled: Filled) -> None:
    for body in BODIES:
        path = f"/conflicts/{filled.conflict}/dismiss"
        answer = api.ask("POST", path, content=body, headers=JSON)
        assert answer.status_code in (400, 422)
        assert answer.json()["error"]["message"].endswith(".")


FORM_TYPES = ["text/plain", "application/x-www-form-urlencoded", ""]


def test_what_a_form_of_another_site_could_send_is_not_taken(api: Api, filled: Filled) -> None:
    for type_ in FORM_TYPES:
        path = f"/conflicts/{filled.conflict}/dismiss"
        answer = api.ask("POST", path, content=b'{"note": "x"}', headers={"Content-Type": type_})
        assert answer.status_code == 422


NO_RUNS = [
    {"user_ids": [ANN] * 2001},
    {"user_ids": ["x"]},
    {"user_ids": [None]},
    {"user_ids": ANN},
    {"plan": "perhaps"},
    {"plan": None},
]


def test_runs_over_nobody_that_there_can_be(api: Api, filled: Filled) -> None:
    for body in NO_RUNS:
        api.refused("POST", f"/orgs/{ORG}/reconcile", 422, json=body)
