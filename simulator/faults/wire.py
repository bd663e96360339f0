"""Troubles of the bytes on their way: cut in the middle, dripping, ending too soon.

Each is a wrapper around ASGI's `send`, so that it works on a streamed answer as on a whole one.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from starlette.types import Message, Scope, Send

from simulator.exchange import Reply
from simulator.faults.book import Faults
from simulator.faults.fault import Fault, Target

Wire = Callable[[Scope, Send], Send]
DROPS = 20
FLUSHED = 0.05  # seconds until what is written has left: an aborted connection drops the rest


def ordered(faults: Faults, target: Target, reply: Reply) -> Wire | None:
    """What is to happen to this reply's bytes. Only a CSV is a truncated CSV."""
    csv = reply.headers.get("Content-Type", "").startswith("text/csv")
    for kind, make in KINDS.items():
        fault = faults.take(kind, target, fits=csv or kind != "truncated_csv")
        if fault:
            return make(fault)
    return None


def _cut_in_the_middle(_: Fault) -> Wire:
    """Half of the first piece arrives, then the connection is gone."""

    def wrap(scope: Scope, send: Send) -> Send:
        gone = False

        async def cut(message: Message) -> None:
            nonlocal gone
            if message["type"] != "http.response.body":
                await send(message)
            elif not gone:
                body, gone = message.get("body", b""), True
                await send({**message, "body": body[: len(body) // 2], "more_body": True})
                await asyncio.sleep(FLUSHED)
                scope["extensions"]["simulator.transport"].abort()

        return cut

    return wrap


def _end_too_soon(_: Fault) -> Wire:
    """The answer ends in the middle of its first piece as if it were whole: no length is said."""

    def wrap(_: Scope, send: Send) -> Send:
        ended = False

        async def shorten(message: Message) -> None:
            nonlocal ended
            if message["type"] == "http.response.start":
                await send({**message, "headers": _without_length(message)})
            elif not ended:
                body = message.get("body", b"")
                ended = bool(body) or not message.get("more_body")
                await send({**message, "body": body[: len(body) // 2], "more_body": not ended})

        return shorten

    return wrap


def _without_length(message: Message) -> list[tuple[bytes, bytes]]:
    return [(name, value) for name, value in message["headers"] if name != b"content-length"]


def _late_first_byte(fault: Fault) -> Wire:
    """Status and headers at once, the body after that time."""

    def wrap(_: Scope, send: Send) -> Send:
        async def wait(message: Message) -> None:
            await send(message)
            if message["type"] == "http.response.start":
                await asyncio.sleep(float(fault.order["seconds"]))

        return wait

    return wrap


def _drip(fault: Fault) -> Wire:
    """Each piece in drops, spread over that time: no single read is slow enough to time out."""

    def wrap(_: Scope, send: Send) -> Send:
        async def drip(message: Message) -> None:
            body = message.get("body", b"")
            size = max(1, -(-len(body) // DROPS))
            for start in range(0, len(body) - size, size):
                drop = body[start : start + size]
                await send({"type": message["type"], "body": drop, "more_body": True})
                await asyncio.sleep(float(fault.order["seconds"]) / DROPS)
            rest = max(0, (len(body) - 1) // size * size)
            await send({**message, "body": body[rest:]} if body else message)

        return drip

    return wrap


KINDS: dict[str, Callable[[Fault], Wire]] = {
    "cut_answer": _cut_in_the_middle,
    "truncated_csv": _end_too_soon,
    "slow_first_byte": _late_first_byte,
    "slow_drip": _drip,
}
