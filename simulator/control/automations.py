"""Ordering, listing and removing automations."""

from __future__ import annotations

from typing import Any

from simulator.control.faults import last_number
from simulator.control.orders import BadOrder, order_of
from simulator.exchange import Exchange
from simulator.org import Org


def add(org: Org, exchange: Exchange) -> Any:
    try:
        automation = org.automations.add(order_of(exchange))
    except ValueError as error:
        raise BadOrder(str(error)) from error
    org.automations.start()
    return automation.json()


def show(org: Org, _: Exchange) -> Any:
    return org.automations.json()


def remove(org: Org, exchange: Exchange) -> Any:
    return {"removed": org.automations.remove(last_number(exchange))}
