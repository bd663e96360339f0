import time
import traceback
from typing import Any
from urllib.parse import parse_qs

import jwt
import pytest
import responses
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from sync.errors import CallFailed, Remedy
from sync.salesforce.exchange import Deadline, Exchange, Timeouts
from sync.salesforce.login import (
    ClientCredentials,
    Credentials,
    JwtBearer,
    Session,
    audience_for,
    sign_in,
)

CREDENTIALS = ClientCredentials("3MVG9.app", "9C4F2E0AD7B35B61F8")


def log_in(org: Any, credentials: Credentials = CREDENTIALS, url: str | None = None) -> Session:
    timeouts = Timeouts()
    with Exchange(None, timeouts) as http:
        return sign_in(http, url or org.login_url, credentials, Deadline(timeouts))


def refused(org: Any, **kwargs: Any) -> CallFailed:
    with pytest.raises(CallFailed) as caught:
        log_in(org, **kwargs)
    assert not caught.value.maybe_arrived
    return caught.value


def answer(org: Any, body: Any, status: int = 400) -> None:
    org.answers("POST", f"{org.login_url}/services/oauth2/token", body, status)


def form(org: Any) -> dict[str, str]:
    (request,) = org.requests("/services/oauth2/token")
    return {key: value for key, (value,) in parse_qs(request.body).items()}


def test_client_credentials(org: Any) -> None:
    """0.3 item 7: at the URL that was given, port included, and with the instance's port kept."""
    token = org.logs_in()
    session = log_in(org)
    assert session == Session(token, org.instance, org.org_id, org.run_as)
    assert form(org) == {
        "grant_type": "client_credentials",
        "client_id": "3MVG9.app",
        "client_secret": CREDENTIALS.client_secret,
    }


def test_jwt_bearer(org: Any, private_key: str) -> None:
    """0.3 item 12: `exp` is a number of seconds, three minutes ahead."""
    org.logs_in()
    credentials = JwtBearer("3MVG9.app", "sync@acme.example", private_key)
    assert log_in(org, credentials).organization_id == org.org_id
    sent = form(org)
    assert sent["grant_type"] == "urn:ietf:params:oauth:grant-type:jwt-bearer"
    key = serialization.load_pem_private_key(private_key.encode(), None)
    assert isinstance(key, rsa.RSAPrivateKey)
    claims = jwt.decode(
        sent["assertion"],
        key.public_key(),
        algorithms=["RS256"],
        audience="https://login.salesforce.com",
    )
    assert (claims["iss"], claims["sub"]) == ("3MVG9.app", "sync@acme.example")
    assert type(claims["exp"]) is int
    assert claims["exp"] - time.time() == pytest.approx(180, abs=5)


def test_an_audience_may_be_given(org: Any, private_key: str) -> None:
    org.logs_in()
    log_in(org, JwtBearer("a", "u", private_key, audience="https://x.example"))
    claims = jwt.decode(form(org)["assertion"], options={"verify_signature": False})
    assert claims["aud"] == "https://x.example"


@pytest.mark.parametrize(
    ("url", "audience"),
    [
        ("https://acme.my.salesforce.com", "https://login.salesforce.com"),
        ("https://acme.develop.my.salesforce.com", "https://login.salesforce.com"),
        ("https://acme--dev.sandbox.my.salesforce.com", "https://test.salesforce.com"),
        ("https://acme.scratch.my.salesforce.com", "https://test.salesforce.com"),
        ("https://test.salesforce.com", "https://test.salesforce.com"),
        ("https://localhost:8443", "https://localhost:8443"),
        ("https://my.salesforce.com.evil.example", "https://my.salesforce.com.evil.example"),
    ],
)
def test_whom_a_jwt_is_addressed_to(url: str, audience: str) -> None:
    assert audience_for(url) == audience


REFUSALS = [
    ("invalid_client_id", "client identifier invalid", "unknown_client", "CLIENT_ID"),
    ("invalid_client", "invalid client credentials", "wrong_secret", "CLIENT_SECRET"),
    ("invalid_grant", "no client credentials user enabled", "no_run_as_user", "Run As"),
    ("invalid_grant", "request not supported on this domain", "not_my_domain", "My Domain"),
    ("invalid_grant", "audience is invalid", "wrong_audience", "LOGIN_URL"),
    ("invalid_grant", "user hasn't approved this consumer", "not_approved", "pre-authorize"),
    ("invalid_app_access", "user is not admin approved to access this app", "not_approved", "pre-"),
    ("invalid_grant", "invalid assertion", "bad_assertion", "PRIVATE_KEY_FILE"),
    ("invalid_grant", "inactive user", "inactive_user", "activate"),
    ("invalid_grant", "ip restricted", "ip_restricted", "IP"),
    ("unsupported_grant_type", "grant type not supported", "flow_disabled", "OAuth"),
    (
        "invalid_grant",
        "authentication failure - Invalid Password",
        "login_refused",
        "check the app",
    ),
    ("something_new", None, "login_refused", "something_new"),
]


