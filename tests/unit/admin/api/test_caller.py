"""Nobody gets anywhere without a token, with another role, or in another org."""

import logging
from typing import Any

import pytest
from starlette.testclient import TestClient

from admin.api.app import make_api
from admin.services import Services
from admin.signin.tokens import authenticator, create_token
from sync.ports.accounts import NewToken, Role
from tests.contract.store.scene import ANN, CID, ORG, Scene
from tests.unit.admin.api.conftest import ADMIN, BETA, LOOKS, Api, Filled, everything

BODIES: dict[str, Any] = {
    "/orgs/{org}/reconcile": {"plan": True},
    "/conflicts/{entry_id}/resolve": {"keep": "Freedom"},
    "/conflicts/{entry_id}/dismiss": {"note": "agreed"},
    "/parked/retry": {"org": ORG, "user_ids": [CID]},
    "/runs/{run_id}/approve": {"only_grants": True},
}


TOO_LATE = ("/dismiss", "/approve", "/stop", "/undo")


def calls(api: Api, filled: Filled) -> list[tuple[str, str, dict[str, Any]]]:
    """Every operation on what there is in `acme`: method, path, and the rest of the request."""
    ids = {"{org}": ORG, "{entry_id}": filled.conflict, "{user_id}": ANN, "{run_id}": filled.plan}
    found = []
    for method, template in api.operations():
        path = template
        for name, value in ids.items():
            path = path.replace(name, str(value))
        more = {"json": BODIES.get(template)} if method == "POST" else {}
        found.append((method, path, more))
    return found


def test_an_admin_may_call_everything(api: Api, filled: Filled) -> None:
    for method, path, more in calls(api, filled):
        answer = api.ask(method, path, **more)
        # What one call did stands in the way of the next: a decided entry, a run that ended.
        too_late = answer.status_code == 409 and path.endswith(TOO_LATE)
        assert answer.status_code in (200, 202) or too_late, (path, answer.text)


@pytest.mark.parametrize(
    "header",
    [None, "", "Bearer", "Bearer ", f"Basic {ADMIN}", ADMIN, "Bearer no", "Bearer " + "x" * 5000],
)
def test_without_a_good_token_nothing_is_answered(
    api: Api, filled: Filled, scene: Scene, header: str | None
) -> None:
    before = everything(scene)
    headers = {} if header is None else {"Authorization": header}
    for method, path, more in calls(api, filled):
        answer = api.ask(method, path, token=None, headers=headers, **more)
        assert answer.status_code == 401, path
        assert answer.headers["www-authenticate"] == "Bearer"
        assert answer.json()["error"]["code"] == "unauthenticated"
    assert everything(scene) == before


def test_a_cookie_is_no_token(api: Api) -> None:
    api.client.cookies.set("license_sync_session", ADMIN)
    assert api.ask("GET", "/status", token=None).status_code == 401


def test_a_bad_body_is_not_read_before_the_token(api: Api) -> None:
    answer = api.ask("POST", "/parked/retry", token=None, content=b"{", headers=JSON)
    assert answer.status_code == 401


JSON = {"Content-Type": "application/json"}


def test_a_viewers_token_changes_nothing(api: Api, filled: Filled, scene: Scene) -> None:
    before = everything(scene)
    for method, path, more in calls(api, filled):
        status = api.ask(method, path, LOOKS, **more).status_code
        assert status == (200 if method == "GET" else 403), path
    assert everything(scene) == before


def test_a_token_of_another_org_sees_and_changes_nothing_here(
    api: Api, filled: Filled, scene: Scene
) -> None:
    before = everything(scene)
    for method, path, more in calls(api, filled):
        answer = api.ask(method, path, BETA, **more)
        if method == "GET" and path.count("/") == 1:
            assert answer.status_code == 200, path
            rows = answer.json().get("rows", [])
            assert [row for row in rows if row["org"] != "beta"] == [], path
        else:
            assert answer.status_code in (403, 404), path
        for name in ("ann", ANN, CID, ORG):
            assert f'"{name}"' not in answer.text
    assert everything(scene) == before


@pytest.mark.parametrize("path", ["/conflicts", "/users", "/parked", "/history", "/runs"])
def test_another_org_is_refused_as_a_filter(api: Api, filled: Filled, path: str) -> None:
    api.refused("GET", path, 403, token=BETA, params={"org": ORG})
    assert api.get(path, ADMIN, org=ORG)["rows"]


@pytest.mark.parametrize(
    ("token", "name"), [("secret-wrong", "nobody"), (LOOKS, "vera"), (BETA, "otto")]
)
def test_a_refusal_is_logged_without_the_token(
    api: Api, filled: Filled, caplog: pytest.LogCaptureFixture, token: str, name: str
) -> None:
    with caplog.at_level(logging.WARNING):
        api.ask("POST", f"/orgs/{ORG}/pause", token)
    (line,) = [r.getMessage() for r in caplog.records if r.name == "admin.api.errors"]
    assert line.startswith(f"refused '{name}' POST '/api/orgs/{ORG}/pause'")
    assert token not in caplog.text


def test_a_token_counts_until_it_is_revoked(services: Services, filled: Filled) -> None:
    store = services.runtime.store
    token, secret = create_token(store, NewToken("flow", Role.ADMIN, frozenset({ORG})), "bea")
    client = TestClient(make_api(services, authenticator(store)))
    headers = {"Authorization": f"Bearer {secret}"}
    path = f"/conflicts/{filled.conflict}"
    decided = client.post(f"{path}/resolve", json={"keep": "none"}, headers=headers).json()
    assert decided["decided_by"] == f"flow (token {token.id} of bea)"
    assert client.post("/orgs/beta/pause", headers=headers).status_code == 403
    store.revoke_token(token.id, "bea")
    assert client.get(path, headers=headers).status_code == 401
