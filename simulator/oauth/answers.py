"""What the token endpoint says when it says yes, and how every resource of OAuth says no.

Keys and their order: recorded token answers, and the documented ones of each flow.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
from typing import Any

from simulator.auth import SCOPE, OAuthError
from simulator.errors import ApiError
from simulator.exchange import Exchange, Reply
from simulator.hosts import instance_url
from simulator.org import Org
from simulator.unmetered import Resource


def identity_url(org: Org, exchange: Exchange, user_id: str) -> str:
    """On the host of the login, as recorded: clients read both ids off its end."""
    return f"{exchange.origin}/id/{org.organization_id}/{user_id}"


def token_answer(
    org: Org, exchange: Exchange, user_id: str, access_token: str, now: float, scope: str = SCOPE
) -> dict[str, Any]:
    identity = identity_url(org, exchange, user_id)
    issued = str(int(now * 1000))
    signature = hmac.new(
        org.app.client_secret.encode(), (identity + issued).encode(), hashlib.sha256
    ).digest()
    return {
        "access_token": access_token,
        "signature": base64.b64encode(signature).decode(),
        "scope": scope,
        "instance_url": instance_url(exchange, org.domain),
        "id": identity,
        "token_type": "Bearer",
        "issued_at": issued,
        "api_instance_url": instance_url(exchange, org.domain),
    }


def refusing(resource: Resource) -> Resource:
    """The same resource, whose refusals are answers."""

    def answer(org: Org, exchange: Exchange) -> Reply:
        try:
            return resource(org, exchange)
        except OAuthError as error:
            return Reply(400, error.body())
        except ApiError as error:
            return Reply(error.status, error.body())

    return answer
