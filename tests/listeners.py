"""Where alerts arrive in tests: an HTTP server and a mail server on this machine."""

import json
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from socketserver import BaseServer, StreamRequestHandler, ThreadingTCPServer
from typing import Any


@dataclass(slots=True)
class Hook:
    """A webhook: what was posted to which path. It answers with `status` after `delay` seconds."""

    port: int = 0
    status: int = 200
    delay: float = 0.0
    posted: list[dict[str, Any]] = field(default_factory=list)
    paths: list[str] = field(default_factory=list)


@contextmanager
def hook() -> Iterator[Hook]:
    """A running webhook."""
    found = Hook()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            time.sleep(found.delay)
            found.paths.append(self.path)
            if found.status == 200:
                found.posted.append(json.loads(body))
            self.send_response(found.status)
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, *_: object) -> None:
            """Quiet."""

    with _serving(ThreadingHTTPServer(("127.0.0.1", 0), Handler)) as port:
        found.port = port
        yield found


@dataclass(slots=True)
class Mailbox:
    """A mail server: who was written to, and what."""

    port: int = 0
    sent: list[tuple[list[str], EmailMessage]] = field(default_factory=list)


@contextmanager
def mailbox() -> Iterator[Mailbox]:
    """A running mail server that takes everything."""
    found = Mailbox()

    class Handler(StreamRequestHandler):
        def handle(self) -> None:
            self._say("220 test")
            recipients: list[str] = []
            while line := self.rfile.readline():
                word = line[:4].upper().strip()
                if word == b"RCPT":
                    recipients.append(line.decode().strip())
                if word == b"DATA":
                    self._say("354 go on")
                    found.sent.append((recipients, _message(self.rfile.readline)))
                self._say("221 bye" if word == b"QUIT" else "250 ok")
                if word == b"QUIT":
                    return

        def _say(self, line: str) -> None:
            self.wfile.write(f"{line}\r\n".encode())

    with _serving(ThreadingTCPServer(("127.0.0.1", 0), Handler)) as port:
        found.port = port
        yield found


def _message(readline: Any) -> EmailMessage:
    lines = []
    while (line := readline()) not in (b".\r\n", b""):
        lines.append(line.removeprefix(b"."))
    message = message_from_bytes(b"".join(lines), policy=default)
    assert isinstance(message, EmailMessage)
    return message


@contextmanager
def _serving(server: BaseServer) -> Iterator[int]:
    thread = threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True)
    thread.start()
    try:
        yield server.server_address[1]  # type: ignore[misc]
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
