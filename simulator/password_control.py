"""`POST /__control__/password`: what a user logs in with from now on."""

from __future__ import annotations

import orjson
from starlette.types import Receive, Scope, Send

from simulator.exchange import Exchange, Reply, read_exchange, send_reply
from simulator.org import Org
from simulator.people import Secret


class PasswordControl:
    """The ASGI application under `/__control__/password`."""

    def __init__(self, org: Org) -> None:
        self._org = org

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        exchange = await read_exchange(scope, receive)
        await send_reply(exchange, self._answer(exchange), self._org.clock, scope, send)

    def _answer(self, exchange: Exchange) -> Reply:
        if exchange.method != "POST":
            return Reply(405, {"error": "only POST"}, {"Allow": "POST"})
        try:
            order = orjson.loads(exchange.body or b"{}")
            user, secret = order["user"], Secret(order["password"], order.get("security_token", ""))
        except (orjson.JSONDecodeError, TypeError, KeyError, AttributeError):
            return Reply(400, {"error": "user and password are needed; security_token may be"})
        user_id = self._org.people.active(str(user))
        if user_id is None:
            return Reply(400, {"error": f"no active user with the username {user!r}"})
        self._org.people.set_secret(user_id, secret)
        return Reply(200, {"id": user_id})
