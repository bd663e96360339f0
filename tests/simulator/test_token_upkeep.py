"""Introspection and revocation, and what a token tells of its user."""

from __future__ import annotations

from typing import Any

import pytest

from tests.simulator.running import Client, Simulator
from tests.simulator.test_grants import app, code, redeem

INTROSPECT = "/services/oauth2/introspect"
REVOKE = "/services/oauth2/revoke"


def token_of(client: Client) -> str:
    return str(client.headers["Authorization"]).removeprefix("Bearer ")


def introspected(org: Simulator, token: str, **more: str) -> Any:
    answer = org.anyone.call("POST", INTROSPECT, data={"token": token, **app(org), **more})
    assert answer.status_code == 200, answer.text
    return answer.json()


def test_a_live_token_is_told_about(org: Simulator, sync: Client) -> None:
    found = introspected(org, token_of(sync), token_type_hint="access_token")
    assert found["active"] is True
    assert found["client_id"] == org.ready["client_id"]
    assert found["username"] == org.ready["jwt_username"]
    assert f"/id/{org.ready['organization_id']}/005" in found["sub"]
    assert found["token_type"] == "access_token"
    assert found["exp"] - found["iat"] == 7200
    assert found["nbf"] == found["iat"]
    assert found["scope"] == "api"


def test_an_app_proves_itself_by_basic_too(org: Simulator, sync: Client) -> None:
    pair = (org.ready["client_id"], org.ready["client_secret"])
    answer = org.anyone.call("POST", INTROSPECT, data={"token": token_of(sync)}, auth=pair)
    assert answer.json()["active"] is True


def test_who_cannot_prove_itself_learns_nothing(org: Simulator, sync: Client) -> None:
    form = {"token": token_of(sync), "client_id": org.ready["client_id"], "client_secret": "x"}
    answer = org.anyone.call("POST", INTROSPECT, data=form)
    assert (answer.status_code, answer.json()["error"]) == (401, "invalid_client")


def test_a_refresh_token_has_no_end(org: Simulator) -> None:
    answer = redeem(org, code(org), **app(org))
    found = introspected(org, answer["refresh_token"])
    assert (found["active"], found["token_type"]) == (True, "refresh_token")
    assert "exp" not in found


def test_what_is_over_or_another_s_is_only_inactive(org: Simulator, sync: Client) -> None:
    of_no_app = org.control("POST", "token", {"user": "admin"})["access_token"]
    ended = org.control("POST", "token", {"user": "admin", "lifetime": -1})["access_token"]
    for token in (of_no_app, ended, "made up", ""):
        assert introspected(org, token) == {"active": False}
    org.anyone.call("POST", REVOKE, data={"token": token_of(sync)})
    assert introspected(org, token_of(sync)) == {"active": False}


def test_revocation_by_get(org: Simulator, sync: Client) -> None:
    answer = org.anyone.call("GET", REVOKE, params={"token": token_of(sync)})
    assert (answer.status_code, answer.content) == (200, b"")
    assert sync.call("GET", "limits").status_code == 401


def test_a_refused_revocation_is_a_query_string(org: Simulator) -> None:
    answer = org.anyone.call("POST", REVOKE, data={"token": "made up"})
    assert answer.status_code == 400
    assert answer.text == "error=invalid_token&error_description=invalid+token"
    assert answer.headers["Content-Type"].startswith("application/x-www-form-urlencoded")


def test_the_end_of_a_session_is_not_that_of_its_refresh_token(org: Simulator) -> None:
    first = redeem(org, code(org), **app(org))
    org.anyone.call("POST", REVOKE, data={"token": first["access_token"]})
    assert introspected(org, first["access_token"]) == {"active": False}
    assert introspected(org, first["refresh_token"])["active"] is True


