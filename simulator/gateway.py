"""The way of every REST call: who, faults, locks, one transaction, journal, answer.

The resources behind it are synchronous; only what takes time in reality is awaited
here: another transaction's lock, a slow commit, a slow answer.
"""

from __future__ import annotations

import asyncio
import traceback
import uuid
from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from starlette.types import Receive, Scope, Send

from simulator import ids
from simulator.errors import ApiError, invalid_session
from simulator.exchange import Exchange, Reply, read_exchange, send_reply
from simulator.faults import REFUSALS, Target
from simulator.journal import Entry
from simulator.org import Org
from simulator.request_limits import too_long
from simulator.rest.call import Answer, Call, Tally
from simulator.rest.router import dispatch, may_write
from simulator.rest.versions import list_versions

DOWN = (
    "<html><head><title>Service Unavailable</title></head><body><h1>We are down for "
    "maintenance.</h1>"
    "<p>Sorry for the inconvenience. We'll be back shortly.</p></body></html>"
)
NOTED_HEADERS = (
    "if-unmodified-since",
    "if-modified-since",
    "sforce-call-options",
    "sforce-query-options",
)
CACHING = "no-cache,must-revalidate,max-age=0,no-store,private"


@dataclass(frozen=True)
class Visit:
    """One request on its way through."""

    exchange: Exchange
    entry: Entry
    target: Target
    user_id: str | None


Handler = Callable[[Visit], Awaitable[Reply]]


class Gateway:
    """The ASGI application under `/services/data`."""

    def __init__(self, org: Org) -> None:
        self._org = org

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        exchange = await read_exchange(scope, receive)
        await send_reply(exchange, await self.handle(exchange), self._org.clock, scope, send)

    async def handle(self, exchange: Exchange) -> Reply:
        visit = begin(self._org, exchange)
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
            return Reply(refusal.status, refusal.body())
        try:
            user_id = self._admit(visit)
        except ApiError as error:
            return Reply(error.status, error.body())
        if not may_write(visit.exchange.method, visit.exchange.path):
            return self._carry_out(visit, user_id, self._org.clock.now(), frozenset())
        return await self._write(visit, user_id)

    def _admit(self, visit: Visit) -> str:
        """The user's id, or the reason why the call is refused before it begins."""
        for kind, refusal in REFUSALS.items():
            fault = self._org.faults.take(kind, visit.target)
            if fault:
                visit.entry.detail["fault"] = kind
                raise refusal()
        if visit.user_id is None:
            if visit.exchange.headers.get("authorization") and visit.exchange.bearer is None:
                raise ApiError(401, "INVALID_AUTH_HEADER", "INVALID_HEADER_TYPE")
            raise invalid_session()
        if self._org.quota.exhausted:
            raise REFUSALS["daily_limit"]()
        return visit.user_id

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
        visit.entry.detail["fault"] = "slow_commit"
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
        with org.db.transaction():
            answer = guarded(call)
            entry.api_calls, entry.records, entry.status = (
                tally.api_calls,
                tally.records,
                answer.status,
            )
            if tally.subrequests:
                entry.detail["subrequests"] = tally.subrequests
            org.quota.spend(tally.api_calls)
            entry.answered_at = org.clock.now()
            org.journal.note(entry)
        return Reply(answer.status, answer.body, dict(answer.headers))


def guarded(call: Call) -> Answer:
    """A refusal undoes what the request did before it."""
    try:
        with call.org.db.savepoint():
            return dispatch(call)
    except ApiError as error:
        return Answer(error.status, error.body())
    except Exception:  # noqa: BLE001 - a fault of the simulator itself: shown on stderr, answered as Salesforce does
        traceback.print_exc()
        message = (
            "An unexpected error occurred. Include this ErrorId if you contact support: "
            f"{call.number}"
        )
        return Answer(500, ApiError(500, "UNKNOWN_EXCEPTION", message).body())


def begin(org: Org, exchange: Exchange) -> Visit:
    """Numbers the call and finds out whose it is."""
    now = org.clock.now()
    entry = org.journal.begin(now, exchange.method, exchange.path, "")
    if exchange.path.startswith("/services/data"):  # elsewhere a token may stand in the query
        entry.query = exchange.params.get("q") or exchange.query
    noted = {name: exchange.headers[name] for name in NOTED_HEADERS if name in exchange.headers}
    if noted:
        entry.detail["headers"] = noted
    entry.user_id = org.tokens.user_of(exchange.bearer, now) if exchange.bearer else None
    target = Target(
        exchange.method, f"{exchange.path}?{exchange.query}", org.role_of(entry.user_id)
    )
    return Visit(exchange, entry, target, entry.user_id)


async def answer_with_faults(org: Org, visit: Visit, handler: Handler) -> Reply:
    """Whatever the handler does, within the troubles of the connection itself."""
    faults, target, entry = org.faults, visit.target, visit.entry
    if faults.take("cut_before", target):
        return _noted(org, entry, Reply(0, cut=True), "cut_before")
    down = faults.take("html_503", target)
    if down:
        reply = Reply(
            int(down.order.get("status", 503)), DOWN, {"Content-Type": "text/html; charset=UTF-8"}
        )
        return _noted(org, entry, reply, "html_503")
    reply = await handler(visit)
    if faults.take_if_written("lost_answer", target, org.journal.changed(entry.number)):
        return _noted(org, entry, Reply(0, cut=True), "lost_answer")
    slow = faults.take("slow_answer", target)
    if slow:
        await asyncio.sleep(float(slow.order["seconds"]))
    if faults.take("truncated_json", target):
        reply.truncated = True
        return _noted(org, entry, reply, "truncated_json")
    if slow or entry.answered_at is None:
        return _noted(org, entry, reply, "slow_answer" if slow else None)
    return reply


def _noted(org: Org, entry: Entry, reply: Reply, fault: str | None) -> Reply:
    """Writes the call (again), with what went wrong. A cut call has no status and no answer."""
    entry.status = None if reply.cut else reply.status
    entry.answered_at = None if reply.cut else org.clock.now()
    if fault:
        entry.detail["fault"] = fault
    org.journal.note(entry)
    return reply
