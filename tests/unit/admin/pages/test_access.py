"""Tokens and accounts on the page."""

import re

from admin.signin.tokens import authenticator
from sync.ports.accounts import NewAccount, Role
from tests.contract.store.scene import Scene
from tests.unit.admin.conftest import OTHER, VIEWER, Site

TOKEN = re.compile(r"lsync_[\w-]{43}")


def make(site: Site, **fields: object) -> str:
    site.client.get("/login")
    token = site.client.cookies["starlette_admin_csrftoken"]
    answer = site.client.post("/access/tokens/make", data={"csrftoken": token, **fields})
    return answer.text


def test_a_token_is_shown_once_and_works_until_it_is_revoked(site: Site, scene: Scene) -> None:
    scene.store.create_account(NewAccount("ada", Role.ADMIN), "root")
    (shown,) = TOKEN.findall(make(site, name="ci", role="viewer", org="acme"))
    who = authenticator(scene.store)(shown)
    assert who is not None
    assert (who.role, who.orgs) == (Role.VIEWER, frozenset({"acme"}))
    page = site.get("/access")
    assert "ci" in page
    assert not TOKEN.search(page)
    (token,) = scene.store.tokens()
    assert site.post("/access/tokens/revoke", id=token.id) == 303
    assert authenticator(scene.store)(shown) is None
    assert "revoked" in site.get("/access")


def test_a_token_reaches_no_org_that_its_maker_does_not(site: Site, scene: Scene) -> None:
    scene.store.create_account(NewAccount("otto", Role.ADMIN, frozenset({"beta"})), "root")
    site.provider.person = OTHER
    assert not TOKEN.search(make(site, name="ci", role="admin", org="acme"))
    (shown,) = TOKEN.findall(make(site, name="ci", role="admin"))
    who = authenticator(scene.store)(shown)
    assert who is not None
    assert who.orgs == frozenset({"beta"})


def test_another_orgs_admin_neither_sees_nor_revokes_a_token(site: Site, scene: Scene) -> None:
    scene.store.create_account(NewAccount("ada", Role.ADMIN), "root")
    make(site, name="secretive", role="admin", org="acme")
    (token,) = scene.store.tokens()
    site.provider.person = OTHER
    assert "secretive" not in site.get("/access")
    assert site.post("/access/tokens/revoke", id=token.id) == 403
    assert scene.store.tokens()[0].revoked_at is None


def test_a_viewer_sees_no_account_and_makes_no_token(site: Site, scene: Scene) -> None:
    scene.store.create_account(NewAccount("harriet", Role.ADMIN), "root")
    site.provider.person = VIEWER
    page = site.get("/access")
    assert "harriet" not in page
    assert "Make a token" not in page
    assert site.post("/access/tokens/make", name="x") == 403


def test_an_admin_of_every_org_sees_accounts_and_what_happened(site: Site, scene: Scene) -> None:
    scene.store.create_account(NewAccount("<b>bold</b>", Role.VIEWER), "root")
    page = site.get("/access")
    assert "&lt;b&gt;bold" in page
    assert "created" in page
