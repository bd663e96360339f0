"""What an app asks about a token that it has, and how it gives one back."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlencode

from simulator.auth import OAuthError, Permit
from simulator.exchange import Exchange, Reply
from simulator.oauth.answers import identity_url
from simulator.oauth.clients import authenticate, parameters
from simulator.org import Org

FORM = {"Content-Type": "application/x-www-form-urlencoded;charset=UTF-8"}
INACTIVE = {"active": False}


def introspect(org: Org, exchange: Exchange) -> Reply:
    """RFC 7662. An app learns of its own tokens only; Salesforce's field list is unconfirmed, and
    so is 401 for an app that cannot prove itself (it is the RFC's).
    """
    try:
        client_id = authenticate(exchange, org.app)
    except OAuthError as error:
        return Reply(401, error.body())
    token, now = parameters(exchange).get("token", ""), org.clock.now()
    access = org.tokens.access_permit(token, now)
    permit = access or org.tokens.refresh_permit(token)
    if permit is None or permit.client_id != client_id or not org.people.is_active(permit.user_id):
        return Reply(200, INACTIVE)
    kind = "access_token" if access else "refresh_token"
    return Reply(200, _active(org, exchange, permit, kind))


def _active(org: Org, exchange: Exchange, permit: Permit, kind: str) -> dict[str, Any]:
    expiry = {} if permit.expires_at is None else {"exp": int(permit.expires_at)}
    return {
        "active": True,
        "scope": permit.scope,
        "client_id": permit.client_id,
        "username": org.username(permit.user_id),
        "sub": identity_url(org, exchange, permit.user_id),
        "token_type": kind,
        **expiry,
        "iat": int(permit.issued_at),
        "nbf": int(permit.issued_at),
    }


def revoke(org: Org, exchange: Exchange) -> Reply:
    """By GET or POST; a refusal is a query string, as clients read it (`invalid_token` and 400
    are documented, the wording is not).
    """
    given = parameters(exchange).get("token", "")
    if org.tokens.revoke(given):
        return Reply(200)
    refusal = {"error": "invalid_token", "error_description": "invalid token"}
    return Reply(400, urlencode(refusal), FORM)
