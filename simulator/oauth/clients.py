"""The apps that may ask for tokens, and how they prove themselves.

There are two: the org's own, with a secret, and the Salesforce CLI's, which every org knows and
which has none that is secret.
"""

from __future__ import annotations

import base64
import binascii
import hmac

from simulator.auth import OAuthError
from simulator.exchange import Exchange
from simulator.identity import App

CLI = "PlatformCLI"


def parameters(exchange: Exchange) -> dict[str, str]:
    """What was asked, in a form; some clients put it into the query (that this works in real
    orgs is unconfirmed).
    """
    return exchange.params | exchange.form()


def known(client_id: str, app: App) -> bool:
    return client_id == CLI or hmac.compare_digest(client_id.encode(), app.client_id.encode())


def authenticate(exchange: Exchange, app: App, *, secret_needed: bool = True) -> str:
    """The id of the app that asks; it gives id and secret by HTTP Basic or in the body.

    Where no secret is needed (PKCE proves the app, or a refresh token does) a wrong one is still
    refused. Raises OAuthError.
    """
    client_id, secret = _given(exchange)
    if not known(client_id, app):
        raise OAuthError("invalid_client_id", "client identifier invalid")
    if client_id == CLI or not (secret or secret_needed):
        return client_id
    if not hmac.compare_digest(secret.encode(), app.client_secret.encode()):
        raise OAuthError("invalid_client", "invalid client credentials")
    return client_id


def _given(exchange: Exchange) -> tuple[str, str]:
    authorization = exchange.headers.get("authorization", "")
    if not authorization.lower().startswith("basic "):
        given = parameters(exchange)
        return given.get("client_id", ""), given.get("client_secret", "")
    try:
        name, _, secret = base64.b64decode(authorization[6:], validate=True).decode().partition(":")
    except (binascii.Error, UnicodeDecodeError) as error:
        raise OAuthError("invalid_client", "invalid client credentials") from error
    return name, secret
