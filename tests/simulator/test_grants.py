"""The token endpoint's flows beside client credentials and JWT: what they give and refuse."""

from __future__ import annotations

import base64
import hashlib
import time
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import jwt
import pytest

from tests.simulator.running import Simulator

BACK = "http://localhost:1717/OauthRedirect"
VERIFIER = "a" * 64
CHALLENGE = base64.urlsafe_b64encode(hashlib.sha256(VERIFIER.encode()).digest()).rstrip(b"=")
BEARER = "urn:ietf:params:oauth:grant-type:jwt-bearer"


def app(org: Simulator) -> dict[str, str]:
    return {"client_id": org.ready["client_id"], "client_secret": org.ready["client_secret"]}


def login(org: Simulator, **more: str) -> dict[str, str]:
    ready = org.ready
    return {
        "grant_type": "password",
        "username": ready["admin_username"],
        "password": ready["admin_password"] + ready["admin_security_token"],
        **app(org),
    } | more


def code(org: Simulator, **more: str) -> str:
    params = {
        "client_id": org.ready["client_id"],
        "redirect_uri": BACK,
        "response_type": "code",
        "scope": "api refresh_token",
        "login_hint": org.ready["admin_username"],
    } | more
    answer = org.anyone.get(
        f"{org.ready['url']}/services/oauth2/authorize",
        params=params,
        allow_redirects=False,
        timeout=30,
    )
    return parse_qs(urlsplit(answer.headers["Location"]).query)["code"][0]


def redeem(org: Simulator, given: str, **more: str) -> dict[str, str]:
    form = {"grant_type": "authorization_code", "code": given, "redirect_uri": BACK} | more
    found: dict[str, str] = org.token_answer(**form).json()
    return found


def works(org: Simulator, token: str) -> bool:
    return org.client(token).call("GET", "limits").status_code == 200


def test_the_password_grant_answers_as_recorded(org: Simulator) -> None:
    answer = org.token_answer(**login(org))
    assert list(answer.json()) == [
        "access_token",
        "instance_url",
        "id",
        "token_type",
        "issued_at",
        "signature",
    ]
    assert works(org, answer.json()["access_token"])


@pytest.mark.parametrize(
    ("wrong", "body"),
    [
        ({"password": "x"}, ("invalid_grant", "authentication failure - Invalid Password")),
        ({"username": "x"}, ("invalid_grant", "authentication failure - Invalid Password")),
        ({"client_secret": ""}, ("invalid_client", "invalid client credentials")),
        ({"client_id": "x"}, ("invalid_client_id", "client identifier invalid")),
    ],
)
def test_a_wrong_password_is_refused_as_recorded(
    org: Simulator, wrong: dict[str, str], body: tuple[str, str]
) -> None:
    answer = org.token_answer(**login(org, **wrong))
    assert answer.status_code == 400
    assert answer.json() == {"error": body[0], "error_description": body[1]}


def test_a_refresh_token_comes_with_its_scope_alone(org: Simulator) -> None:
    with_it = redeem(org, code(org), **app(org))
    assert with_it["scope"] == "api refresh_token"
    assert with_it["refresh_token"]
    assert "refresh_token" not in redeem(org, code(org, scope="api"), **app(org))
    assert "refresh_token" in redeem(org, code(org, scope=""), **app(org))


@pytest.mark.parametrize("with_secret", [True, False])
def test_a_refresh_token_makes_new_sessions(org: Simulator, with_secret: bool) -> None:
    first = redeem(org, code(org), **app(org))
    given = app(org) if with_secret else {"client_id": org.ready["client_id"]}
    form = {"grant_type": "refresh_token", "refresh_token": first["refresh_token"]} | given
    second = org.token_answer(**form).json()
    assert second["access_token"] != first["access_token"]
    assert second["scope"] == first["scope"]
    assert second["id"] == first["id"]
    assert "refresh_token" not in second
    assert works(org, second["access_token"])
    org.control("POST", "clock", {"offset": 10_000_000})
    assert not works(org, second["access_token"])
    assert works(org, org.token_answer(**form).json()["access_token"])


def test_a_refresh_token_is_for_its_app_while_it_is_good(org: Simulator) -> None:
    first = redeem(org, code(org), **app(org))
    form = {"grant_type": "refresh_token", "refresh_token": first["refresh_token"]}
    expired = {"error": "invalid_grant", "error_description": "expired access/refresh token"}
    assert org.token_answer(**form, client_id="PlatformCLI").json() == expired
    made_up = form | {"refresh_token": "made up"}
    assert org.token_answer(**made_up, **app(org)).json() == expired
    org.anyone.call("POST", "/services/oauth2/revoke", data={"token": first["refresh_token"]})
    assert org.token_answer(**form, **app(org)).json() == expired
    assert not works(org, first["access_token"])


