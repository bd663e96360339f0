"""The simulated org as an identity provider: what it grants, once and to whom it may."""

from __future__ import annotations

import base64
import hashlib
from typing import Any
from urllib.parse import parse_qs, urlsplit

import jwt
import pytest
import requests

from tests.simulator.running import Simulator

BACK = "https://page.example/callback"
VERIFIER = "v" * 50
CHALLENGE = base64.urlsafe_b64encode(hashlib.sha256(VERIFIER.encode()).digest()).rstrip(b"=")


def ask(org: Simulator, **more: str) -> requests.Response:
    params = {
        "client_id": org.ready["client_id"],
        "redirect_uri": BACK,
        "response_type": "code",
        "scope": "openid custom_permissions",
        "state": "s",
        "nonce": "n",
        "code_challenge": CHALLENGE.decode(),
        "login_hint": org.ready["admin_username"],
    } | more
    return org.anyone.get(
        f"{org.ready['url']}/services/oauth2/authorize",
        params=params,
        allow_redirects=False,
        timeout=30,
    )


def came_back(answer: requests.Response) -> dict[str, str]:
    assert answer.status_code == 302, answer.text
    return {
        name: one[0] for name, one in parse_qs(urlsplit(answer.headers["Location"]).query).items()
    }


def redeem(org: Simulator, code: str, **more: str) -> requests.Response:
    form = {
        "grant_type": "authorization_code",
        "code": code,
        "redirect_uri": BACK,
        "client_id": org.ready["client_id"],
        "client_secret": org.ready["client_secret"],
        "code_verifier": VERIFIER,
    } | more
    return org.token_answer(**form)


def test_it_says_where_everything_is(org: Simulator) -> None:
    found = org.anyone.call("GET", "/.well-known/openid-configuration").json()
    assert found["issuer"] == org.ready["url"]
    assert found["jwks_uri"] == f"{org.ready['url']}/id/keys"
    assert found["id_token_signing_alg_values_supported"] == ["RS256"]


def test_the_code_flow(org: Simulator) -> None:
    back = came_back(ask(org))
    assert back["state"] == "s"
    answer = redeem(org, back["code"]).json()
    keys = org.anyone.call("GET", "/id/keys").json()["keys"]
    claims: dict[str, Any] = jwt.decode(
        answer["id_token"],
        jwt.PyJWK(keys[0]).key,
        ["RS256"],
        audience=org.ready["client_id"],
        issuer=org.ready["url"],
    )
    assert claims["nonce"] == "n"
    assert claims["sub"] == answer["id"]
    info = org.client(answer["access_token"]).call("GET", "/services/oauth2/userinfo").json()
    assert info["sub"] == claims["sub"]
    assert info["preferred_username"] == org.ready["admin_username"]
    assert info["custom_permissions"] == {"License_Sync_Admin": True}


def test_permissions_are_told_to_who_asked_for_them(org: Simulator) -> None:
    answer = redeem(org, came_back(ask(org, scope="openid"))["code"]).json()
    info = org.client(answer["access_token"]).call("GET", "/services/oauth2/userinfo").json()
    assert "custom_permissions" not in info


def test_a_code_is_good_for_once(org: Simulator) -> None:
    code = came_back(ask(org))["code"]
    assert redeem(org, code).status_code == 200
    answer = redeem(org, code)
    assert (answer.status_code, answer.json()["error"]) == (400, "invalid_grant")


@pytest.mark.parametrize(
    "wrong",
    [
        {"code_verifier": "x" * 50},
        {"code_verifier": ""},
        {"redirect_uri": "https://evil.example/"},
        {"client_secret": "wrong"},
        {"code": "made up"},
    ],
)
def test_a_code_is_for_who_began(org: Simulator, wrong: dict[str, str]) -> None:
    code = came_back(ask(org))["code"]
    assert redeem(org, **({"code": code} | wrong)).status_code == 400


def test_a_code_is_not_good_for_ever(org: Simulator) -> None:
    code = came_back(ask(org))["code"]
    org.control("POST", "clock", {"offset": 901})
    assert redeem(org, code).json()["error_description"] == "expired authorization code"


def test_nobody_is_redirected_for_an_unknown_app(org: Simulator) -> None:
    for wrong in ({"client_id": "x"}, {"redirect_uri": "javascript:alert(1)"}):
        answer = ask(org, **wrong)
        assert answer.status_code == 400
        assert "Location" not in answer.headers


def test_who_is_not_named_gets_a_form(org: Simulator) -> None:
    answer = ask(org, login_hint="nobody@example.com", state='"><script>')
    assert answer.status_code == 200
    assert answer.headers["Content-Type"].startswith("text/html")
    assert 'name="login_hint"' in answer.text
    assert "<script>" not in answer.text


def test_who_says_no_goes_back_with_that(org: Simulator) -> None:
    assert came_back(ask(org, deny="1"))["error"] == "access_denied"
    assert came_back(ask(org, response_type="token"))["error"] == "unsupported_response_type"
