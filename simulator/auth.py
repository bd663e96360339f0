"""Access tokens, and the two OAuth flows that lead to them.

Shapes and wording: recorded token answers and error fixtures of real clients. The
lifetime is a setting (no `expires_in` is ever sent); it counts from the login, where
real sessions are also prolonged by use.
"""

from __future__ import annotations

import base64
import binascii
import hmac
import secrets
import string
from typing import Any

import jwt

from simulator.database import Database

BEARER_GRANT = "urn:ietf:params:oauth:grant-type:jwt-bearer"
ALPHABET = string.ascii_letters + string.digits + "._"
SCOPE = "api"


class OAuthError(Exception):
    """A refusal of the token endpoint: HTTP 400 with `error` and `error_description`."""

    def __init__(self, error: str, description: str) -> None:
        super().__init__(description)
        self.error = error
        self.description = description

    def body(self) -> dict[str, str]:
        return {"error": self.error, "error_description": self.description}


class Tokens:
    def __init__(self, database: Database, lifetime: float) -> None:
        self._db = database
        self.lifetime = lifetime

    def issue(
        self, user_id: str, organization_id: str, now: float, lifetime: float | None = None
    ) -> str:
        token = f"{organization_id[:15]}!AQ" + "".join(secrets.choice(ALPHABET) for _ in range(94))
        expires = now + (self.lifetime if lifetime is None else lifetime)
        self._db.execute("INSERT INTO token VALUES (?, ?, ?, ?)", (token, user_id, now, expires))
        return token

    def user_of(self, token: str, now: float) -> str | None:
        row = self._db.execute(
            "SELECT user_id FROM token WHERE token = ? AND expires_at > ?", (token, now)
        ).fetchone()
        return str(row[0]) if row else None

    def revoke(self, token: str) -> bool:
        return self._db.execute("DELETE FROM token WHERE token = ?", (token,)).rowcount > 0

    def revoke_all(self, user_id: str | None = None) -> int:
        """Ends the sessions of one user, or of everyone."""
        if user_id is None:
            return self._db.execute("DELETE FROM token").rowcount
        return self._db.execute("DELETE FROM token WHERE user_id = ?", (user_id,)).rowcount


def client_credentials(
    form: dict[str, str], authorization: str, client_id: str, client_secret: str
) -> None:
    """Id and secret come by HTTP Basic or in the body; both are in use by real clients."""
    given_id, given_secret = form.get("client_id", ""), form.get("client_secret", "")
    if authorization.lower().startswith("basic "):
        given_id, given_secret = _basic(authorization[6:])
    if not hmac.compare_digest(given_id.encode(), client_id.encode()):
        raise OAuthError("invalid_client_id", "client identifier invalid")
    if not hmac.compare_digest(given_secret.encode(), client_secret.encode()):
        raise OAuthError("invalid_client", "invalid client credentials")


def _basic(encoded: str) -> tuple[str, str]:
    try:
        name, _, secret = base64.b64decode(encoded, validate=True).decode().partition(":")
    except (binascii.Error, UnicodeDecodeError) as error:
        raise OAuthError("invalid_client", "invalid client credentials") from error
    return name, secret


def jwt_subject(assertion: str, public_key: str, client_id: str, now: float) -> str:
    """The username that the assertion names.

    `exp` may be a string (simple-salesforce), or far away (the CLI sends milliseconds);
    real orgs take both, so only a past one is refused. `aud` is not looked at.
    """
    options: Any = {
        "verify_exp": False,
        "verify_aud": False,
        "verify_iat": False,
        "verify_nbf": False,
    }
    try:
        claims = jwt.decode(assertion, public_key, algorithms=["RS256"], options=options)
    except jwt.InvalidSignatureError as error:
        raise OAuthError("invalid_grant", "invalid assertion") from error
    except jwt.InvalidTokenError as error:
        raise OAuthError("invalid_grant", "invalid assertion") from error
    if claims.get("iss") != client_id:
        raise OAuthError("invalid_client_id", "client identifier invalid")
    try:
        expires = float(claims["exp"])
    except (KeyError, TypeError, ValueError) as error:
        raise OAuthError("invalid_grant", "invalid assertion") from error
    if expires <= now:
        raise OAuthError("invalid_grant", "expired authorization code")
    return str(claims.get("sub", ""))
