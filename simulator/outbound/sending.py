"""Sends what waits: for each order one message at a time, between the calls to the org."""

from __future__ import annotations

import asyncio
import ssl
from functools import partial
from typing import Any

import httpx2

from simulator.org import Org
from simulator.outbound.envelope import HEADERS, is_acknowledged, message
from simulator.outbound.order import Order
from simulator.outbound.outbox import Waiting

TICK = 0.05
TIMEOUT = 60.0  # unconfirmed


def resume(org: Org) -> None:
    """Goes on with every order, also after a restart. Needs a running event loop."""
    for number in org.outbound.numbers:
        org.background.start(f"outbound messages {number}", partial(_work, org, number))


async def _work(org: Org, number: int) -> None:
    """Ends with the order."""
    first = org.outbound.order(number)
    if first is None:
        return
    async with httpx2.AsyncClient(verify=_trust(first), trust_env=False, timeout=TIMEOUT) as client:
        while (order := org.outbound.order(number)) is not None:
            org.outbound.collect(number, org.clock.now())
            due = org.outbound.due(number, org.clock.now())
            if due:
                await _deliver(org, client, number, order, due)
            else:
                await asyncio.sleep(TICK)


def _trust(order: Order) -> ssl.SSLContext | bool:
    if order.order.get("insecure"):
        return False
    return ssl.create_default_context(cafile=order.order.get("ca_file"))


async def _deliver(
    org: Org, client: httpx2.AsyncClient, number: int, order: Order, due: list[Waiting]
) -> None:
    """One message. Records that were purged have nothing to tell."""
    rows = org.records.fetch(order.sobject, {one.record_id for one in due})
    told = [(one.id, rows[one.record_id]) for one in due if one.record_id in rows]
    heard, said = await _post(org, client, number, order, told) if told else (True, None)
    if org.outbound.order(number) is None:  # removed meanwhile
        return
    org.outbound.last[number] = said
    if heard:
        org.outbound.heard(number, order, due, org.clock.now())
    else:
        org.outbound.not_heard(order, due, org.clock.now())


async def _post(
    org: Org,
    client: httpx2.AsyncClient,
    number: int,
    order: Order,
    told: list[tuple[str, dict[str, Any]]],
) -> tuple[bool, dict[str, Any]]:
    """Whether the message was heard, and what came back."""
    action_id = org.outbound.action_id(number)
    body = message(org.domain, org.organization_id, action_id, order, told)
    try:
        answer = await client.post(order.url, content=body, headers=HEADERS)
    except (httpx2.HTTPError, OSError) as error:
        return False, {"error": type(error).__name__, "acknowledged": False}
    heard = is_acknowledged(answer.status_code, answer.content)
    return heard, {"status": answer.status_code, "acknowledged": heard}
