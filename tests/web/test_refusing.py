"""Requests that no page sends: made by hand, refused, and logged."""

import re

import pytest
import requests

from admin.signin.passwords import Passwords
from sync.ports.accounts import NewAccount, Role
from sync.store import SqlStore, make_engine
from tests.e2e.harness import Program, Salesforce
from tests.web.scenes import open_conflicts
from tests.web.site import Site, password

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(300)]

COOKIE = re.compile(r"license_sync_session")


def token_of(text: str) -> str:
    found = re.search(r'name="csrftoken" value="([^"]+)"', text)
    assert found
    return found[1]


def signed_in(site: Site, name: str) -> requests.Session:
    session = requests.Session()
    page = session.get(f"{site.url}/login", timeout=10).text
    form = {"name": name, "password": password(name), "csrftoken": token_of(page)}
    answer = session.post(f"{site.url}/login", data=form, timeout=30)
    assert answer.ok
    assert "Sign out" in answer.text
    return session


def decide(
    site: Site, session: requests.Session, entry: int, token: str | None = None, **headers: str
) -> requests.Response:
    form = {"keep": "Freedom"}
    if token is not None:
        form["csrftoken"] = token
    return session.post(
        f"{site.url}/conflicts/{entry}/resolve",
        data=form,
        headers=headers,
        timeout=10,
        allow_redirects=False,
    )


def is_open(made: Program, entry: int) -> bool:
    rows = made.json("conflicts", "list", "--json")
    return any(row["id"] == entry and row["status"] == "open" for row in rows)


def test_what_is_made_by_hand_is_refused_and_logged(
    site: Site, made: Program, org: Salesforce
) -> None:
    ((_, entry),) = open_conflicts(made, org).items()
    admin, viewer = signed_in(site, "admin"), signed_in(site, "viewer")
    token = token_of(admin.get(f"{site.url}/conflicts/{entry}", timeout=10).text)

    assert decide(site, admin, entry).status_code == 403
    assert decide(site, admin, entry, "forged").status_code == 403
    foreign = decide(site, admin, entry, token, Origin="https://evil.example")
    assert foreign.status_code == 403
    viewers = token_of(viewer.get(f"{site.url}/conflicts/{entry}", timeout=10).text)
    assert decide(site, viewer, entry, viewers).status_code == 403
    nobody = decide(site, requests.Session(), entry, token)
    assert nobody.status_code in (303, 403)
    assert is_open(made, entry)
    log = made.log()
    assert "refused 'viewer'" in log
    assert "another site" in log


def test_an_old_cookie_opens_nothing(site: Site, made: Program) -> None:
    session = signed_in(site, "admin")
    stolen = session.cookies.copy()
    page = session.get(f"{site.url}/", timeout=10).text
    session.post(f"{site.url}/logout", data={"csrftoken": token_of(page)}, timeout=10)
    thief = requests.Session()
    thief.cookies = stolen
    answer = thief.get(f"{site.url}/", timeout=10, allow_redirects=False)
    assert answer.status_code == 303
    assert "/login" in answer.headers["location"]
    for cookie in stolen:
        if COOKIE.search(cookie.name):
            assert str(cookie.value) not in made.log()


def test_an_admin_of_another_org_reaches_nothing(
    site: Site, made: Program, org: Salesforce
) -> None:
    ((user_id, entry),) = open_conflicts(made, org).items()
    stranger = NewAccount(
        "stranger", Role.ADMIN, frozenset({"elsewhere"}), Passwords().hash(password("stranger"))
    )
    SqlStore(make_engine(f"sqlite:///{made.database()}")).create_account(stranger, "test")
    session = signed_in(site, "stranger")
    token = token_of(session.get(f"{site.url}/", timeout=10).text)
    for path in (f"/conflicts/{entry}", f"/users/acme/{user_id}", "/orgs/acme"):
        assert session.get(f"{site.url}{path}", timeout=10).status_code == 403
    assert decide(site, session, entry, token).status_code == 403
    for path in ("/conflicts", "/users", "/history", "/parked", "/runs", "/conflicts/csv"):
        assert user_id not in session.get(f"{site.url}{path}", timeout=10).text
    assert is_open(made, entry)
    assert "refused 'stranger'" in made.log()


def test_every_cookie_is_out_of_reach(site: Site) -> None:
    session = signed_in(site, "admin")
    assert session.cookies
    for cookie in session.cookies:
        assert cookie.has_nonstandard_attr("HttpOnly")
        assert cookie.get_nonstandard_attr("SameSite") in ("lax", "Lax", "Strict", "strict")
