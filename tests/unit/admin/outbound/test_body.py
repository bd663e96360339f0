"""How much of a body is read, and for how long."""

import asyncio
from collections.abc import AsyncIterator

import pytest
from starlette.requests import Request
from starlette.types import Message

from admin.outbound.body import read_body
from admin.outbound.refusal import Reason, Refusal


def request_of(chunks: AsyncIterator[bytes], length: str | None = None) -> Request:
    async def receive() -> Message:
        try:
            return {"type": "http.request", "body": await anext(chunks), "more_body": True}
        except StopAsyncIteration:
            return {"type": "http.request", "body": b"", "more_body": False}

    headers = [] if length is None else [(b"content-length", length.encode())]
    return Request({"type": "http", "method": "POST", "headers": headers}, receive)


async def parts(*chunks: bytes, seconds: float = 0.0) -> AsyncIterator[bytes]:
    for chunk in chunks:
        await asyncio.sleep(seconds)
        yield chunk


def read(request: Request) -> bytes:
    return asyncio.run(read_body(request, most=10, seconds=0.2))


def test_a_body_comes_together_from_its_parts() -> None:
    assert read(request_of(parts(b"12345", b"67890"), "10")) == b"1234567890"


def test_one_byte_too_many_is_too_many() -> None:
    with pytest.raises(Refusal) as raised:
        read(request_of(parts(b"12345", b"678901")))
    assert (raised.value.status, raised.value.reason) == (413, Reason.SIZE)


def test_who_says_that_it_is_too_large_is_believed() -> None:
    async def never() -> AsyncIterator[bytes]:
        raise AssertionError("it was read")
        yield b""

    with pytest.raises(Refusal) as raised:
        read(request_of(never(), "11"))
    assert raised.value.status == 413


def test_nobody_waits_for_ever() -> None:
    with pytest.raises(Refusal) as raised:
        read(request_of(parts(*[b"1"] * 9, seconds=0.05)))
    assert (raised.value.status, raised.value.reason) == (408, Reason.SLOW)
