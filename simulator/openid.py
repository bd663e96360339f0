"""OpenID Connect as Salesforce does it: discovery, the code flow with PKCE, RS256 ID tokens.

Shapes: the published discovery document and Salesforce's help on ID tokens and userinfo; that
`custom_permissions` comes as a map of names to booleans is from the help, not recorded. Who is
named in `login_hint` and active is signed in at once; without one there is a small form.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import secrets
from dataclasses import dataclass
from functools import cached_property
from html import escape
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import jwt
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa

from simulator.auth import OAuthError
from simulator.database import Database
from simulator.identity import ADMIN_SET

CODE_LIFETIME = 900
ID_TOKEN_LIFETIME = 120
KEY_ID = "1"
DEFECTS = frozenset(
    {
        "signature",
        "issuer",
        "audience",
        "nonce",
        "expired",
        "no_id_token",
        "other_subject",
        "algorithm",
    }
)


@dataclass(frozen=True)
class Grant:
    """What an authorization code stands for."""

    user_id: str
    redirect_uri: str
    scope: str
    nonce: str
    challenge: str
    until: float
    client_id: str


class SigningKey:
    """The key of ID tokens, made when it is first needed and kept in the org's folder."""

    def __init__(self, folder: Path) -> None:
        self._path = folder / "openid-private-key.pem"

    @cached_property
    def private(self) -> rsa.RSAPrivateKey:
        if not self._path.exists():
            _write_key(self._path)
        found = serialization.load_pem_private_key(self._path.read_bytes(), None)
        assert isinstance(found, rsa.RSAPrivateKey)
        return found

    def public(self) -> dict[str, str]:
        numbers = self.private.public_key().public_numbers()
        return {
            "kty": "RSA",
            "kid": KEY_ID,
            "use": "sig",
            "alg": "RS256",
            "n": _base64url(numbers.n.to_bytes(256, "big")),
            "e": _base64url(numbers.e.to_bytes(3, "big")),
        }


class OpenId:
    """The state of the flow: codes that wait to be redeemed, and what is to go wrong."""

    def __init__(self, database: Database, folder: Path) -> None:
        self._db = database
        self.key = SigningKey(folder)
        self.defect = ""
        self._grants: dict[str, Grant] = {}

    def grant(self, grant: Grant) -> str:
        code = "aPrx" + secrets.token_urlsafe(48)
        self._grants[code] = grant
        return code

    def redeem(self, form: dict[str, str], now: float) -> Grant:
        """A code is good for once, for whoever began the flow."""
        grant = self._grants.pop(form.get("code", ""), None)
        if grant is None or grant.until <= now:
            raise OAuthError("invalid_grant", "expired authorization code")
        if form.get("redirect_uri") != grant.redirect_uri:
            raise OAuthError("redirect_uri_mismatch", "redirect_uri must match configuration")
        if grant.challenge:
            verifier = form.get("code_verifier", "").encode()
            if not hmac.compare_digest(
                _base64url(hashlib.sha256(verifier).digest()), grant.challenge
            ):
                raise OAuthError("invalid_grant", "invalid code verifier")
        return grant

    def configure(self, user_id: str, order: dict[str, Any]) -> None:
        """What a person has: permissions and attributes, instead of those of the permission set."""
        kept = self._extras(user_id) | {
            name: order[name]
            for name in ("custom_permissions", "custom_attributes")
            if name in order
        }
        self._db.set_setting(f"openid {user_id}", json.dumps(kept))

    def extras(self, user_id: str, scope: str) -> dict[str, Any]:
        found = self._extras(user_id)
        if "custom_permissions" not in scope.split():
            found.pop("custom_permissions", None)
        return found

    def _extras(self, user_id: str) -> dict[str, Any]:
        row = self._db.execute(
            "SELECT 1 FROM assignment WHERE user_id = ? AND permission_set = ?",
            (user_id, ADMIN_SET),
        ).fetchone()
        usual: dict[str, Any] = {"custom_permissions": {ADMIN_SET: row is not None}}
        found: dict[str, Any] = json.loads(self._db.setting(f"openid {user_id}", "{}"))
        return usual | found

    def id_token(
        self, issuer: str, client_id: str, subject: str, grant: Grant, token: str, now: float
    ) -> str:
        """Signed for this app, or not quite, if something is to go wrong."""
        claims: dict[str, Any] = {
            "at_hash": _base64url(hashlib.sha256(token.encode()).digest()[:16]),
            "sub": subject,
            "aud": client_id,
            "iss": issuer,
            "exp": int(now) + ID_TOKEN_LIFETIME,
            "iat": int(now),
        }
        if grant.nonce:
            claims["nonce"] = grant.nonce
        wrong: dict[str, dict[str, Any]] = {
            "issuer": {"iss": "https://login.evil.example"},
            "audience": {"aud": "another app"},
            "nonce": {"nonce": "another one"},
            "expired": {"exp": int(now) - 3600, "iat": int(now) - 3720},
        }
        claims |= wrong.get(self.defect, {})
        headers = {"kid": KEY_ID}
        if self.defect == "algorithm":
            return jwt.encode(claims, client_id, "HS256", headers)
        key = self.key.private
        if self.defect == "signature":
            key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
        return jwt.encode(claims, key, "RS256", headers)


def metadata(origin: str) -> dict[str, Any]:
    """What is really served, so less than an org lists (`token id_token`, registration)."""
    oauth = f"{origin}/services/oauth2"
    return {
        "issuer": origin,
        "authorization_endpoint": f"{oauth}/authorize",
        "token_endpoint": f"{oauth}/token",
        "revocation_endpoint": f"{oauth}/revoke",
        "introspection_endpoint": f"{oauth}/introspect",
        "userinfo_endpoint": f"{oauth}/userinfo",
        "jwks_uri": f"{origin}/id/keys",
        "scopes_supported": [
            "openid",
            "id",
            "profile",
            "email",
            "api",
            "refresh_token",
            "offline_access",
            "custom_permissions",
        ],
        "response_types_supported": ["code"],
        "subject_types_supported": ["public"],
        "id_token_signing_alg_values_supported": ["RS256"],
        "grant_types_supported": [
            "authorization_code",
            "refresh_token",
            "password",
            "client_credentials",
            "urn:ietf:params:oauth:grant-type:jwt-bearer",
        ],
        "token_endpoint_auth_methods_supported": ["client_secret_post", "client_secret_basic"],
        "code_challenge_methods_supported": ["S256"],
    }


def with_query(uri: str, values: dict[str, str]) -> str:
    return f"{uri}{'&' if '?' in uri else '?'}{urlencode(values)}"


def sign_in_form(action: str, params: dict[str, str]) -> str:
    hidden = "".join(
        f'<input type="hidden" name="{escape(name)}" value="{escape(value)}">'
        for name, value in params.items()
        if name != "login_hint"
    )
    return (
        "<!doctype html><html lang=en><title>Login | Simulated org</title><h1>Simulated org</h1>"
        f'<form action="{escape(action)}">{hidden}'
        '<label for="username">Username</label> <input id="username" name="login_hint" required> '
        '<button>Log In and Allow</button> <button name="deny" value="1" formnovalidate>Deny'
        "</button></form></html>"
    )


def _write_key(path: Path) -> None:
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    path.touch(mode=0o600)
    path.write_bytes(
        key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )
    )


def _base64url(octets: bytes) -> str:
    return base64.urlsafe_b64encode(octets).rstrip(b"=").decode()
