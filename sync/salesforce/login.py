"""Getting a session: the client-credentials and the JWT bearer flow, against any login URL.

Ours, since simple-salesforce's own login goes to fixed hosts under salesforce.com. No secret and
no token is ever part of a sentence, a log line or a repr made here.
"""

import re
import time
from dataclasses import dataclass, field
from typing import Any, assert_never
from urllib.parse import urlsplit

import jwt
import requests

from sync.errors import CallFailed, Failure, Remedy
from sync.salesforce.exchange import Deadline, Exchange
from sync.salesforce.ids import to_18
from sync.salesforce.wording import plain

ASSERTION_SECONDS = 180
"""How long a JWT assertion is valid; Salesforce documents about three minutes."""

_IDENTITY = re.compile(r"/id/(00D\w{12}(?:\w{3})?)/(005\w{12}(?:\w{3})?)/?$", re.ASCII)


@dataclass(frozen=True, slots=True)
class ClientCredentials:
    """The client-credentials flow of an external client app with a run-as user.

    https://help.salesforce.com/s/articleView?id=xcloud.remoteaccess_oauth_client_credentials_flow.htm
    """

    client_id: str
    client_secret: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class JwtBearer:
    """The JWT bearer flow: `username` is whom to run as, the key is PEM text (RS256).

    `audience` is who the assertion is for; None derives it from the login URL.
    https://help.salesforce.com/s/articleView?id=xcloud.remoteaccess_oauth_jwt_flow.htm
    """

    client_id: str
    username: str
    private_key_pem: str = field(repr=False)
    audience: str | None = None


Credentials = ClientCredentials | JwtBearer


@dataclass(frozen=True, slots=True)
class Session:
    """What a login gives. `instance_url` has no trailing slash; both ids have 18 characters."""

    access_token: str = field(repr=False)
    instance_url: str
    organization_id: str
    user_id: str


def sign_in(
    http: Exchange, login_url: str, credentials: Credentials, deadline: Deadline
) -> Session:
    """Log in at `login_url` (https://host[:port]).

    Raises CallFailed: STOP_ORG where a person has to mend something (it is tried again after
    `retry_after` seconds all the same), RETRY where Salesforce is just not there.
    """
    base = _https(login_url, "LOGIN_URL")
    form = _form(credentials, base)
    response = http.exchange("POST", f"{base}/services/oauth2/token", deadline, data=form)
    secrets = _secrets(credentials, form)
    try:
        answer = response.json()
    except (ValueError, RecursionError):
        answer = None
    if response.status_code != 200 or not isinstance(answer, dict):
        raise CallFailed(_refusal(response, answer, secrets))
    return _session(answer, urlsplit(base).netloc)


def _https(url: str, setting: str) -> str:
    """`url` without a trailing slash, if it is https://host[:port]."""
    try:
        parts = urlsplit(url)
        good = parts.scheme == "https" and parts.hostname and parts.port != 0
        good = good and parts.path in ("", "/") and not parts.query and "@" not in parts.netloc
    except ValueError:
        good = False
    if not good:
        raise CallFailed(
            _stop("bad_url", f"{setting} has to look like https://host or https://host:port.")
        )
    return url.rstrip("/")


def _form(credentials: Credentials, base: str) -> dict[str, str]:
    match credentials:
        case ClientCredentials():
            return {
                "grant_type": "client_credentials",
                "client_id": credentials.client_id,
                "client_secret": credentials.client_secret,
            }
        case JwtBearer():
            return {
                "grant_type": "urn:ietf:params:oauth:grant-type:jwt-bearer",
                "assertion": _assertion(credentials, base),
            }
        case _:
            assert_never(credentials)


def _assertion(credentials: JwtBearer, base: str) -> str:
    claims = {
        "iss": credentials.client_id,
        "sub": credentials.username,
        "aud": credentials.audience or audience_for(base),
        "exp": int(time.time()) + ASSERTION_SECONDS,
    }
    try:
        return jwt.encode(claims, credentials.private_key_pem, algorithm="RS256")
    except (ValueError, TypeError, jwt.PyJWTError):
        pass
    raise CallFailed(
        _stop("bad_key", "PRIVATE_KEY_FILE cannot be used; it has to hold an RSA key as PEM text.")
    )


