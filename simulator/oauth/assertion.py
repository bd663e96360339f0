"""The assertion of the JWT bearer flow. No stricter than what real clients' assertions need."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlsplit

import jwt

from simulator.auth import OAuthError

# Login hosts, any My Domain, and sites: clients try them all.
AUDIENCES = ("salesforce.com", "site.com", "force.com")
UNCHECKED: Any = {
    "verify_exp": False,
    "verify_aud": False,
    "verify_iat": False,
    "verify_nbf": False,
}


def subject(assertion: str, public_key: str, client_id: str, host: str, now: float) -> str:
    """The username that the assertion names; `host` is the one that it was sent to.

    `exp` may be a string (simple-salesforce), or far away (the CLI sends milliseconds); real
    orgs take both, so only a past one is refused. Raises OAuthError.
    """
    try:
        claims = jwt.decode(assertion, public_key, algorithms=["RS256"], options=UNCHECKED)
    except jwt.InvalidTokenError as error:
        raise OAuthError("invalid_grant", "invalid assertion") from error
    if claims.get("iss") != client_id:
        raise OAuthError("invalid_client_id", "client identifier invalid")
    if not any(_is_ours(audience, host) for audience in _audiences(claims)):
        raise OAuthError("invalid_grant", "audience is invalid")
    if _expiry(claims) <= now:
        raise OAuthError("invalid_grant", "expired authorization code")
    return str(claims.get("sub", ""))


def _audiences(claims: dict[str, Any]) -> list[object]:
    given = claims.get("aud")
    return given if isinstance(given, list) else [given]


def _is_ours(audience: object, host: str) -> bool:
    if not isinstance(audience, str):
        return False
    named = urlsplit(audience).hostname or ""
    return named == host or any(named.endswith(f".{domain}") for domain in AUDIENCES)


def _expiry(claims: dict[str, Any]) -> float:
    try:
        return float(claims["exp"])
    except (KeyError, TypeError, ValueError) as error:
        raise OAuthError("invalid_grant", "invalid assertion") from error
