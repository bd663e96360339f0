"""uvicorn, but it says when it answers, ends quietly, and can cut a connection."""

from __future__ import annotations

import asyncio
import logging
import signal
import socket
from collections.abc import Callable, Iterator
from contextlib import contextmanager

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
        """SIGTERM and SIGINT end the server, not the process that still has a folder to remove."""
        loop = asyncio.get_running_loop()
        for number in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(number, self.handle_exit, number, None)
        yield


def listen(host: str, port: int) -> socket.socket:
    found = socket.socket(socket.AF_INET)
    found.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    found.bind((host, port))
    return found


def serve(
    app: ASGIApp, certificates: Certificates, listener: socket.socket, ready: Callable[[], None]
) -> None:
    config = uvicorn.Config(
        app,
        http=CuttableProtocol,
        log_config=None,
        access_log=False,
        lifespan="off",
        date_header=False,
        server_header=False,
        timeout_keep_alive=KEEP_ALIVE,
        timeout_graceful_shutdown=GRACE,
        ssl_certfile=certificates.server_file,
        ssl_keyfile=certificates.server_file,
        loop="auto",
    )
    logging.getLogger("uvicorn").setLevel(logging.CRITICAL)
    Server(config, ready).run(sockets=[listener])
