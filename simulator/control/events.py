"""Change events: who listens, and what goes wrong for them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict
from typing import Any

from simulator.control.orders import BadOrder, order_of, seconds, sobject_of
from simulator.exchange import Exchange
from simulator.ids import to_18
from simulator.org import Org
from simulator.pubsub.avro import CHANGE_TYPES
from simulator.pubsub.concealing import EVERY_RECORD, WAYS
from simulator.pubsub.refusals import NAMED, Refusal, broken, refusal
from simulator.schema.model import SObject

RPCS = ("Subscribe", "GetSchema", "GetTopic", "Publish", "PublishStream", "ManagedSubscribe")
GAPS = ("GAP_CREATE", "GAP_UPDATE", "GAP_DELETE", "GAP_UNDELETE")
Handler = Callable[[Org, Exchange], Any]


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
        "concealed": events.concealing.concealed,
        "settings": _settings(org),
    }


def configure(org: Org, exchange: Exchange) -> Any:
    """Each key by itself; they end with the process, but for the allotment of deliveries."""
    order, events = order_of(exchange), org.events
    unknown = order.keys() - _settings(org).keys() - {"used"}
    if unknown:
        raise BadOrder(f"unknown keys: {', '.join(sorted(unknown))}")
    numbers = {name: seconds(order, name, least=0) for name in order}
    for name in ("keepalive_seconds", "starve_seconds"):
        setattr(events.settings, name, numbers.get(name, getattr(events.settings, name)))
    for name in ("merged", "streams"):
        setattr(events.settings, name, int(numbers.get(name) or getattr(events.settings, name)))
    events.log.retention = numbers.get("retention_seconds") or events.log.retention
    most, used = (_whole(numbers.get(name)) for name in ("deliveries", "used"))
    events.deliveries.allot(most, used, numbers.get("window_seconds"))
    events.committed()  # who waits reckons anew
    return _settings(org)


def announce(kinds: tuple[str, ...], usual: str) -> Handler:
    """Events that come of no save: gaps, overflows, wildcards."""

    def order(org: Org, exchange: Exchange) -> Any:
        given = order_of(exchange)
        kind, sobject = str(given.get("type", usual)), _selected(org, given)
        if kind not in kinds:
            raise BadOrder(f"type must be one of {', '.join(kinds)}")
        ids = _ids(sobject, kind, given.get("ids"))
        return {"replay_id": org.events.announce(sobject, kind, " ".join(ids), org.admin_id)}

    return order


def forget(org: Org, _: Exchange) -> Any:
    org.events.log.forget()
    return {"forgotten": org.events.log.forgotten}


def silence(org: Org, exchange: Exchange) -> Any:
    order = order_of(exchange)
    length = seconds(order, "seconds", least=0)
    if length is None:
        raise BadOrder("seconds is needed")
    return {"silent": org.events.silence(length, new=bool(order.get("new", False)))}


def conceal(org: Org, exchange: Exchange) -> Any:
    order = order_of(exchange)
    way, length = order.get("as"), seconds(order, "seconds", least=0)
    if way not in WAYS or length is None:
        raise BadOrder(f"seconds is needed, and as, one of {', '.join(WAYS)}")
    org.events.concealing.order(way, length)
    return {"concealed": org.events.concealing.concealed}


def duplicate(org: Org, exchange: Exchange) -> Any:
    last = order_of(exchange).get("last", 1)
    if isinstance(last, bool) or not isinstance(last, int) or last < 1:
        raise BadOrder("last must be a whole number from 1 on")
    return {"repeated": org.events.repeat(last)}


def change_schema(org: Org, exchange: Exchange) -> Any:
    return {"schema_id": org.events.change_schema(_selected(org, order_of(exchange))).id}


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


def succeed(org: Org, _: Exchange) -> Any:
    org.events.failures.clear()
    return {"failures": []}


def _why(order: dict[str, Any]) -> Refusal:
    code, status = order.get("code"), order.get("status")
    if status is not None and status not in NAMED:
        raise BadOrder(f"status must be one of {', '.join(NAMED)}")
    if code is None:
        return broken() if status is None else refusal("", "", status)
    return refusal(str(code), str(order.get("message", "")), status)


def _settings(org: Org) -> dict[str, Any]:
    events = org.events
    return {
        **asdict(events.settings),
        "retention_seconds": events.log.retention,
        "deliveries": events.deliveries.max,
        "window_seconds": events.deliveries.window,
    }


def _whole(number: float | None) -> int | None:
    return None if number is None else int(number)


def _selected(org: Org, order: dict[str, Any]) -> SObject:
    sobject = sobject_of(org, {"object": order.get("object")})
    if sobject.name not in org.events.layouts:
        raise BadOrder(f"{sobject.name} has no change events")
    return sobject


def _ids(sobject: SObject, kind: str, given: Any) -> list[str]:
    """An overflow names no record; without ids all records of the object are meant."""
    if kind == "GAP_OVERFLOW":
        return [EVERY_RECORD]
    if given is None:
        return [f"{sobject.prefix}*"]
    ids = [to_18(one) for one in given] if isinstance(given, list) else [None]
    if not ids or None in ids:
        raise BadOrder("ids must be a list of record ids")
    return [one for one in ids if one]


gap = announce(GAPS, "GAP_UPDATE")
overflow = announce(("GAP_OVERFLOW",), "GAP_OVERFLOW")
wildcard = announce(CHANGE_TYPES, "UPDATE")
