"""One HTTP request as it came in, and the raw answer that goes out."""

from __future__ import annotations

import zlib
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qsl, unquote

from starlette.requests import ClientDisconnect
from starlette.types import Receive, Scope, Send

from simulator.clock import Clock, http_date
from simulator.encoding import compress, decompress, encode
from simulator.header_names import raw
from simulator.streaming import Stream, send_stream

JSON = "application/json;charset=UTF-8"
HEADERS = {
    "Server": "sfdcedge",
    "Strict-Transport-Security": "max-age=63072000; includeSubDomains",
    "Vary": "Accept-Encoding",
    "X-Content-Type-Options": "nosniff",
    "X-Robots-Tag": "none",
    "X-Sfdc-Edge-Cache": "none",
}  # recorded in May 2026
NO_BODY = {204, 304}


@dataclass(frozen=True)
class Exchange:
    method: str
    path: str
    query: str
    headers: dict[str, str]
    body: bytes
    scheme: str

    @property
    def params(self) -> dict[str, str]:
        return dict(parse_qsl(self.query, keep_blank_values=True))

    def form(self) -> dict[str, str]:
        return dict(parse_qsl(self.body.decode("utf-8", "replace"), keep_blank_values=True))

    @property
    def origin(self) -> str:
        """Scheme, host and port as the client called; no trailing slash."""
        return f"{self.scheme}://{self.headers.get('host', 'localhost')}"

    @property
    def bearer(self) -> str | None:
        """The access token; `Bearer` and `OAuth` are both in use."""
        kind, _, token = self.headers.get("authorization", "").partition(" ")
        return token.strip() if kind.lower() in ("bearer", "oauth") else None


@dataclass
class Reply:
    """What is sent; `cut` stands for a connection that ends without an answer.

    `wire` is what a fault does to the bytes on their way: a wrapper around ASGI's `send`.
    """

    status: int
    body: Any = None
    headers: dict[str, str] = field(default_factory=dict)
    cut: bool = False
    truncated: bool = False
    wire: Callable[[Scope, Send], Send] | None = None


async def read_exchange(scope: Scope, receive: Receive) -> Exchange:
    chunks = []
    while True:
        message = await receive()
        if message["type"] == "http.disconnect":
            raise ClientDisconnect
        chunks.append(message.get("body", b""))
        if not message.get("more_body"):
            break
    headers = {name.decode("latin-1"): value.decode("latin-1") for name, value in scope["headers"]}
    body = b"".join(chunks)
    if headers.get("content-encoding", "").lower() in ("gzip", "deflate"):
        with suppress(zlib.error):  # what was not compressed is judged as it came
            body = decompress(body)
    path = unquote(scope["raw_path"].decode("latin-1").partition("?")[0])
    return Exchange(
        scope["method"],
        path,
        scope["query_string"].decode("latin-1"),
        headers,
        body,
        scope["scheme"],
    )


async def send_reply(
    exchange: Exchange, reply: Reply, clock: Clock, scope: Scope, send: Send
) -> None:
    if reply.cut:
        scope["extensions"]["simulator.transport"].abort()
        return
    if reply.wire:
        send = reply.wire(scope, send)
    if isinstance(reply.body, Stream):
        await _send_streamed(exchange, reply, reply.body, clock, send)
        return
    if isinstance(reply.body, str):
        content = reply.body.encode()
    else:
        content = encode(reply.body, pretty=exchange.headers.get("x-prettyprint") == "1")
    if reply.status in NO_BODY or reply.body is None:
        content = b""
    if reply.truncated:
        content = content[: len(content) // 2]
    content, encoding = compress(content, exchange.headers.get("accept-encoding", ""))
    headers = {**HEADERS, "Date": http_date(clock.seconds()), **reply.headers}
    if encoding:
        headers["Content-Encoding"] = encoding
    if reply.status not in NO_BODY:
        headers["Content-Length"] = str(len(content))
        headers.setdefault("Content-Type", JSON)
    await send({"type": "http.response.start", "status": reply.status, "headers": raw(headers)})
    await send(
        {"type": "http.response.body", "body": b"" if exchange.method == "HEAD" else content}
    )


async def _send_streamed(
    exchange: Exchange, reply: Reply, stream: Stream, clock: Clock, send: Send
) -> None:
    """An answer that is too large to hold; without a known length it goes out in chunks."""
    headers = {**HEADERS, "Date": http_date(clock.seconds()), **reply.headers}
    if stream.length is not None:
        headers["Content-Length"] = str(stream.length)
    await send({"type": "http.response.start", "status": reply.status, "headers": raw(headers)})
    await send_stream(Stream(()) if exchange.method == "HEAD" else stream, send)
