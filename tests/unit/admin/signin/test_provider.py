"""Signing in and out as a browser does it."""

import logging
import re

import pytest
from httpx2 import Response
from starlette.testclient import TestClient

from sync.ports.accounts import EventKind, Role
from sync.store import SqlStore
from tests.contract.store.scene import Clock
from tests.unit.admin.signin.conftest import PASSWORD, Page

COOKIE = "license_sync_session"


def token_of(browser: TestClient, path: str = "/login") -> str:
    found = re.search(r'name="csrftoken" value="([^"]+)"', browser.get(path).text)
    assert found, "the form has no CSRF token"
    return found[1]


def sign_in(
    browser: TestClient, name: str = "ada", password: str = PASSWORD, wanted: str = ""
) -> Response:
    form = {"name": name, "password": password, "next": wanted, "csrftoken": token_of(browser)}
    return browser.post("/login", data=form)


def sign_out(browser: TestClient, token: str) -> Response:
    return browser.post("/logout", headers={"X-CSRFToken": token})


def alert(response: Response) -> str:
    found = re.search(r'role="alert">([^<]*)<', response.text)
    assert found, response.text
    return found[1]


def test_a_stranger_is_sent_to_the_login_page(page: Page) -> None:
    answer = page().get("/?x=1")
    assert answer.status_code == 303
    assert answer.headers["location"].startswith("http://localhost:8477/login?next=")


def test_in_and_out(page: Page, store: SqlStore) -> None:
    browser = page()
    token = token_of(browser)
    answer = sign_in(browser)
    assert (answer.status_code, answer.headers["location"]) == (303, "/")
    assert browser.get("/").text == "Ada: admin"
    assert browser.get("/login").headers["location"] == "/"
    answer = sign_out(browser, token)
    assert (answer.status_code, answer.headers["location"]) == (303, "/login")
    assert COOKIE not in browser.cookies
    assert browser.get("/").status_code == 303
    kinds = [event.kind for event in store.account_events(2)]
    assert kinds == [EventKind.SIGNED_OUT, EventKind.SIGNED_IN]


def test_the_cookie_is_the_browsers_alone(page: Page) -> None:
    cookie = sign_in(page()).headers["set-cookie"]
    assert re.fullmatch(rf"{COOKIE}=[\w-]{{43}}; HttpOnly; Path=/; SameSite=lax", cookie)


def test_over_tls_the_cookie_is_bound_to_it(page: Page) -> None:
    browser = page("https://sync.acme.example")
    cookie = sign_in(browser).headers["set-cookie"]
    assert cookie.startswith("__Host-license_sync_session=")
    assert cookie.endswith("; HttpOnly; Path=/; SameSite=lax; Secure")
    assert browser.get("/").text == "Ada: admin"


def test_the_database_holds_no_session_id(page: Page, store: SqlStore) -> None:
    browser = page()
    sign_in(browser)
    with store.reading() as connection:
        kept = connection.exec_driver_sql("SELECT * FROM session").all()
    assert len(kept) == 1
    assert browser.cookies[COOKIE] not in str(kept)


def test_an_old_cookie_is_refused_and_that_is_logged(
    page: Page, caplog: pytest.LogCaptureFixture
) -> None:
    browser, thief = page(), page(address="203.0.113.9")
    token = token_of(browser)
    sign_in(browser)
    stolen = browser.cookies[COOKIE]
    thief.cookies.set(COOKIE, stolen)
    assert thief.get("/").text == "Ada: admin"
    sign_out(browser, token)
    with caplog.at_level(logging.WARNING, "admin"):
        assert thief.get("/").status_code == 303
    assert "was refused (signed out), from 203.0.113.9" in caplog.text
    assert stolen not in caplog.text


@pytest.mark.parametrize("made_up", ["x" * 43, "x", "' OR 1=1 --", "../../etc"])
def test_a_cookie_that_was_never_given_is_refused(page: Page, made_up: str) -> None:
    browser = page()
    assert browser.get("/", headers={"Cookie": f"{COOKIE}={made_up}"}).status_code == 303


def test_a_session_is_new_at_each_sign_in_and_the_old_one_over(page: Page) -> None:
    browser, other = page(), page()
    browser.cookies.set(COOKIE, "f" * 43)
    sign_in(browser)
    first = next(c.value for c in browser.cookies.jar if c.name == COOKIE and c.value != "f" * 43)
    assert first is not None
    browser.cookies.clear()
    browser.cookies.set(COOKIE, first)
    form = {"name": "ada", "password": PASSWORD}
    other_token = token_of(other)
    answer = other.post(
        "/login", data=form | {"csrftoken": other_token}, headers={"Cookie": _jar(other, first)}
    )
    second = re.search(rf"{COOKIE}=([\w-]+)", answer.headers["set-cookie"])
    assert second
    assert second[1] != first
    assert browser.get("/").status_code == 303, "the first session went on"


