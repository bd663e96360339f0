"""The first step of the code flow: the page to which a browser is sent."""

from __future__ import annotations

from simulator.auth import OAuthError
from simulator.exchange import Exchange, Reply
from simulator.oauth.clients import known, parameters
from simulator.openid import CODE_LIFETIME, Grant, sign_in_form, with_query
from simulator.org import Org

HTML = {"Content-Type": "text/html; charset=UTF-8"}
UNASKED = "id api refresh_token"  # who asks for no scope gets those that the app has
CALLBACKS = ("https://", "http://localhost", "http://127.0.0.1")


def authorize(org: Org, exchange: Exchange) -> Reply:
    """Nobody is redirected before it is known to whom."""
    params = parameters(exchange)
    uri = params.get("redirect_uri", "")
    if not known(params.get("client_id", ""), org.app):
        raise OAuthError("invalid_client_id", "client identifier invalid")
    if not uri.startswith(CALLBACKS):
        raise OAuthError("redirect_uri_mismatch", "redirect_uri must match configuration")
    if params.get("deny"):
        return _refused(params, "access_denied", "end-user denied authorization")
    if params.get("response_type") != "code":
        return _refused(params, "unsupported_response_type", "response type not supported")
    user_id = org.people.active(params.get("login_hint", ""))
    if user_id is None:
        return Reply(200, sign_in_form(exchange.path, params), HTML)
    return _back(params, {"code": org.openid.grant(_grant(org, params, user_id))})


def _grant(org: Org, params: dict[str, str], user_id: str) -> Grant:
    return Grant(
        user_id,
        params["redirect_uri"],
        params.get("scope") or UNASKED,
        params.get("nonce", ""),
        params.get("code_challenge", ""),
        org.clock.now() + CODE_LIFETIME,
        params["client_id"],
    )


def _refused(params: dict[str, str], error: str, description: str) -> Reply:
    return _back(params, {"error": error, "error_description": description})


def _back(params: dict[str, str], answer: dict[str, str]) -> Reply:
    state = {"state": params["state"]} if "state" in params else {}
    return Reply(302, None, {"Location": with_query(params["redirect_uri"], answer | state)})
