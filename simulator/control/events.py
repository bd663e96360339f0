"""Change events: who listens, and what goes wrong for them."""

from __future__ import annotations

from typing import Any

from simulator.control.orders import BadOrder, order_of
from simulator.exchange import Exchange
from simulator.org import Org
from simulator.pubsub.refusals import NAMED, Refusal, broken, refusal


def show(org: Org, _: Exchange) -> Any:
    events = org.events
    return {
        "streams": [stream.json() for stream in events.streams.values()],
        "topics": sorted(events.topics),
        "published": events.published,
        "kept": events.log.count(),
        "newest": events.log.newest,
        "delivered": events.deliveries.used,
        "deliveries": events.deliveries.max,
        "failures": events.failures.waiting(),
    }


def cut(org: Org, exchange: Exchange) -> Any:
    """Ends the streams that are open now: with a code, or as a connection that breaks."""
    return {"cut": org.events.cut(_why(order_of(exchange)))}


def fail(org: Org, exchange: Exchange) -> Any:
    order = order_of(exchange)
    rpc, count = order.get("rpc", "Subscribe"), order.get("count", 1)
    if rpc not in RPCS:
        raise BadOrder(f"rpc must be one of {', '.join(RPCS)}")
    if isinstance(count, bool) or not isinstance(count, int) or count < 1:
        raise BadOrder("count must be a whole number from 1 on")
    org.events.failures.add(rpc, _why(order), count)
    return {"failures": org.events.failures.waiting()}


RPCS = ("Subscribe", "GetSchema", "GetTopic", "Publish", "PublishStream", "ManagedSubscribe")


def _why(order: dict[str, Any]) -> Refusal:
    code, status = order.get("code"), order.get("status")
    if status is not None and status not in NAMED:
        raise BadOrder(f"status must be one of {', '.join(NAMED)}")
    if code is None:
        return broken() if status is None else refusal("", "", status)
    return refusal(str(code), str(order.get("message", "")), status)