def _jar(browser: TestClient, session: str) -> str:
    csrf = browser.cookies["starlette_admin_csrftoken"]
    return f"starlette_admin_csrftoken={csrf}; {COOKIE}={session}"


@pytest.mark.parametrize(
    ("name", "password"), [("ada", "wrong"), ("nobody", PASSWORD), ("", ""), ("\x00", "\udcff")]
)
def test_a_wrong_password_and_a_wrong_name_are_told_alike(
    page: Page, name: str, password: str
) -> None:
    password = password.encode("utf-8", "replace").decode()
    answer = sign_in(page(), name, password)
    assert answer.status_code == 403
    assert alert(answer) == "Name or password is wrong: try again."
    assert "set-cookie" not in answer.headers


def test_what_was_typed_is_not_shown_again(page: Page) -> None:
    answer = sign_in(page(), "<script>alert(1)</script>", "wrong", '"><script>')
    assert "<script>" not in answer.text


def test_a_form_without_the_token_signs_nobody_in(page: Page) -> None:
    browser = page()
    answer = browser.post("/login", data={"name": "ada", "password": PASSWORD})
    assert answer.status_code == 403
    assert COOKIE not in browser.cookies


def test_a_link_signs_nobody_out(page: Page) -> None:
    browser = page()
    sign_in(browser)
    assert browser.get("/logout").status_code == 405
    assert browser.post("/logout").status_code == 403
    assert browser.get("/").text == "Ada: admin"


def test_who_fails_often_waits(page: Page, clock: Clock) -> None:
    browser = page()
    for _ in range(5):
        assert sign_in(browser, "ada", "wrong").status_code == 403
    answer = sign_in(browser)
    assert answer.status_code == 429
    assert alert(answer) == ("Too many failed sign-ins: try again in 15 seconds, at 12:00:15 UTC.")
    assert sign_in(page(address="192.0.2.77")).status_code == 303, "a stranger locked Ada out"
    clock.pass_(15)
    assert sign_in(browser).status_code == 303


@pytest.mark.parametrize(
    ("wanted", "place"),
    [
        ("/conflicts?org=acme", "/conflicts?org=acme"),
        ("http://localhost:8477/users/1", "/users/1"),
        ("https://evil.example/", "/"),
        ("//evil.example", "/"),
        ("/\\evil.example", "/"),
        ("/\t/evil.example", "/"),
        ("http://localhost:8477@evil.example/", "/"),
        ("javascript:alert(1)", "/"),
        ("/login?next=/login", "/"),
    ],
)
def test_after_signing_in_one_is_on_a_page_of_ours(page: Page, wanted: str, place: str) -> None:
    assert sign_in(page(), wanted=wanted).headers["location"] == place


def test_a_disabled_account_is_out_at_once(page: Page, store: SqlStore) -> None:
    browser = page()
    sign_in(browser)
    store.disable("ada", "root")
    assert browser.get("/").status_code == 303
    answer = sign_in(browser)
    assert alert(answer) == "This account is disabled: ask whoever runs license-sync."
    assert alert(sign_in(browser, "ada", "wrong")) == "Name or password is wrong: try again."


def test_a_role_that_changed_needs_a_new_sign_in(page: Page, store: SqlStore) -> None:
    browser = page()
    sign_in(browser)
    store.set_role("ada", Role.VIEWER, None, "root")
    assert browser.get("/").status_code == 303
    sign_in(browser)
    assert browser.get("/").text == "Ada: viewer"


def test_the_login_page_is_not_kept_and_names_its_fields(page: Page) -> None:
    answer = page().get("/login")
    assert answer.headers["cache-control"] == "no-store"
    for field in ("name", "password"):
        assert f'<label for="{field}">' in answer.text
        assert f'id="{field}"' in answer.text
    assert not re.search(r"<script|<style|style=|on\w+=", answer.text)


def test_there_is_no_sign_in_with_an_org_that_has_none(page: Page) -> None:
    answer = page().get("/login/acme")
    assert answer.status_code == 403
    assert "no sign-in with this org" in alert(answer)
    assert "Or with Salesforce" not in answer.text
