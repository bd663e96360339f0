"""The way of every REST call: who, faults, locks, one transaction, journal, answer.

The resources behind it are synchronous; only what takes time in reality is awaited
here: another transaction's lock, a slow commit, a slow answer.
"""

from __future__ import annotations

import asyncio
import re
import traceback
import uuid

from starlette.types import Receive, Scope, Send

from simulator import ids
from simulator.errors import ApiError, invalid_session
from simulator.exchange import Exchange, Reply, read_exchange, send_reply
from simulator.faults import REFUSALS
from simulator.faults.errors import made
from simulator.faults.fault import named
from simulator.org import Org
from simulator.pubsub.origin import rest_origin
from simulator.request_limits import too_long
from simulator.rest.call import Answer, Call, Tally
from simulator.rest.router import dispatch, may_write
from simulator.rest.versions import list_versions
from simulator.troubles import answer_with_faults
from simulator.visit import Handler, Visit, begin

__all__ = ["Gateway", "Handler", "Visit", "answer_with_faults", "begin"]

CACHING = "no-cache,must-revalidate,max-age=0,no-store,private"


class Gateway:
    """The ASGI application under `/services/data`. Another front has its own of the first four."""

    def __init__(self, org: Org) -> None:
        self._org = org

    def session(self, exchange: Exchange) -> str | None:
        """The token that says who calls."""
        return exchange.bearer

    def writes(self, exchange: Exchange) -> bool:
        return may_write(exchange.method, exchange.path)

    def dispatch(self, call: Call) -> Answer:
        return dispatch(call)

    def refused(self, path: str, headers: dict[str, str], error: ApiError) -> Answer:  # noqa: ARG002
        return Answer(error.status, error.body())

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        exchange = await read_exchange(scope, receive)
        await send_reply(exchange, await self.handle(exchange), self._org.clock, scope, send)

    async def handle(self, exchange: Exchange) -> Reply:
        visit = begin(self._org, exchange, self.session(exchange))
        with self._org.concurrency.running():
            reply = await answer_with_faults(self._org, visit, self._answer)
        request_id = uuid.uuid4().hex
        reply.headers |= {
            "X-SFDC-Request-Id": request_id,
            "X-Request-Id": request_id,
            "Cache-Control": CACHING,
        }
        if visit.user_id:
            reply.headers["Sforce-Limit-Info"] = self._org.quota.header()
        return reply

    async def _answer(self, visit: Visit) -> Reply:
        if visit.exchange.path.rstrip("/") == "/services/data":
            return Reply(200, list_versions(self._org.retired_versions))
        refusal = too_long(visit.exchange)
        if refusal:
            return self._refuse(visit, refusal)
        try:
            user_id = self._admit(visit)
        except ApiError as error:
            return self._refuse(visit, error)
        if not self.writes(visit.exchange):
            return self._carry_out(visit, user_id, self._org.clock.now(), frozenset())
        return await self._write(visit, user_id)

    def _refuse(self, visit: Visit, error: ApiError) -> Reply:
        answer = self.refused(visit.exchange.path, visit.exchange.headers, error)
        return Reply(answer.status, answer.body, dict(answer.headers))

    def _admit(self, visit: Visit) -> str:
        """The user's id, or the reason why the call is refused before it begins."""
        self._refuse_as_ordered(visit)
        if visit.user_id is None:
            if visit.exchange.headers.get("authorization") and visit.exchange.bearer is None:
                raise ApiError(401, "INVALID_AUTH_HEADER", "INVALID_HEADER_TYPE")
            raise invalid_session()
        if self._org.quota.exhausted:
            raise REFUSALS["daily_limit"]()
        if self._org.concurrency.exhausted:
            raise REFUSALS["concurrent_limit"]()
        self._check_object_rights(visit)
        return visit.user_id

    def _refuse_as_ordered(self, visit: Visit) -> None:
        faults = self._org.faults
        for kind, refusal in REFUSALS.items():
            if faults.take(kind, visit.target):
                raise refusal()
        fault = faults.take("error", visit.target)
        if fault:
            order = fault.order
            fields = [str(order["field"])] if "field" in order else None
            raise made(
                str(order["code"]),
                status=order.get("status"),
                message=order.get("message"),
                fields=fields,
                sobject=str(order.get("object", "User")),
            )

    def _check_object_rights(self, visit: Visit) -> None:
        """Reads of an object whose permission is gone; writes are refused record by record."""
        if self.writes(visit.exchange):
            return
        for name in self._org.faults.closed_objects(visit.target.user):
            if re.search(rf"\b{re.escape(name)}\b", visit.words, re.IGNORECASE):
                visit.target.struck.append("no_access")
                closed = self._org.schema.object(name)
                raise made("INSUFFICIENT_ACCESS", sobject=closed.name if closed else name)

    async def _write(self, visit: Visit, user_id: str) -> Reply:
        """Waits for rows that other transactions hold; holds them itself in a slow commit."""
        org, locked = self._org, frozenset[str]()
        slow = org.faults.take("slow_commit", visit.target)
        touched: set[str] = set()
        if slow or org.locks:
            touched = ids.in_text(
                visit.exchange.path + visit.exchange.body.decode("utf-8", "replace")
            )
            locked = await org.locks.wait(touched)
        began = org.clock.now()
        if not slow:
            return self._carry_out(visit, user_id, began, locked)
        with org.locks.hold(touched - locked, began):
            await asyncio.sleep(float(slow.order["seconds"]))
            return self._carry_out(visit, user_id, began, locked)

    def _carry_out(self, visit: Visit, user_id: str, at: float, locked: frozenset[str]) -> Reply:
        """Changes, quota and journal in one transaction: what was answered was committed."""
        org, exchange, entry = self._org, visit.exchange, visit.entry
        tally = Tally()
        call = Call(
            org,
            exchange.method,
            "",
            exchange.path,
            exchange.params,
            exchange.headers,
            exchange.body,
            None,
            org.access(user_id),
            entry.number,
            at,
            visit.target,
            exchange.origin,
            locked,
            tally,
        )
        with org.db.transaction(rest_origin(exchange.path, exchange.headers)):
            answer = self._guarded(call)
            entry.api_calls, entry.records, entry.status = (
                tally.api_calls,
                tally.records,
                answer.status,
            )
            if tally.subrequests:
                entry.detail["subrequests"] = tally.subrequests
            entry.detail |= named(visit.target.struck)
            org.quota.spend(tally.api_calls)
            entry.answered_at = org.clock.now()
            org.journal.note(entry)
        return Reply(answer.status, answer.body, dict(answer.headers))

    def _guarded(self, call: Call) -> Answer:
        """A refusal undoes what the request did before it."""
        try:
            with call.org.db.savepoint():
                return self.dispatch(call)
        except ApiError as error:
            return self.refused(call.path, call.headers, error)
        except Exception:  # noqa: BLE001 - a fault of the simulator itself: shown on stderr, answered as Salesforce does
            traceback.print_exc()
            message = (
                "An unexpected error occurred. Include this ErrorId if you contact support: "
                f"{call.number}"
            )
            unknown = ApiError(500, "UNKNOWN_EXCEPTION", message)
            return self.refused(call.path, call.headers, unknown)