def audience_for(login_url: str) -> str:
    """Who a JWT for this login URL is addressed to: login or test for a My Domain host."""
    host = urlsplit(login_url).hostname or ""
    if host.endswith((".sandbox.my.salesforce.com", ".scratch.my.salesforce.com")):
        return "https://test.salesforce.com"
    if host.endswith(".my.salesforce.com"):
        return "https://login.salesforce.com"
    return login_url


def _session(answer: dict[str, Any], host: str) -> Session:
    token, instance, identity = (answer.get(k) for k in ("access_token", "instance_url", "id"))
    found = _IDENTITY.search(identity) if isinstance(identity, str) else None
    if isinstance(token, str) and token and token.isascii() and token.isprintable() and found:
        try:
            ids = to_18(found[1]), to_18(found[2])
        except ValueError:
            pass
        else:
            return Session(token, _https(str(instance), "instance_url in the login's answer"), *ids)
    raise CallFailed(
        _stop("odd_login", f"{host} does not log in like Salesforce; check LOGIN_URL.")
    )


def _secrets(credentials: Credentials, form: dict[str, str]) -> list[str]:
    own = (
        credentials.client_secret
        if isinstance(credentials, ClientCredentials)
        else credentials.private_key_pem
    )
    return [own, form.get("assertion", "")]


_MENDS: tuple[tuple[str, str, str], ...] = (
    # part of `error: error_description`, in lower case · our code · the sentence
    ("no client credentials user", "no_run_as_user",
     "The app has no user to run as; set Run As under its client credentials flow"),
    ("not supported on this domain", "not_my_domain",
     "This host cannot log in this way; let LOGIN_URL be the org's My Domain address"),
    ("audience", "wrong_audience",
     "Salesforce does not accept whom the JWT is for; let LOGIN_URL be the My Domain address"),
    ("hasn't approved", "not_approved",
     "The user has not approved the app; pre-authorize it for the user's permission set"),
    ("invalid_app_access", "not_approved",
     "The user may not use the app; pre-authorize it for the user's permission set"),
    ("login rate exceeded", "login_rate", "There were too many logins; license-sync waits"),
    ("inactive user", "inactive_user", "The integration user is inactive; activate it"),
    ("inactive organization", "inactive_org", "The org is inactive; ask Salesforce"),
    ("ip restricted", "ip_restricted",
     "The integration user may not log in from this address; relax the app's IP restrictions"),
    ("invalid_client_id", "unknown_client",
     "Salesforce does not know this app; check CLIENT_ID, and wait ten minutes if it is new"),
    ("client identifier invalid", "unknown_client",
     "Salesforce does not know this app; check CLIENT_ID, and wait ten minutes if it is new"),
    ("invalid_client", "wrong_secret",
     "Salesforce does not accept the secret; check CLIENT_SECRET"),
    ("assertion", "bad_assertion",
     "Salesforce does not accept the JWT; check PRIVATE_KEY_FILE, USERNAME and the clock"),
    ("unsupported_grant_type", "flow_disabled",
     "The app does not allow this flow; enable it in the app's OAuth settings"),
    ("api is not enabled", "no_api",
     "The org or its user has no API access; use an edition and a profile that have it"),
)  # fmt: skip


def _refusal(response: requests.Response, answer: object, secrets: list[str]) -> Failure:
    """Why the login was refused.

    https://help.salesforce.com/s/articleView?id=sf.remoteaccess_oauth_flow_errors.htm
    """
    status = response.status_code
    host = urlsplit(response.url or "").netloc
    if status >= 500 or status in (408, 429):
        text = f"The login at {host} is down or overloaded (HTTP {status}); it is tried again."
        return Failure("login_unavailable", text, Remedy.RETRY, 30)
    if not isinstance(answer, dict) or not isinstance(answer.get("error"), str):
        return _stop(
            "odd_login", f"{host} does not log in like Salesforce (HTTP {status}); check LOGIN_URL."
        )
    said = ": ".join(str(answer[k]) for k in ("error", "error_description") if answer.get(k))
    said = plain(said, secrets=secrets)
    for part, code, sentence in _MENDS:
        if part in said.lower():
            return _stop(code, f"{sentence} (Salesforce says {said}).")
    return _stop("login_refused", f"The login was refused; check the app (Salesforce says {said}).")


def _stop(code: str, message: str) -> Failure:
    return Failure(code, message, Remedy.STOP_ORG, 60)