@pytest.mark.parametrize(("error", "description", "code", "word"), REFUSALS)
def test_each_refusal_has_its_sentence(
    org: Any, error: str, description: str | None, code: str, word: str
) -> None:
    body = {"error": error, "error_description": description}
    answer(org, {key: value for key, value in body.items() if value})
    failure = refused(org).failure
    assert failure.code == code
    assert word in failure.message
    assert error in failure.message
    assert (failure.remedy, failure.retry_after) == (Remedy.STOP_ORG, 60)


@pytest.mark.parametrize("status", [500, 503, 429])
def test_a_login_that_is_down_is_tried_again(org: Any, status: int) -> None:
    answer(org, "<html>maintenance</html>", status)
    failure = refused(org).failure
    assert (failure.code, failure.remedy) == ("login_unavailable", Remedy.RETRY)


@pytest.mark.parametrize("status", [200, 301, 400, 404])
@pytest.mark.parametrize("body", ["<html>x</html>", "", "[]", "7", '{"error":7}', "{"])
def test_another_kind_of_host(org: Any, status: int, body: str) -> None:
    answer(org, body, status)
    failure = refused(org).failure
    assert (failure.code, failure.remedy) == ("odd_login", Remedy.STOP_ORG)
    assert "LOGIN_URL" in failure.message


@pytest.mark.parametrize(
    "change",
    [{"access_token": None}, {"access_token": ""}, {"access_token": "a\r\nX: y"},
     {"access_token": "é"},
     {"id": None}, {"id": "https://x/id/00D/005"},
     {"id": "https://x/id/00D5f000005mc66XXX/0055f000005mc66AAA"}],
)  # fmt: skip
def test_a_login_that_lacks_something_is_no_login(org: Any, change: dict[str, Any]) -> None:
    org.logs_in(**change)
    assert refused(org).failure.code == "odd_login"


@pytest.mark.parametrize("url", [None, "http://x.example", "https://a@x.example", "https://x/y", 7])
def test_a_token_goes_to_no_odd_instance(org: Any, url: object) -> None:
    org.logs_in(instance_url=url)
    assert refused(org).failure.code == "bad_url"


@pytest.mark.parametrize(
    "url",
    ["http://acme.example", "acme.example", "https://", "https://a@b", "https://x:notaport",
     "https://x/y", "https://x?y", "ftp://x"],
)  # fmt: skip
def test_a_login_url_of_another_form_is_not_asked(org: Any, url: str) -> None:
    failure = refused(org, url=url).failure
    assert "LOGIN_URL has to look like https://host" in failure.message
    assert not org.mock.calls


@pytest.mark.parametrize(
    "key", ["", "x", "-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----"]
)
def test_a_private_key_that_is_none(org: Any, key: str) -> None:
    error = refused(org, credentials=JwtBearer("a", "u", key))
    assert "PRIVATE_KEY_FILE" in error.failure.message
    assert (error.__cause__, error.__context__) == (None, None)


def test_what_is_secret_has_no_repr(private_key: str) -> None:
    session = Session("00D!token", "https://x", "00D", "005")
    for value in (CREDENTIALS, JwtBearer("a", "u", private_key), session):
        for text in (repr(value), str(value)):
            assert CREDENTIALS.client_secret not in text
            assert private_key not in text
            assert "token" not in text.replace("access_token", "")


@settings(
    suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None, max_examples=50
)
@given(st.text(min_size=8, max_size=40), st.sampled_from(["error", "error_description"]), st.text())
def test_a_secret_that_is_echoed_is_not_passed_on(secret: str, key: str, around: str) -> None:
    url = "https://acme.example"
    body = {"error": "invalid_grant", key: f"{around}{secret}{around}"}
    timeouts = Timeouts()
    with responses.RequestsMock() as mock, Exchange(None, timeouts) as http:
        mock.post(f"{url}/services/oauth2/token", json=body, status=400)
        with pytest.raises(CallFailed) as caught:
            sign_in(http, url, ClientCredentials("app", secret), Deadline(timeouts))
    said = "".join(traceback.format_exception(caught.value, chain=True))
    pieces = (
        caught.value.failure.message.split("Salesforce says")[-1],
        said.split("Salesforce says")[-1],
    )
    assert all(secret not in piece.replace("[hidden]", "") for piece in pieces)
