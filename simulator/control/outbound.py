"""Ordering, listing and removing outbound messages."""

from __future__ import annotations

from typing import Any

from simulator.control.faults import last_number
from simulator.control.orders import BadOrder, order_of
from simulator.exchange import Exchange
from simulator.org import Org
from simulator.outbound.sending import resume


def add(org: Org, exchange: Exchange) -> Any:
    try:
        number = org.outbound.add(order_of(exchange))
    except ValueError as error:
        raise BadOrder(str(error)) from error
    resume(org)
    return org.outbound.json(number)


def show(org: Org, _: Exchange) -> Any:
    return {"outbound": [org.outbound.json(number) for number in org.outbound.numbers]}


def remove(org: Org, exchange: Exchange) -> Any:
    return {"removed": org.outbound.remove(last_number(exchange))}
