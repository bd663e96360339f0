"""The token endpoint: five ways to a token. Bodies as recorded or documented."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any
from urllib.parse import urlsplit

from simulator.auth import OAuthError
from simulator.exchange import Exchange, Reply
from simulator.hosts import at_login_host
from simulator.oauth.answers import token_answer
from simulator.oauth.assertion import subject
from simulator.oauth.clients import authenticate, parameters
from simulator.org import Org

BEARER = "urn:ietf:params:oauth:grant-type:jwt-bearer"
LASTING = frozenset({"refresh_token", "offline_access"})
Answer = dict[str, Any]
Grant = Callable[[Org, Exchange, dict[str, str]], Answer]


def token(org: Org, exchange: Exchange) -> Reply:
    if exchange.method != "POST":
        raise OAuthError("invalid_request", "must use HTTP POST")
    form = parameters(exchange)
    grant = GRANTS.get(form.get("grant_type", ""))
    if grant is None:
        raise OAuthError("unsupported_grant_type", "grant type not supported")
    return Reply(200, grant(org, exchange, form))


def client_credentials(org: Org, exchange: Exchange, _: dict[str, str]) -> Answer:
    """As the app's run-as user; one that is missing or inactive logs nobody in."""
    if at_login_host(exchange):
        raise OAuthError("invalid_grant", "request not supported on this domain")
    client_id = authenticate(exchange, org.app)
    if client_id != org.app.client_id or not org.people.is_active(org.integration_id):
        raise OAuthError("invalid_grant", "no client credentials user enabled")
    return _session(org, exchange, org.integration_id, client_id)


def bearer(org: Org, exchange: Exchange, form: dict[str, str]) -> Answer:
    """As whom the assertion names, if the app is pre-authorized for that user."""
    host = urlsplit(exchange.origin).hostname or ""
    assertion, app = form.get("assertion", ""), org.app
    username = subject(assertion, app.public_key, app.client_id, host, org.clock.now())
    user_id = org.people.approved(username)
    if user_id is None:
        raise OAuthError("invalid_grant", "user hasn't approved this consumer")
    return _session(org, exchange, user_id, app.client_id)


def password(org: Org, exchange: Exchange, form: dict[str, str]) -> Answer:
    """The recorded answer of this flow has no scope; its refusal is recorded as well."""
    client_id = authenticate(exchange, org.app)
    user_id = org.people.login(form.get("username", ""), form.get("password", ""))
    if user_id is None:
        raise OAuthError("invalid_grant", "authentication failure - Invalid Password")
    found = _session(org, exchange, user_id, client_id)
    names = ("access_token", "instance_url", "id", "token_type", "issued_at", "signature")
    return {name: found[name] for name in names}


def refresh(org: Org, exchange: Exchange, form: dict[str, str]) -> Answer:
    """A new session of the same scope; the refresh token stays good and is not sent again."""
    client_id = authenticate(exchange, org.app, secret_needed=False)
    given = form.get("refresh_token", "")
    permit = org.tokens.refresh_permit(given)
    if permit is None or permit.client_id != client_id or not org.people.is_active(permit.user_id):
        raise OAuthError("invalid_grant", "expired access/refresh token")
    return _session(org, exchange, permit.user_id, client_id, permit.scope, given)


def authorization_code(org: Org, exchange: Exchange, form: dict[str, str]) -> Answer:
    """The last step of the code flow: tokens for the app that can prove itself."""
    client_id = authenticate(exchange, org.app, secret_needed="code_verifier" not in form)
    grant, now = org.openid.redeem(form, org.clock.now()), org.clock.now()
    if client_id != grant.client_id or not (grant.challenge or _has_secret(exchange, form)):
        raise OAuthError("invalid_grant", "invalid authorization code")
    scopes = set(grant.scope.split())
    lasting = None
    if scopes & LASTING:
        lasting = org.tokens.issue_refresh(grant.user_id, client_id, grant.scope, now)
    answer = _session(org, exchange, grant.user_id, client_id, grant.scope, lasting)
    if lasting:
        answer = {"access_token": answer.pop("access_token"), "refresh_token": lasting} | answer
    if "openid" in scopes and org.openid.defect != "no_id_token":
        answer["id_token"] = org.openid.id_token(
            exchange.origin, client_id, answer["id"], grant, answer["access_token"], now
        )
    return answer


def _has_secret(exchange: Exchange, form: dict[str, str]) -> bool:
    """A verifier without a challenge proves nothing."""
    return bool(form.get("client_secret") or exchange.headers.get("authorization"))


def _session(
    org: Org,
    exchange: Exchange,
    user_id: str,
    client_id: str,
    scope: str = "api",
    refresh_token: str | None = None,
) -> Answer:
    now = org.clock.now()
    access_token = org.tokens.issue(
        user_id,
        org.organization_id,
        now,
        client_id=client_id,
        scope=scope,
        refresh_token=refresh_token,
    )
    return token_answer(org, exchange, user_id, access_token, now, scope)


GRANTS: dict[str, Grant] = {
    "client_credentials": client_credentials,
    BEARER: bearer,
    "password": password,
    "refresh_token": refresh,
    "authorization_code": authorization_code,
}
