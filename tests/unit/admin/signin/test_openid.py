"""Sign-in with Salesforce, end to end over TLS, against the simulated org's own process."""

from __future__ import annotations

import logging
import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from httpx2 import Response
from starlette.testclient import TestClient

from admin.signin.openid import OpenId
from admin.signin.passwords import Passwords
from config.admin import AdminSettings, OpenIdSettings
from config.errors import BadSettings
from config.settings import OrgSettings, Settings
from sync.ports.accounts import EventKind, NewAccount, Role
from sync.store import SqlStore, make_engine
from tests.simulator.running import Simulator
from tests.unit.admin.signin.conftest import make_page

URL = "http://localhost:8477"
COOKIE = "license_sync_session"
WAY = "license_sync_openid"

Browser = Callable[..., TestClient]


@pytest.fixture(scope="module")
def running() -> Iterator[Simulator]:
    simulator = Simulator("--users", "10", "--seed", "7")
    yield simulator
    assert simulator.stop() == 0


@pytest.fixture
def org(running: Simulator) -> Iterator[Simulator]:
    yield running
    running.control("POST", "openid", {"defect": ""})
    running.control("DELETE", "faults")


@pytest.fixture
def people(org: Simulator) -> list[str]:
    """Usernames of ordinary people."""
    users = org.control("GET", "users")["users"]
    return [u["Username"] for u in users if u["Username"].startswith("user0")]


@pytest.fixture
def store(sqlite_url: str) -> Iterator[SqlStore]:
    """With the real clock, by which the simulated org lives too."""
    engine = make_engine(sqlite_url)
    yield SqlStore(engine)
    engine.dispose()


def settings_for(org: Simulator, folder: Path, url: str = URL, **more: Any) -> Settings:
    one = {
        "client_id": org.ready["client_id"],
        "client_secret": org.ready["client_secret"],
        "organization_id": org.ready["organization_id"],
        "ca_file": org.ready["ca_file"],
    } | more
    acme = OrgSettings.model_validate(
        {"login_url": org.ready["url"], "client_id": "sync", "client_secret": "sync"}
    )
    page = AdminSettings(url=url, oidc={"acme": OpenIdSettings.model_validate(one)})
    return Settings(state_dir=folder, orgs={"acme": acme}, admin=page)


@pytest.fixture
def browser(
    org: Simulator, store: SqlStore, passwords: Passwords, tmp_path: Path
) -> Iterator[Browser]:
    opened: list[TestClient] = []

    def open_(url: str = URL, **more: Any) -> TestClient:
        page = make_page(settings_for(org, tmp_path, url, **more), store, passwords)
        made = TestClient(page, base_url=url, follow_redirects=False, client=("192.0.2.1", 1))
        opened.append(made)
        return made

    yield open_
    for one in opened:
        one.close()


def go(browser: TestClient, wanted: str = "") -> str:
    """To Salesforce: the address that the browser is sent to."""
    answer = browser.get("/login/acme", params={"next": wanted} if wanted else {})
    assert answer.status_code == 302, answer.text
    return answer.headers["location"]


def allow(org: Simulator, address: str, username: str) -> str:
    """Salesforce lets somebody in: the address that the browser is sent back to."""
    answer = org.anyone.get(f"{address}&login_hint={username}", allow_redirects=False, timeout=30)
    assert answer.status_code == 302, answer.text
    return str(answer.headers["location"])


def sign_in(browser: TestClient, org: Simulator, username: str, wanted: str = "") -> Response:
    return browser.get(allow(org, go(browser, wanted), username))


def alert(response: Response) -> str:
    assert response.status_code == 403
    assert COOKIE not in response.headers.get("set-cookie", "").replace(WAY, "")
    found = re.search(r'role="alert">([^<]*)<', response.text)
    assert found, response.text
    return found[1]


def test_an_admin_of_the_org_is_one_here(browser: Browser, org: Simulator, store: SqlStore) -> None:
    page, name = browser(), org.ready["admin_username"]
    assert "Sign in with the org acme" in page.get("/login").text
    answer = sign_in(page, org, name, "/conflicts?x=1")
    assert (answer.status_code, answer.headers["location"]) == (303, "/conflicts?x=1")
    assert page.get("/").text == f"{name}: admin"
    assert WAY not in page.cookies
    account = store.account(name)
    assert (account.role, account.orgs) == (Role.ADMIN, {"acme"})
    assert account.subject is not None
    assert org.ready["organization_id"] in account.subject
    assert [e.kind for e in store.account_events()] == [EventKind.SIGNED_IN, EventKind.CREATED]


