"""`/services/oauth2/…` and `/id/…`. Bodies and headers as recorded."""

from __future__ import annotations

import base64
import hashlib
import hmac
from collections.abc import Callable
from typing import Any

from starlette.types import Receive, Scope, Send

from simulator.auth import BEARER_GRANT, SCOPE, OAuthError, client_credentials, jwt_subject
from simulator.errors import ApiError, invalid_session, not_found
from simulator.exchange import Exchange, Reply, read_exchange, send_reply
from simulator.gateway import Visit, answer_with_faults, begin
from simulator.openid import CODE_LIFETIME, Grant, metadata, sign_in_form, with_query
from simulator.org import Org

HTML = {"Content-Type": "text/html; charset=UTF-8"}
NOT_CACHED = {
    "Cache-Control": "no-cache,must-revalidate,max-age=0,no-store,private",
    "X-ReadOnlyMode": "false",
}
Resource = Callable[[Org, Exchange], Reply]


class OAuth:
    """One OAuth resource as an ASGI application; journaled like any call, free of charge."""

    def __init__(self, org: Org, resource: Resource) -> None:
        self._org = org
        self._resource = resource

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        exchange = await read_exchange(scope, receive)
        reply = await answer_with_faults(self._org, begin(self._org, exchange), self._answer)
        reply.headers |= NOT_CACHED
        await send_reply(exchange, reply, self._org.clock, scope, send)

    async def _answer(self, visit: Visit) -> Reply:
        try:
            return self._resource(self._org, visit.exchange)
        except OAuthError as error:
            return Reply(400, error.body())
        except ApiError as error:
            return Reply(error.status, error.body())


def token(org: Org, exchange: Exchange) -> Reply:
    if exchange.method != "POST":
        raise OAuthError("invalid_request", "must use HTTP POST")
    form, now = exchange.form(), org.clock.now()
    grant = form.get("grant_type", "")
    if grant == "client_credentials":
        authorization = exchange.headers.get("authorization", "")
        client_credentials(form, authorization, org.app.client_id, org.app.client_secret)
        user_id = _run_as_user(org)
    elif grant == BEARER_GRANT:
        username = jwt_subject(
            form.get("assertion", ""), org.app.public_key, org.app.client_id, now
        )
        user_id = _approved(org, username)
    elif grant == "authorization_code":
        return Reply(200, _redeem(org, exchange, form, now))
    else:
        raise OAuthError("unsupported_grant_type", "grant type not supported")
    access_token = org.tokens.issue(user_id, org.organization_id, now)
    return Reply(200, token_answer(org, exchange, user_id, access_token, now))


def _redeem(org: Org, exchange: Exchange, form: dict[str, str], now: float) -> dict[str, Any]:
    """The last step of the code flow: tokens for the app that can prove itself."""
    authorization = exchange.headers.get("authorization", "")
    client_credentials(form, authorization, org.app.client_id, org.app.client_secret)
    grant = org.openid.redeem(form, now)
    access_token = org.tokens.issue(grant.user_id, org.organization_id, now)
    org.db.set_setting(f"scope {access_token}", grant.scope)
    answer = token_answer(org, exchange, grant.user_id, access_token, now)
    answer["scope"] = grant.scope
    if "openid" in grant.scope.split() and org.openid.defect != "no_id_token":
        answer["id_token"] = org.openid.id_token(
            exchange.origin, org.app.client_id, answer["id"], grant, access_token, now
        )
    return answer


def configuration(_: Org, exchange: Exchange) -> Reply:
    return Reply(200, metadata(exchange.origin))


def keys(org: Org, _: Exchange) -> Reply:
    return Reply(200, {"keys": [org.openid.key.public()]})


def authorize(org: Org, exchange: Exchange) -> Reply:
    """Nobody is redirected before it is known to whom."""
    params = exchange.params | exchange.form()
    uri = params.get("redirect_uri", "")
    if params.get("client_id") != org.app.client_id:
        raise OAuthError("invalid_client_id", "client identifier invalid")
    if not uri.startswith(("https://", "http://localhost", "http://127.0.0.1")):
        raise OAuthError("redirect_uri_mismatch", "redirect_uri must match configuration")
    state = {"state": params["state"]} if "state" in params else {}
    if params.get("deny"):
        refusal = {"error": "access_denied", "error_description": "end-user denied authorization"}
        return Reply(302, None, {"Location": with_query(uri, refusal | state)})
    if params.get("response_type") != "code":
        refusal = {
            "error": "unsupported_response_type",
            "error_description": "response type not supported",
        }
        return Reply(302, None, {"Location": with_query(uri, refusal | state)})
    user_id = _active(org, params.get("login_hint", ""))
    if user_id is None:
        return Reply(200, sign_in_form(exchange.path, params), HTML)
    grant = Grant(
        user_id,
        uri,
        params.get("scope", ""),
        params.get("nonce", ""),
        params.get("code_challenge", ""),
        org.clock.now() + CODE_LIFETIME,
    )
    return Reply(
        302, None, {"Location": with_query(uri, {"code": org.openid.grant(grant)} | state)}
    )