def test_userinfo_has_the_recorded_keys_in_their_order(org: Simulator, sync: Client) -> None:
    found = sync.call("GET", "/services/oauth2/userinfo").json()
    assert list(found)[:12] == [
        "sub",
        "user_id",
        "organization_id",
        "preferred_username",
        "nickname",
        "name",
        "email",
        "email_verified",
        "given_name",
        "family_name",
        "zoneinfo",
        "photos",
    ]
    assert {"profile", "picture", "address", "active", "user_type", "utcOffset"} <= found.keys()
    assert found["is_salesforce_integration_user"] is True
    assert found["utcOffset"] == -5 * 3_600_000
    short = org.ready["organization_id"][:15]
    url = org.ready["url"]
    assert found["urls"]["partner"] == f"{url}/services/Soap/u/{{version}}/{short}"
    assert found["urls"]["query"] == f"{url}/services/data/v{{version}}/query/"
    assert found["urls"]["custom_domain"] == url


def test_userinfo_takes_a_post_as_openid_says(org: Simulator, sync: Client) -> None:
    form = {"access_token": token_of(sync)}
    answer = org.anyone.call("POST", "/services/oauth2/userinfo", data=form)
    assert answer.json()["preferred_username"] == org.ready["jwt_username"]


def test_the_identity_url_takes_the_token_in_its_query(org: Simulator, admin: Client) -> None:
    info = admin.call("GET", "/services/oauth2/userinfo").json()
    path = f"/id/{info['organization_id']}/{info['user_id']}"
    params = {"format": "json", "oauth_token": token_of(admin)}
    found = org.anyone.call("GET", path, params=params).json()
    assert found["id"] == org.ready["url"] + path
    assert found["username"] == org.ready["admin_username"]
    assert found["display_name"] == info["name"]
    assert found["status"] == {"created_date": None, "body": None}
    assert "query" not in org.last_call() or token_of(admin) not in org.last_call()["query"]


def test_whose_identity_is_told(org: Simulator, admin: Client, user: str) -> None:
    of_org = f"/id/{org.ready['organization_id']}"
    assert admin.call("GET", f"{of_org}/{user}").json()["user_id"] == user
    assert admin.call("GET", f"{of_org}/005000000000000AAA").status_code == 404
    assert admin.call("GET", f"/id/00D000000000000AAA/{user}").status_code == 404
    signed_in = redeem(org, code(org, scope="openid id"), **app(org))
    alone = org.client(signed_in["access_token"])
    assert alone.call("GET", f"{of_org}/{user}").status_code == 403
    assert alone.call("GET", signed_in["id"].removeprefix(org.ready["url"])).status_code == 200


def test_head_is_a_get_without_a_body(org: Simulator, sync: Client) -> None:
    for path in ("/services/oauth2/userinfo", "/.well-known/openid-configuration"):
        answer = sync.call("HEAD", path)
        assert (answer.status_code, answer.content) == (200, b"")


@pytest.mark.parametrize("name", ["token", "revocation", "introspection", "userinfo"])
def test_what_the_openid_configuration_names_exists(org: Simulator, name: str) -> None:
    found = org.anyone.call("GET", "/.well-known/openid-configuration").json()
    path = found[f"{name}_endpoint"].removeprefix(org.ready["url"])
    assert org.anyone.call("POST", path, data={}).status_code != 404


@pytest.mark.parametrize(
    ("method", "path", "allowed"),
    [
        ("GET", INTROSPECT, "POST"),
        ("DELETE", "/services/oauth2/userinfo", "GET, POST"),
        ("PUT", REVOKE, "GET, POST"),
        ("POST", "/.well-known/openid-configuration", "GET"),
    ],
)
def test_what_a_resource_cannot_be_asked(
    org: Simulator, sync: Client, method: str, path: str, allowed: str
) -> None:
    answer = sync.call(method, path)
    assert (answer.status_code, answer.headers["Allow"]) == (405, allowed)
    assert answer.json()[0]["errorCode"] == "METHOD_NOT_ALLOWED"