def test_the_way_there_is_proven_by_state_nonce_and_pkce(browser: Browser, org: Simulator) -> None:
    page = browser()
    address = urlsplit(go(page))
    asked = {name: values[0] for name, values in parse_qs(address.query).items()}
    assert f"{address.scheme}://{address.netloc}" == org.ready["url"]
    assert asked["redirect_uri"] == f"{URL}/login/acme/callback"
    assert asked["code_challenge_method"] == "S256"
    assert asked["scope"] == "openid id profile custom_permissions"
    assert all(len(asked[name]) >= 20 for name in ("state", "nonce", "code_challenge"))
    assert org.ready["client_secret"] not in address.query


def test_roles_come_by_permission_and_by_attribute(
    browser: Browser, org: Simulator, people: list[str]
) -> None:
    looker, boss = people[0], people[1]
    org.control(
        "POST", "openid", {"user": looker, "custom_permissions": {"License_Sync_Viewer": True}}
    )
    org.control("POST", "openid", {"user": boss, "custom_attributes": {"role": "boss"}})
    page = browser(admin="role=boss")
    sign_in(page, org, looker)
    assert page.get("/").text == f"{looker}: viewer"
    sign_in(page, org, boss)
    assert page.get("/").text == f"{boss}: admin"


def test_who_loses_the_permission_loses_the_role_at_the_next_sign_in(
    browser: Browser, org: Simulator, people: list[str]
) -> None:
    name = people[2]
    held = {"License_Sync_Admin": True, "License_Sync_Viewer": True}
    org.control("POST", "openid", {"user": name, "custom_permissions": held})
    first, second = browser(), browser()
    sign_in(first, org, name)
    held["License_Sync_Admin"] = False
    org.control("POST", "openid", {"user": name, "custom_permissions": held})
    sign_in(second, org, name)
    assert second.get("/").text == f"{name}: viewer"
    assert first.get("/").status_code == 303, "a session of the old role went on"


def test_who_has_no_role_is_told_what_to_ask_for(
    browser: Browser, org: Simulator, people: list[str], store: SqlStore
) -> None:
    said = alert(sign_in(browser(), org, people[5]))
    assert said == (
        "Nothing in acme lets you see this page: ask its admin for the permission "
        "License_Sync_Viewer."
    )
    assert store.accounts() == []
    [event] = store.account_events()
    assert (event.kind, event.detail) == (EventKind.REFUSED, f"no role for {people[5]}")


def test_another_org_is_refused(browser: Browser, org: Simulator) -> None:
    page = browser(organization_id="00D5g000004XyZaEAK")
    said = alert(sign_in(page, org, org.ready["admin_username"]))
    assert said.startswith("acme is another Salesforce org now")


@pytest.mark.parametrize(
    "defect",
    [
        "signature",
        "issuer",
        "audience",
        "nonce",
        "expired",
        "no_id_token",
        "other_subject",
        "algorithm",
    ],
)
def test_an_answer_that_proves_nothing_lets_nobody_in(
    browser: Browser,
    org: Simulator,
    store: SqlStore,
    caplog: pytest.LogCaptureFixture,
    defect: str,
) -> None:
    org.control("POST", "openid", {"defect": defect})
    page = browser()
    with caplog.at_level(logging.WARNING, "admin"):
        said = alert(sign_in(page, org, org.ready["admin_username"]))
    assert said == "Salesforce (acme) gave an answer that proves nothing: try again."
    assert "sign-in with acme failed" in caplog.text
    assert page.get("/").status_code == 303
    assert store.accounts() == []


def test_who_says_no_over_there_is_told_so(browser: Browser, org: Simulator) -> None:
    page = browser()
    answer = org.anyone.get(f"{go(page)}&deny=1", allow_redirects=False, timeout=30)
    said = alert(page.get(answer.headers["location"]))
    assert said == "Salesforce (acme) did not let you in: try again, or ask its admin."


def test_what_an_error_says_is_not_repeated(browser: Browser, org: Simulator) -> None:
    page = browser()
    go(page)
    answer = page.get("/login/acme/callback?error=x&error_description=Call+555-0100+now")
    assert "555" not in alert(answer)


def test_a_way_back_is_good_for_once(browser: Browser, org: Simulator) -> None:
    page = browser()
    back = allow(org, go(page), org.ready["admin_username"])
    way = page.cookies[WAY]
    assert page.get(back).status_code == 303
    assert "began elsewhere" in alert(page.get(back))
    page.cookies.set(WAY, way)
    assert "refused the sign-in" in alert(page.get(back)), "a code was good for twice"


