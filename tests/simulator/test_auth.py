from __future__ import annotations

import base64
import json
import re
import time
from pathlib import Path
from typing import Any

import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric import rsa

from tests.simulator.running import Client, Simulator

BEARER = "urn:ietf:params:oauth:grant-type:jwt-bearer"


def assertion(org: Simulator, **claims: Any) -> str:
    body = {
        "iss": org.ready["jwt_client_id"],
        "sub": org.ready["jwt_username"],
        "aud": "https://login.salesforce.com",
        "exp": int(time.time()) + 180,
    } | claims
    return jwt.encode(body, Path(org.ready["jwt_private_key_file"]).read_text("ascii"), "RS256")


def test_client_credentials_in_the_body(org: Simulator) -> None:
    answer = org.token_answer(
        grant_type="client_credentials",
        client_id=org.ready["client_id"],
        client_secret=org.ready["client_secret"],
    )
    assert answer.status_code == 200
    assert answer.headers["Content-Type"] == "application/json;charset=UTF-8"
    body = answer.json()
    assert re.fullmatch(r"00D\w{12}![.\w]+", body["access_token"])
    assert body["instance_url"] == org.ready["url"]
    assert body["token_type"] == "Bearer"
    assert body["scope"]
    assert body["issued_at"].isdigit()
    assert len(body["issued_at"]) == 13
    assert re.fullmatch(
        rf"{re.escape(org.ready['url'])}/id/{org.ready['organization_id']}/005\w{{15}}", body["id"]
    )


def test_client_credentials_by_basic(org: Simulator) -> None:
    pair = f"{org.ready['client_id']}:{org.ready['client_secret']}".encode()
    headers = {"Authorization": "Basic " + base64.b64encode(pair).decode()}
    form = {"grant_type": "client_credentials"}
    answer = org.anyone.call("POST", "/services/oauth2/token", data=form, headers=headers)
    assert answer.status_code == 200


@pytest.mark.parametrize(
    ("form", "error"),
    [
        (
            {"grant_type": "client_credentials", "client_id": "x", "client_secret": "y"},
            "invalid_client_id",
        ),
        ({"grant_type": "client_credentials", "client_secret": "y"}, "invalid_client"),
        ({"grant_type": "password", "username": "a", "password": "b"}, "invalid_client_id"),
        ({}, "unsupported_grant_type"),
        ({"grant_type": BEARER, "assertion": "nonsense"}, "invalid_grant"),
    ],
)
def test_refused_logins(org: Simulator, form: dict[str, str], error: str) -> None:
    if form.get("client_secret") and "client_id" not in form:
        form = form | {"client_id": org.ready["client_id"]}
    answer = org.token_answer(**form)
    assert (answer.status_code, answer.json()["error"]) == (400, error)
    assert answer.json()["error_description"]


@pytest.mark.parametrize(
    "expiry", [lambda: str(int(time.time()) + 180), lambda: int(time.time() * 1000) + 300]
)
def test_jwt_with_the_expiry_that_real_clients_send(org: Simulator, expiry: Any) -> None:
    """simple-salesforce sends a string, the CLI milliseconds."""
    body = {
        "iss": org.ready["jwt_client_id"],
        "sub": org.ready["jwt_username"],
        "aud": "https://login.salesforce.com",
        "exp": expiry(),
    }
    key = Path(org.ready["jwt_private_key_file"]).read_text("ascii")
    token = jwt.api_jws.encode(json.dumps(body).encode(), key, "RS256")
    assert org.token_answer(grant_type=BEARER, assertion=token).status_code == 200


@pytest.mark.parametrize(
    ("claims", "description"),
    [
        ({"sub": "nobody@example.com"}, "user hasn't approved this consumer"),
        ({"exp": 1_000_000}, "expired authorization code"),
        ({"exp": "soon"}, "invalid assertion"),
        ({"iss": "someone else"}, "client identifier invalid"),
        ({"aud": "https://example.com"}, "audience is invalid"),
        ({"aud": None}, "audience is invalid"),
    ],
)
def test_refused_assertions(org: Simulator, claims: dict[str, Any], description: str) -> None:
    key = Path(org.ready["jwt_private_key_file"]).read_text("ascii")
    good = jwt.decode(assertion(org), options={"verify_signature": False})
    token = jwt.api_jws.encode(json.dumps(good | claims).encode(), key, "RS256")
    answer = org.token_answer(grant_type=BEARER, assertion=token)
    assert (answer.status_code, answer.json()["error_description"]) == (400, description)


def test_an_assertion_of_another_key_is_refused(org: Simulator) -> None:
    other = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    token = jwt.encode(
        {"iss": org.ready["jwt_client_id"], "sub": "x", "exp": int(time.time()) + 60},
        other,
        "RS256",
    )
    assert org.token_answer(grant_type=BEARER, assertion=token).status_code == 400


@pytest.mark.parametrize("header", [None, "Bearer 00Dxx!nope", "Bearer"])
def test_no_session(org: Simulator, header: str | None) -> None:
    answer = org.anyone.call("GET", "limits", headers={"Authorization": header} if header else {})
    assert answer.status_code == 401
    assert answer.json() == [
        {"message": "Session expired or invalid", "errorCode": "INVALID_SESSION_ID"}
    ]


def test_a_malformed_header(org: Simulator) -> None:
    answer = org.anyone.call("GET", "limits", headers={"Authorization": "Foo bar"})
    assert (answer.status_code, answer.json()[0]["errorCode"]) == (401, "INVALID_AUTH_HEADER")


def test_a_token_lasts_as_long_as_the_setting_says(org: Simulator, sync: Client) -> None:
    org.control("POST", "settings", {"token_lifetime": 100})
    short = org.login()
    org.control("POST", "settings", {"token_lifetime": 7200})
    org.control("POST", "clock", {"offset": 101})
    assert short.call("GET", "limits").status_code == 401
    assert sync.call("GET", "limits").status_code == 200


def test_revocation(org: Simulator, sync: Client) -> None:
    token = str(sync.headers["Authorization"]).removeprefix("Bearer ")
    answer = org.anyone.call("POST", "/services/oauth2/revoke", data={"token": token})
    assert (answer.status_code, answer.content) == (200, b"")
    assert sync.call("GET", "limits").status_code == 401
    assert (
        org.anyone.call("POST", "/services/oauth2/revoke", data={"token": token}).status_code == 400
    )


def test_userinfo_and_identity(org: Simulator, sync: Client) -> None:
    info = sync.call("GET", "/services/oauth2/userinfo").json()
    assert info["organization_id"] == org.ready["organization_id"]
    assert info["preferred_username"] == org.ready["jwt_username"]
    assert len(info["user_id"]) == 18
    path = f"/id/{info['organization_id']}/{info['user_id']}"
    assert sync.call("GET", path).json()["user_id"] == info["user_id"]
    assert org.anyone.call("GET", path).status_code == 401
    assert org.anyone.call("GET", "/services/oauth2/userinfo").status_code == 401


def test_an_inactive_run_as_user_logs_nobody_in(org: Simulator) -> None:
    who = org.control("GET", "state")["integration_id"]
    org.control("POST", "edit", {"id": who, "fields": {"IsActive": False}})
    try:
        answer = org.token_answer(
            grant_type="client_credentials",
            client_id=org.ready["client_id"],
            client_secret=org.ready["client_secret"],
        )
        assert answer.json() == {
            "error": "invalid_grant",
            "error_description": "no client credentials user enabled",
        }
    finally:
        org.control("POST", "edit", {"id": who, "fields": {"IsActive": True}})
