"""Managed event subscriptions, which an admin would deploy as metadata."""

from __future__ import annotations

from typing import Any

from simulator.control.orders import BadOrder, order_of
from simulator.exchange import Exchange
from simulator.org import Org
from simulator.pubsub.managed import end_managed
from simulator.pubsub.subscriptions import PRESETS, STATES


def put(org: Org, exchange: Exchange) -> Any:
    """Without a topic only what is given of a subscription that is there changes."""
    order = order_of(exchange)
    name = order.get("developer_name")
    if not isinstance(name, str) or not name:
        raise BadOrder("developer_name is needed")
    found = org.events.managed.find(name)
    topic = order.get("topic", found and found.topic)
    if topic not in org.events.topics:
        raise BadOrder(f"topic must be one of {', '.join(sorted(org.events.topics))}")
    state = _one_of(order, "state", STATES, found.state if found else "RUN")
    start = _one_of(order, "default_replay", PRESETS, found.start if found else "LATEST")
    usual = found.recovery if found else "EARLIEST"
    recovery = _one_of(order, "error_recovery_replay", PRESETS, usual)
    made = org.events.managed.put(name, topic, state, start, recovery)
    end_managed(org.events)
    return {"id": made.id}


def show(org: Org, _: Exchange) -> Any:
    found = org.events.managed.all()
    return {"managed": [one.record() | {"position": one.position} for one in found]}


def remove(org: Org, _: Exchange) -> Any:
    removed = len(org.events.managed.all())
    org.events.managed.clear()
    end_managed(org.events)
    return {"removed": removed}


def _one_of(order: dict[str, Any], name: str, known: tuple[str, ...], usual: str) -> str:
    found = order.get(name, usual)
    if found not in known:
        raise BadOrder(f"{name} must be one of {', '.join(known)}")
    return str(found)