def test_a_way_back_is_for_the_browser_that_went(browser: Browser, org: Simulator) -> None:
    """Nobody is signed in as somebody else by a link."""
    back = allow(org, go(browser()), org.ready["admin_username"])
    victim = browser()
    assert "began elsewhere" in alert(victim.get(back))
    go(victim)
    assert alert(victim.get(back))
    assert victim.get("/").status_code == 303


@pytest.mark.parametrize("cookie", ["", "x", "eyJ4Ijoge319.x.y"])
def test_a_made_up_way_is_none(browser: Browser, cookie: str) -> None:
    page = browser()
    page.cookies.set(WAY, cookie)
    assert "began elsewhere" in alert(page.get("/login/acme/callback?code=x&state=y"))


def test_after_signing_in_one_is_on_a_page_of_ours(browser: Browser, org: Simulator) -> None:
    answer = sign_in(browser(), org, org.ready["admin_username"], "https://evil.example/")
    assert answer.headers["location"] == "/"


def test_over_tls_both_cookies_are_bound_to_it(browser: Browser, org: Simulator) -> None:
    page = browser("https://sync.acme.example")
    there = page.get("/login/acme")
    assert there.headers["set-cookie"].startswith(f"__Host-{WAY}=")
    assert there.headers["set-cookie"].endswith("; Secure")
    answer = page.get(allow(org, there.headers["location"], org.ready["admin_username"]))
    assert f"__Host-{COOKIE}=" in answer.headers["set-cookie"]


def test_a_wrong_secret_is_a_sentence(browser: Browser, org: Simulator) -> None:
    said = alert(sign_in(browser(client_secret="wrong"), org, org.ready["admin_username"]))
    assert said == "Salesforce (acme) refused the sign-in: try again, or ask its admin."


@pytest.mark.parametrize("kind", ["html_503", "truncated_json", "cut_before"])
def test_an_org_that_does_not_answer_is_a_sentence(
    browser: Browser, org: Simulator, kind: str
) -> None:
    org.fault(kind, match={"path": "openid-configuration", "user": "any"})
    page = browser()
    assert alert(page.get("/login/acme")) == "Salesforce (acme) cannot be asked: try again later."
    org.control("DELETE", "faults")
    assert sign_in(page, org, org.ready["admin_username"]).status_code == 303


@pytest.mark.parametrize("path", ["/oauth2/token", "/id/keys", "/oauth2/userinfo"])
@pytest.mark.parametrize("kind", ["html_503", "truncated_json", "cut_before"])
def test_an_org_that_stops_answering_on_the_way_lets_nobody_in(
    browser: Browser, org: Simulator, kind: str, path: str
) -> None:
    page = browser()
    back = allow(org, go(page), org.ready["admin_username"])
    org.fault(kind, match={"path": path, "user": "any"})
    assert "gave an answer that proves nothing: try again" in alert(page.get(back))
    org.control("DELETE", "faults")
    assert sign_in(page, org, org.ready["admin_username"]).status_code == 303


def test_an_org_that_is_not_who_it_should_be(browser: Browser, org: Simulator) -> None:
    """Its certificate is signed by nobody that is known."""
    answer = browser(ca_file=None).get("/login/acme")
    assert "cannot be asked" in alert(answer)


def test_a_disabled_account_stays_out(browser: Browser, org: Simulator, store: SqlStore) -> None:
    page, name = browser(), org.ready["admin_username"]
    sign_in(page, org, name)
    store.disable(name, "root")
    assert "account is disabled" in alert(sign_in(page, org, name))
    assert store.account_events(1)[0].kind is EventKind.REFUSED


def test_a_local_account_is_nobodys_in_salesforce(
    browser: Browser, org: Simulator, store: SqlStore
) -> None:
    name = org.ready["admin_username"]
    store.create_account(NewAccount(name, Role.ADMIN, None, "x"), "root")
    assert "another account" in alert(sign_in(browser(), org, name))


@pytest.mark.parametrize("content", ["", "\n"])
def test_a_secret_file_that_holds_none_is_said(
    org: Simulator, tmp_path: Path, content: str
) -> None:
    file = tmp_path / "secret"
    file.write_text(content)
    settings = settings_for(org, tmp_path, client_secret=None, client_secret_file=str(file))
    with pytest.raises(BadSettings, match="ACME__CLIENT_SECRET_FILE: holds no text"):
        OpenId(settings, "k" * 32)
