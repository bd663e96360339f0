"""Ordering, listing and removing faults."""

from __future__ import annotations

from typing import Any

from simulator.control.orders import BadOrder, order_of, orders_of
from simulator.exchange import Exchange
from simulator.faults.schedule import draw_schedule
from simulator.org import Org


def add(org: Org, exchange: Exchange) -> Any:
    order = order_of(exchange)
    if order.get("kind") == "expired_token" and not order.keys() - {"kind", "match", "user"}:
        user = order.get("user") or (order.get("match") or {}).get("user")
        return {"revoked": org.tokens.revoke_all(None if user == "any" else org.integration_id)}
    return _added(org, [order])[0]


def schedule(org: Org, exchange: Exchange) -> Any:
    """All of them or, where one makes no sense, none."""
    return {"faults": _added(org, orders_of(exchange))}


def draw(org: Org, exchange: Exchange) -> Any:
    try:
        orders = draw_schedule(order_of(exchange))
    except ValueError as error:
        raise BadOrder(str(error)) from error
    return {"faults": _added(org, orders)}


def show(org: Org, _: Exchange) -> Any:
    return {"faults": org.faults.json()}


def remove(org: Org, exchange: Exchange) -> Any:
    return {"removed": org.faults.remove(last_number(exchange))}


def last_number(exchange: Exchange) -> int | None:
    """ID of `DELETE name/ID`; None when all are meant."""
    name, _, text = exchange.path.strip("/").partition("/")[2].partition("/")
    if text and not text.isdigit():
        raise BadOrder(f"not a number of {name}: {text}")
    return int(text) if text else None


def _added(org: Org, orders: list[dict[str, Any]]) -> list[dict[str, Any]]:
    try:
        added = org.faults.add(*orders)
    except ValueError as error:
        raise BadOrder(str(error)) from error
    now = org.clock.now()
    return [fault.json(now) for fault in added]
