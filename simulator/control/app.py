"""Which control request is answered by what."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any

import orjson
from starlette.types import Receive, Scope, Send

from simulator.control import (
    automations,
    events,
    faults,
    managed,
    outbound,
    reports,
    sessions,
    settings,
)
from simulator.control.orders import BadOrder
from simulator.control.records import Editing
from simulator.errors import ApiError
from simulator.exchange import Exchange, Reply, read_exchange, send_reply
from simulator.gateway import Gateway
from simulator.org import Org

PREFIX = "/__control__/"
Handler = Callable[[Org, Exchange], Any]

HANDLERS: dict[tuple[str, str], Handler] = {
    ("POST", "faults"): faults.add,
    ("POST", "faults/schedule"): faults.schedule,
    ("POST", "faults/random"): faults.draw,
    ("GET", "faults"): faults.show,
    ("DELETE", "faults"): faults.remove,
    ("POST", "automations"): automations.add,
    ("GET", "automations"): automations.show,
    ("DELETE", "automations"): automations.remove,
    ("POST", "outbound"): outbound.add,
    ("GET", "outbound"): outbound.show,
    ("DELETE", "outbound"): outbound.remove,
    ("GET", "journal"): reports.calls,
    ("GET", "journal/summary"): reports.summary,
    ("GET", "changes"): reports.changes,
    ("GET", "users"): reports.users,
    ("GET", "state"): reports.state,
    ("POST", "token"): sessions.token,
    ("POST", "password"): sessions.password,
    ("POST", "openid"): sessions.openid,
    ("POST", "organization_id"): sessions.change_organization,
    ("POST", "settings"): sessions.configure,
    ("GET", "events"): events.show,
    ("POST", "events/settings"): events.configure,
    ("POST", "events/managed"): managed.put,
    ("GET", "events/managed"): managed.show,
    ("DELETE", "events/managed"): managed.remove,
    ("POST", "events/cut"): events.cut,
    ("POST", "events/fail"): events.fail,
    ("DELETE", "events/fail"): events.succeed,
    ("POST", "events/gap"): events.gap,
    ("POST", "events/overflow"): events.overflow,
    ("POST", "events/wildcard"): events.wildcard,
    ("POST", "events/conceal"): events.conceal,
    ("POST", "events/silence"): events.silence,
    ("POST", "events/duplicate"): events.duplicate,
    ("POST", "events/forget"): events.forget,
    ("POST", "events/schema"): events.change_schema,
    ("POST", "clock"): settings.clock,
    ("POST", "quota"): settings.quota,
    ("POST", "versions"): settings.versions,
}
NUMBERED = {"faults", "automations", "outbound"}  # DELETE name/ID


class Control:
    """The ASGI application under `/__control__`."""

    def __init__(self, org: Org, gateway: Gateway) -> None:
        self._org = org
        editing = Editing(org, gateway)
        self._editing: dict[str, Callable[[Exchange], Awaitable[Reply]]] = {
            "edit": editing.edit,
            "create": editing.create,
            "delete": editing.delete,
            "undelete": editing.undelete,
            "purge": editing.purge,
        }

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        exchange = await read_exchange(scope, receive)
        try:
            reply = await self._answer(exchange)
        except ApiError as error:
            reply = Reply(error.status, error.body())
        except (BadOrder, orjson.JSONDecodeError) as error:
            reply = Reply(400, {"error": str(error)})
        await send_reply(exchange, reply, self._org.clock, scope, send)

    async def _answer(self, exchange: Exchange) -> Reply:
        name = exchange.path.removeprefix(PREFIX).strip("/")
        if exchange.method == "POST" and name in self._editing:
            return await self._editing[name](exchange)
        first, _, rest = name.partition("/")
        key = first if exchange.method == "DELETE" and rest and first in NUMBERED else name
        handler = HANDLERS.get((exchange.method, key))
        if handler is None:
            known = [f"{method} {path}" for method, path in HANDLERS]
            known += [f"POST {path}" for path in self._editing]
            return Reply(404, {"error": f"no such control; there are {', '.join(known)}"})
        return Reply(200, handler(self._org, exchange))