def test_the_cli_s_app_needs_a_challenge_and_no_secret(org: Simulator) -> None:
    cli = {"client_id": "PlatformCLI", "client_secret": ""}
    challenged = code(org, client_id="PlatformCLI", code_challenge=CHALLENGE.decode())
    assert works(org, redeem(org, challenged, code_verifier=VERIFIER, **cli)["access_token"])
    open_one = code(org, client_id="PlatformCLI")
    assert redeem(org, open_one, code_verifier=VERIFIER, **cli)["error"] == "invalid_grant"


def test_a_code_is_for_the_app_that_asked(org: Simulator) -> None:
    other = {"client_id": "PlatformCLI", "code_verifier": VERIFIER}
    given = code(org, code_challenge=CHALLENGE.decode())
    assert redeem(org, given, **other)["error"] == "invalid_grant"


def test_a_verifier_without_a_challenge_is_no_proof(org: Simulator) -> None:
    given = {"client_id": org.ready["client_id"], "code_verifier": VERIFIER}
    assert redeem(org, code(org), **given)["error"] == "invalid_grant"


def test_the_token_endpoint_takes_posts_alone(org: Simulator) -> None:
    for method in ("GET", "HEAD", "PUT"):
        answer = org.anyone.call(method, "/services/oauth2/token")
        assert answer.status_code == 400, method


def test_a_form_may_come_in_the_query(org: Simulator) -> None:
    answer = org.anyone.call("POST", "/services/oauth2/token", params=login(org))
    assert works(org, answer.json()["access_token"])


@pytest.mark.parametrize("host", ["login.salesforce.com", "test.salesforce.com"])
def test_client_credentials_are_refused_at_a_login_host(org: Simulator, host: str) -> None:
    form = {"grant_type": "client_credentials"} | app(org)
    headers = {"Host": host}
    answer = org.anyone.call("POST", "/services/oauth2/token", data=form, headers=headers)
    assert answer.status_code == 400
    assert answer.json() == {
        "error": "invalid_grant",
        "error_description": "request not supported on this domain",
    }


def assertion(org: Simulator, **claims: object) -> str:
    body: dict[str, object] = {
        "iss": org.ready["jwt_client_id"],
        "sub": org.ready["jwt_username"],
        "aud": "https://login.salesforce.com",
        "exp": int(time.time()) + 180,
    }
    key = Path(org.ready["jwt_private_key_file"]).read_text("ascii")
    return jwt.encode(body | claims, key, "RS256")


def test_a_login_host_sends_on_to_the_org_s_own(org: Simulator) -> None:
    port = org.ready["url"].rpartition(":")[2]
    form = {"grant_type": BEARER, "assertion": assertion(org)}
    for host, tail in (("login.salesforce.com", ""), (f"test.salesforce.com:{port}", f":{port}")):
        headers = {"Host": host}
        answer = org.anyone.call("POST", "/services/oauth2/token", data=form, headers=headers)
        body = answer.json()
        assert body["instance_url"] == f"https://simulated-org.my.salesforce.com{tail}"
        assert body["id"].startswith(f"https://{host}/id/00D")


@pytest.mark.parametrize(
    "audience",
    [
        "https://login.salesforce.com",
        "https://test.salesforce.com/",
        "https://acme.my.salesforce.com",
        "https://acme.my.site.com/agents",
        ["https://login.salesforce.com"],
    ],
)
def test_audiences_that_clients_send(org: Simulator, audience: object) -> None:
    form = {"grant_type": BEARER, "assertion": assertion(org, aud=audience)}
    assert org.token_answer(**form).status_code == 200


def test_the_address_that_was_called_is_an_audience(org: Simulator) -> None:
    form = {"grant_type": BEARER, "assertion": assertion(org, aud=org.ready["url"])}
    assert org.token_answer(**form).status_code == 200


@pytest.fixture(scope="module")
def prolonging() -> Iterator[Simulator]:
    simulator = Simulator("--users", "5", "--session-prolonged", "--token-lifetime", "1000")
    yield simulator
    assert simulator.stop() == 0


def test_use_prolongs_a_session_where_that_is_the_setting(prolonging: Simulator) -> None:
    used, idle = prolonging.login(), prolonging.login()
    for offset in (400, 900, 1800, 2700):
        prolonging.control("POST", "clock", {"offset": offset})
        assert used.call("GET", "limits").status_code == 200, offset
    assert idle.call("GET", "limits").status_code == 401
    prolonging.control("POST", "clock", {"offset": 3701})
    assert used.call("GET", "limits").status_code == 401
