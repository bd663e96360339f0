"""Reading what a control request says; whatever cannot be understood is a BadOrder."""

from __future__ import annotations

from typing import Any

import orjson

from simulator.exchange import Exchange
from simulator.ids import to_18
from simulator.org import Org
from simulator.schema.model import SObject


class BadOrder(ValueError):
    """The order cannot be understood; answered with 400 and this text."""


def order_of(exchange: Exchange) -> dict[str, Any]:
    body = orjson.loads(exchange.body or b"{}")
    if not isinstance(body, dict):
        raise BadOrder("the body must be a JSON object")
    return body


def orders_of(exchange: Exchange) -> list[dict[str, Any]]:
    body = orjson.loads(exchange.body or b"[]")
    if not isinstance(body, list) or not all(isinstance(one, dict) for one in body):
        raise BadOrder("the body must be a JSON array of objects")
    return body


def number(exchange: Exchange, name: str, default: int) -> int:
    text = exchange.params.get(name, str(default))
    if not text.lstrip("-").isdigit():
        raise BadOrder(f"{name} must be a whole number, not {text!r}")
    return int(text)


def seconds(order: dict[str, Any], name: str, *, least: float | None = None) -> float | None:
    """A number that the order may leave out."""
    value = order.get(name)
    if value is None:
        return None
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise BadOrder(f"{name} must be a number, not {value!r}")
    if least is not None and value < least:
        raise BadOrder(f"{name} must be at least {least}")
    return float(value)


def sobject_of(org: Org, order: dict[str, Any]) -> SObject:
    """By the key `object`, or else by the prefix of the `id`; User where neither is there."""
    name, record_id = order.get("object"), to_18(order.get("id"))
    if name is None and record_id:
        found = org.schema.by_prefix(record_id)
    else:
        found = org.schema.object(str(name or "User"))
    if found is None:
        raise BadOrder(f"no such object: {name or order.get('id')}")
    return found


def record_id_of(org: Org, order: dict[str, Any]) -> str:
    return str(order.get("id") or id_by_username(org, order.get("username")))


def id_by_username(org: Org, username: object) -> str:
    row = org.db.execute(
        'SELECT Id FROM "so_User" WHERE Username = ? COLLATE NOCASE', (username,)
    ).fetchone()
    if row is None:
        raise BadOrder(f"no user with the username {username!r}")
    return str(row[0])
