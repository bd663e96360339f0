"""Calls that count in no quota: everything around logging in. Journaled like any other."""

from __future__ import annotations

import uuid
from collections.abc import Callable

from starlette.types import Receive, Scope, Send

from simulator.errors import method_not_allowed
from simulator.exchange import Exchange, Reply, read_exchange, send_reply
from simulator.gateway import Visit, answer_with_faults, begin
from simulator.org import Org

NOT_CACHED = {
    "Cache-Control": "no-cache,must-revalidate,max-age=0,no-store,private",
    "Expires": "Thu, 01 Jan 1970 00:00:00 GMT",
    "X-ReadOnlyMode": "false",
}
Resource = Callable[[Org, Exchange], Reply]


class Unmetered:
    """One resource as an ASGI application; refusals are answers that the resource gives.

    Without `methods` it takes all and has its own word for those that it does not like; HEAD is
    a GET without a body.
    """

    def __init__(self, org: Org, resource: Resource, methods: tuple[str, ...] = ()) -> None:
        self._org = org
        self._resource = resource
        self._methods = methods

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        exchange = await read_exchange(scope, receive)
        visit = begin(self._org, exchange, exchange.bearer)
        reply = await answer_with_faults(self._org, visit, self._answer)
        request_id = uuid.uuid4().hex
        names = {"X-SFDC-Request-Id": request_id, "X-Request-Id": request_id}
        reply.headers |= NOT_CACHED | names
        await send_reply(exchange, reply, self._org.clock, scope, send)

    async def _answer(self, visit: Visit) -> Reply:
        method = visit.exchange.method
        if self._methods and method.replace("HEAD", "GET") not in self._methods:
            refusal = method_not_allowed(method, self._methods)
            return Reply(refusal.status, refusal.body(), {"Allow": ", ".join(self._methods)})
        return self._resource(self._org, visit.exchange)