def _active(org: Org, username: str) -> str | None:
    row = org.db.execute(
        'SELECT Id FROM "so_User" WHERE Username = ? COLLATE NOCASE AND IsActive = 1', (username,)
    ).fetchone()
    return str(row[0]) if row else None


def token_answer(
    org: Org, exchange: Exchange, user_id: str, access_token: str, now: float
) -> dict[str, Any]:
    identity = f"{exchange.origin}/id/{org.organization_id}/{user_id}"
    issued = str(int(now * 1000))
    signature = hmac.new(
        org.app.client_secret.encode(), (identity + issued).encode(), hashlib.sha256
    ).digest()
    return {
        "access_token": access_token,
        "signature": base64.b64encode(signature).decode(),
        "scope": SCOPE,
        "instance_url": exchange.origin,
        "id": identity,
        "token_type": "Bearer",
        "issued_at": issued,
        "api_instance_url": exchange.origin,
    }


def _run_as_user(org: Org) -> str:
    """An app whose run-as user is missing or inactive logs nobody in."""
    row = org.records.get(org.schema.objects["user"], org.integration_id)
    if not row["IsActive"]:
        raise OAuthError("invalid_grant", "no client credentials user enabled")
    return org.integration_id


def _approved(org: Org, username: str) -> str:
    """JWT works for active users with one of the permission sets: a pre-authorized app."""
    row = org.db.execute(
        'SELECT Id FROM "so_User" WHERE Username = ? COLLATE NOCASE AND IsActive = 1 '
        "AND Id IN (SELECT user_id FROM assignment)",
        (username,),
    ).fetchone()
    if row is None:
        raise OAuthError("invalid_grant", "user hasn't approved this consumer")
    return str(row[0])


def revoke(org: Org, exchange: Exchange) -> Reply:
    given = exchange.form().get("token") or exchange.params.get("token", "")
    if not org.tokens.revoke(given):
        return Reply(
            400, {"error": "invalid_token", "error_description": f"invalid token: {given[:3]}…"}
        )
    return Reply(200)


def userinfo(org: Org, exchange: Exchange) -> Reply:
    user_id = _user(org, exchange)
    person = _person(org, exchange, user_id)
    scope = org.db.setting(f"scope {exchange.bearer}")
    if scope:
        person |= org.openid.extras(user_id, scope)
    if org.openid.defect == "other_subject":
        person["sub"] = f"{exchange.origin}/id/{org.organization_id}/{org.integration_id}"
    return Reply(200, person)


def identity(org: Org, exchange: Exchange) -> Reply:
    caller = _user(org, exchange)
    parts = exchange.path.strip("/").split("/")
    if len(parts) != 3 or parts[1] != org.organization_id:
        raise not_found()
    if parts[2] != caller:
        raise ApiError(403, "FORBIDDEN", "Forbidden")
    return Reply(
        200,
        {"id": f"{exchange.origin}{exchange.path}", "asserted_user": True}
        | _person(org, exchange, caller),
    )


def _user(org: Org, exchange: Exchange) -> str:
    given = exchange.bearer or exchange.params.get("oauth_token") or ""
    user_id = org.tokens.user_of(given, org.clock.now())
    if user_id is None:
        raise invalid_session()
    return user_id


def _person(org: Org, exchange: Exchange, user_id: str) -> dict[str, Any]:
    user = org.schema.objects["user"]
    row = org.records.get(user, user_id)
    data = f"{exchange.origin}/services/data/v{{version}}/"
    return {
        "sub": f"{exchange.origin}/id/{org.organization_id}/{user_id}",
        "user_id": user_id,
        "organization_id": org.organization_id,
        "preferred_username": row["Username"],
        "username": row["Username"],
        "nickname": row["CommunityNickname"],
        "name": row["Name"],
        "email": row["Email"],
        "email_verified": True,
        "given_name": row["FirstName"],
        "family_name": row["LastName"],
        "zoneinfo": row["TimeZoneSidKey"],
        "photos": {},
        "address": {},
        "is_salesforce_integration_user": user_id == org.integration_id,
        "urls": {
            "rest": data,
            "sobjects": f"{data}sobjects/",
            "query": f"{data}query/",
            "search": f"{data}search/",
            "recent": f"{data}recent/",
        },
        "active": bool(row["IsActive"]),
        "user_type": "STANDARD",
        "language": row["LanguageLocaleKey"],
        "locale": row["LocaleSidKey"],
    }
