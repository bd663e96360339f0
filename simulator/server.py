"""uvicorn, but it says when it answers, ends quietly, and can cut a connection."""

from __future__ import annotations

import asyncio
import logging
import signal
import socket
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractAsyncContextManager, contextmanager, nullcontext
from dataclasses import dataclass

import uvicorn
from starlette.types import ASGIApp
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from simulator.tls import Certificates

KEEP_ALIVE = 120
GRACE = 5


class CuttableProtocol(HttpToolsProtocol):
    """Hands the transport to the application, so that a fault can abort it."""

    def on_message_begin(self) -> None:
        super().on_message_begin()
        self.scope["extensions"] = {"simulator.transport": self.transport}  # type: ignore[dict-item]

    def shutdown(self) -> None:
        """Idle connections end at once: waiting for the client's TLS goodbye can take for ever."""
        super().shutdown()
        if self.cycle is None or self.cycle.response_complete:
            self.transport.abort()


@dataclass(frozen=True)
class Door:
    """A port, and what answers there; without certificates in plain HTTP."""

    app: ASGIApp
    listener: socket.socket
    certificates: Certificates | None


class Server(uvicorn.Server):
    def __init__(self, config: uvicorn.Config, ready: Callable[[], None]) -> None:
        super().__init__(config)
        self._ready = ready

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets=sockets)
        if self.started:
            self._ready()

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Signals are for the process, which may have several servers and a folder to remove."""
        yield


def listen(host: str, port: int) -> socket.socket:
    found = socket.socket(socket.AF_INET)
    found.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    found.bind((host, port))
    return found


def serve(
    doors: Sequence[Door],
    ready: Callable[[], None],
    beside: Callable[[], AbstractAsyncContextManager[None]] = nullcontext,
) -> None:
    """Serves all of them in one event loop until SIGTERM or SIGINT; ready, when all answer.

    What runs `beside` them is up before they are and ends after them.
    """
    logging.getLogger("uvicorn").setLevel(logging.CRITICAL)
    waiting = len(doors)

    def one_is_ready() -> None:
        nonlocal waiting
        waiting -= 1
        if not waiting:
            ready()

    servers = [Server(_config(door), one_is_ready) for door in doors]
    with asyncio.Runner(loop_factory=servers[0].config.get_loop_factory()) as runner:
        runner.run(_serve_all(servers, doors, beside))


async def _serve_all(
    servers: list[Server],
    doors: Sequence[Door],
    beside: Callable[[], AbstractAsyncContextManager[None]],
) -> None:
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, _end, servers, number)
    async with beside(), asyncio.TaskGroup() as group:
        for server, door in zip(servers, doors, strict=True):
            group.create_task(server.serve(sockets=[door.listener]))


def _end(servers: list[Server], number: signal.Signals) -> None:
    for server in servers:
        server.handle_exit(number, None)


def _config(door: Door) -> uvicorn.Config:
    server_file = door.certificates.server_file if door.certificates else None
    return uvicorn.Config(
        door.app,
        http=CuttableProtocol,
        log_config=None,
        access_log=False,
        lifespan="off",
        date_header=False,
        server_header=False,
        timeout_keep_alive=KEEP_ALIVE,
        timeout_graceful_shutdown=GRACE,
        ssl_certfile=server_file,
        ssl_keyfile=server_file,
        loop="auto",
    )
