"""Editing records as the admin does: over REST within, so with the same checks and journal.

What REST cannot do (undelete, emptying the recycle bin) is done as the admin in a
transaction of its own.
"""

from __future__ import annotations

from typing import Any

import orjson

from simulator import recycle_bin
from simulator.control.orders import BadOrder, order_of, record_id_of, sobject_of
from simulator.exchange import Exchange, Reply
from simulator.gateway import Gateway
from simulator.ids import to_18
from simulator.org import Org
from simulator.records import Author

VERSION = "v60.0"
SESSION = 60


class Editing:
    def __init__(self, org: Org, gateway: Gateway) -> None:
        self._org = org
        self._gateway = gateway

    async def edit(self, exchange: Exchange) -> Reply:
        """An ordinary REST update: same locks, faults, journal as over the wire."""
        order = order_of(exchange)
        record_id = record_id_of(self._org, order)
        name = sobject_of(self._org, {**order, "id": record_id}).name
        path, fields = f"{name}/{record_id}", order.get("fields") or {}
        reply = await self._as_admin(exchange, "PATCH", path, fields)
        return self._told(reply, record_id)

    async def create(self, exchange: Exchange) -> Reply:
        order = order_of(exchange)
        name = sobject_of(self._org, order).name
        reply = await self._as_admin(exchange, "POST", name, order.get("fields") or {})
        return self._told(reply, reply.body["id"] if reply.status < 400 else None)

    async def delete(self, exchange: Exchange) -> Reply:
        order = order_of(exchange)
        name, record_id = sobject_of(self._org, order).name, str(order.get("id"))
        return self._told(
            await self._as_admin(exchange, "DELETE", f"{name}/{record_id}", None), record_id
        )

    async def undelete(self, exchange: Exchange) -> Reply:
        """Out of the recycle bin again."""
        order = order_of(exchange)
        org, sobject, record_id = self._org, sobject_of(self._org, order), to_18(order.get("id"))
        row = org.records.fetch(sobject, [record_id]).get(record_id) if record_id else None
        if row is None or not row.get("IsDeleted"):
            raise BadOrder(f"not in the recycle bin: {order.get('id')}")
        await org.locks.wait({row["Id"]})
        with org.db.transaction():
            org.records.undelete(self._author(), sobject, row)
        return self._told(Reply(200), row["Id"])

    async def purge(self, exchange: Exchange) -> Reply:
        """Empties the recycle bin: of one record, one object or all of them."""
        order, org = order_of(exchange), self._org
        named = "object" in order or "id" in order
        objects = [sobject_of(org, order)] if named else list(org.schema.objects.values())
        with org.db.transaction():
            purged = recycle_bin.purge(org.db, objects, to_18(order.get("id")))
        return Reply(200, {"purged": purged})

    async def _as_admin(self, exchange: Exchange, method: str, path: str, body: Any) -> Reply:
        org = self._org
        token = org.tokens.issue(org.admin_id, org.organization_id, org.clock.now(), SESSION)
        inner = Exchange(
            method,
            f"/services/data/{VERSION}/sobjects/{path}",
            "",
            {"authorization": f"Bearer {token}", "host": exchange.headers.get("host", "localhost")},
            b"" if body is None else orjson.dumps(body),
            exchange.scheme,
        )
        try:
            return await self._gateway.handle(inner)
        finally:
            org.tokens.revoke(token)

    def _told(self, reply: Reply, record_id: str | None) -> Reply:
        if reply.status >= 400 or reply.cut:
            return Reply(reply.status or 502, reply.body)
        return Reply(200, {"id": to_18(record_id), "change": self._org.journal.last_change()})

    def _author(self) -> Author:
        org, now = self._org, self._org.clock.now()
        return Author(org.access(org.admin_id), None, now, now)
