"""Every page and every change of the site, whatever there will be: who gets through to them."""

import re

import pytest
from starlette.requests import Request
from starlette.routing import Route

from admin.access import SignedIn
from sync.errors import StoreUnavailable
from sync.ports.accounts import Role
from sync.ports.runs import RunKind
from sync.ports.settling import OutcomeKind
from sync.store import SqlStore
from tests.contract.store.scene import ANN, BOB, ORG, PRINT, Scene
from tests.fakes.records import a_record
from tests.unit.admin.conftest import OTHER, VIEWER, Site

OURS = re.compile(r"^/(conflicts|users|runs|orgs|parked|history|alerts|access)?(/|$)")


def paths(site: Site, method: str) -> list[str]:
    """The paths of our pages, filled with what the scene has."""
    mounted = next(r for r in site.client.app.routes if getattr(r, "name", "") == "admin")  # type: ignore[attr-defined]
    found = []
    for route in mounted.routes:
        if (
            isinstance(route, Route)
            and route.path != "/orgs"
            and OURS.match(route.path)
            and method in (route.methods or ())
        ):
            path = re.sub(r"\{id(:int)?\}", "1", route.path)
            found.append(path.replace("{org}", ORG).replace("{user_id}", ANN))
    return sorted(path for path in set(found) if "{" not in path)


@pytest.fixture
def full(scene: Scene) -> Scene:
    """Something of everything, each with the number 1."""
    scene.open(ANN)
    scene.store.remember(ORG, [a_record(ANN)])
    scene.notice(BOB)
    scene.book(scene.claim(), OutcomeKind.PARKED, code="x", reason="y")
    scene.store.create_run(ORG, RunKind.PLAN, PRINT, "ann")
    return scene


def test_the_site_has_the_pages_and_changes_that_this_looks_at(site: Site) -> None:
    assert len(paths(site, "GET")) >= 15
    assert len(paths(site, "POST")) >= 18


def test_every_page_answers(site: Site, full: Scene) -> None:
    for path in paths(site, "GET"):
        assert site.status(path) == 200, path


def test_a_viewer_reaches_every_page_and_no_change(site: Site, full: Scene) -> None:
    site.provider.person = VIEWER
    for path in paths(site, "GET"):
        assert site.status(path) == 200, path
    for path in paths(site, "POST"):
        assert site.post(path, keep="SCV", note="x", kind="plan", org=ORG) == 403, path


def test_without_a_token_no_change_is_reached(site: Site, full: Scene) -> None:
    for path in paths(site, "POST"):
        assert site.post(path, token=False) == 403, path


def test_another_orgs_admin_reaches_nothing_of_this_org(site: Site, full: Scene) -> None:
    site.provider.person = OTHER
    for path in paths(site, "GET"):
        of_this_org = ORG in path or path.endswith("/1") or "/1/" in path
        answer = site.client.get(path)
        assert answer.status_code == (403 if of_this_org else 200), path
        assert ANN not in answer.text, path
        assert BOB not in answer.text, path
    for path in paths(site, "POST"):
        if ORG in path or "/1/" in path:
            assert site.post(path, keep="SCV", note="x", kind="plan", org=ORG) == 403, path


def test_nobody_signed_in_is_sent_to_sign_in(site: Site, full: Scene) -> None:
    site.provider.person = None
    for path in paths(site, "GET"):
        answer = site.client.get(path)
        assert answer.status_code == 303, path
        assert "/login" in answer.headers["location"]


def test_no_page_has_anything_that_the_policy_forbids(site: Site, full: Scene) -> None:
    for path in paths(site, "GET"):
        if path.endswith("csv"):
            continue
        page = site.get(path)
        assert not re.search(r"<script(?![^>]*\ssrc=)", page), path
        assert not re.search(r"\son\w+=|\sstyle=|<style|javascript:", page), path
        for address in re.findall(r'(?:src|href|action)="([^"]+)"', page):
            assert address.startswith(("/", "#", "https://localhost:1/")), (path, address)


@pytest.mark.parametrize("role", list(Role))
def test_who_reaches_no_org_sees_empty_pages(site: Site, full: Scene, role: Role) -> None:
    site.provider.person = SignedIn("nemo", None, role, frozenset())
    for path in ("/", "/conflicts", "/users", "/runs", "/parked", "/history", "/alerts", "/access"):
        page = site.get(path)
        assert ORG not in page.replace("license-sync", ""), path


@pytest.mark.parametrize("path", ["/", "/conflicts", "/access"])
def test_without_its_database_everything_is_a_sentence(
    site: Site, full: Scene, monkeypatch: pytest.MonkeyPatch, path: str
) -> None:
    def away(*_: object) -> None:
        raise StoreUnavailable("The database cannot be reached: start it.")

    for name in ("now", "brakes"):
        monkeypatch.setattr(SqlStore, name, away)
    answer = site.client.get(path)
    assert answer.status_code == 503
    assert "cannot be reached: start it" in answer.text


def test_a_failure_before_any_page_is_a_sentence_too(
    site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def away(_request: Request) -> None:
        raise StoreUnavailable("The database cannot be reached: start it.")

    monkeypatch.setattr(site.provider, "authenticate", away)
    answer = site.client.get("/")
    assert (answer.status_code, answer.text) == (503, "The database cannot be reached: start it.")


@pytest.mark.parametrize(
    "headers",
    [
        {"Content-Type": "multipart/form-data; boundary=x"},
        {"Content-Type": "multipart/form-data"},
        {"Content-Type": "application/x-www-form-urlencoded", "Origin": "http://["},
    ],
)
def test_a_form_that_cannot_be_read_is_no_failure(site: Site, headers: dict[str, str]) -> None:
    answer = site.client.post("/conflicts/many", content=b"--y\r\nbroken", headers=headers)
    assert answer.status_code in (400, 403)


def test_too_many_fields_are_no_failure(site: Site) -> None:
    answer = site.client.post("/conflicts/many", data={f"f{i}": "x" for i in range(2000)})
    assert answer.status_code in (400, 403)


def test_the_frames_own_routes_are_not_there(site: Site) -> None:
    assert site.post("/_api/x/action") == 404
    assert site.status("/x/list") == 404


def test_no_line_of_the_log_is_made_by_a_request(
    site: Site, caplog: pytest.LogCaptureFixture
) -> None:
    site.client.post("/x%0A2026 forged", headers={"Origin": "https://evil.example"})
    assert "another site" in caplog.text
    assert not any("\n" in record.getMessage() for record in caplog.records)


def test_an_org_that_is_not_configured_is_not_there(site: Site) -> None:
    for what in ("pause", "hold", "plan", "release"):
        assert site.post(f"/orgs/nothere/{what}", kind="plan", reason="x") == 404
