"""Against real sockets on this machine: what the libraries raise is not to be guessed."""

import contextlib
import socket
import ssl
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import requests
import trustme

from sync.errors import CallFailed, Remedy
from sync.salesforce import exchange
from sync.salesforce.exchange import Deadline, Exchange, Timeouts

FAST = Timeouts(connect=0.5, read=0.3, total=1.0)
OK = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}"

Serve = Callable[[Callable[[socket.socket], None] | bytes], str]


@pytest.fixture(scope="module")
def authority() -> trustme.CA:
    return trustme.CA()


@pytest.fixture(scope="module")
def ca_file(authority: trustme.CA, tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("ca") / "ca.pem"
    authority.cert_pem.write_to_path(str(path))
    return path


@pytest.fixture
def serve(authority: trustme.CA) -> Iterator[Serve]:
    """Starts a TLS server for one connection: bytes to answer with, or what to do; its URL."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("localhost").configure_cert(context)
    with contextlib.ExitStack() as stack:

        def start(behave: Callable[[socket.socket], None] | bytes) -> str:
            listener = stack.enter_context(socket.create_server(("localhost", 0)))

            def work() -> None:
                with contextlib.suppress(OSError):
                    plain, _ = listener.accept()
                    with context.wrap_socket(plain, server_side=True) as connection:
                        request = connection.recv(65536)
                        while not request.endswith((b"\r\n\r\nx", b"\r\n\r\n")) or (
                            request.startswith(b"POST") and request.endswith(b"\r\n")
                        ):
                            request += connection.recv(65536)
                        if callable(behave):
                            behave(connection)
                        else:
                            connection.sendall(behave)

            thread = threading.Thread(target=work, daemon=True)
            thread.start()
            stack.callback(thread.join, 2)
            return f"https://localhost:{listener.getsockname()[1]}"

        yield start


def failure_of(url: str, ca_file: Path | None = None, timeouts: Timeouts = FAST) -> CallFailed:
    """What a POST there fails with."""
    with Exchange(ca_file, timeouts) as http, pytest.raises(CallFailed) as caught:
        http.exchange("POST", url, Deadline(timeouts), data="x")
    error = caught.value
    # The library's exception holds the request with its headers.
    assert error.__cause__ is None
    assert error.__context__ is None
    assert error.failure.message.endswith(".")
    assert "; " in error.failure.message
    return error


def kind(error: CallFailed) -> tuple[str, Remedy, bool]:
    return error.failure.code, error.failure.remedy, error.maybe_arrived


def test_an_answer_is_read_whole(serve: Serve, ca_file: Path) -> None:
    with Exchange(ca_file, FAST) as http:
        response = http.exchange("GET", serve(OK), Deadline(FAST))
    assert response.json() == {}


def test_the_environment_changes_nothing(
    serve: Serve, ca_file: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(tmp_path))
    monkeypatch.setenv("HTTPS_PROXY", "http://localhost:1")
    with Exchange(ca_file, FAST) as http:
        assert http.exchange("GET", serve(OK), Deadline(FAST)).ok


def test_redirects_are_not_followed_and_cookies_not_kept(serve: Serve, ca_file: Path) -> None:
    answer = b"HTTP/1.1 302 Found\r\nLocation: https://localhost:1/\r\nSet-Cookie: a=b\r\n\r\n"
    with Exchange(ca_file, FAST) as http:
        assert http.exchange("GET", serve(answer), Deadline(FAST)).status_code == 302
        assert not http.cookies


def test_a_certificate_that_does_not_verify(serve: Serve) -> None:
    error = failure_of(serve(OK))
    assert kind(error) == ("certificate", Remedy.STOP_ORG, False)
    assert "CA_FILE" in error.failure.message


def test_a_certificate_for_another_host(serve: Serve, ca_file: Path) -> None:
    url = serve(OK).replace("localhost", "127.0.0.1")
    assert kind(failure_of(url, ca_file)) == ("certificate", Remedy.STOP_ORG, False)


@pytest.mark.parametrize("content", [None, "no certificate"])
def test_a_ca_file_that_cannot_be_used(tmp_path: Path, content: str | None, serve: Serve) -> None:
    path = tmp_path / "ca.pem"
    if content:
        path.write_text(content)
    error = failure_of(serve(OK), path)
    assert error.failure.code == ("tls" if content else "ca_file")
    assert "CA_FILE" in error.failure.message
    assert error.failure.remedy is Remedy.STOP_ORG


def test_nobody_listens() -> None:
    with socket.create_server(("localhost", 0)) as listener:
        port = listener.getsockname()[1]
    error = failure_of(f"https://localhost:{port}")
    assert kind(error) == ("connection_refused", Remedy.STOP_ORG, False)
    assert f"localhost:{port}" in error.failure.message


@pytest.mark.parametrize("host", ["no-such-host.invalid", "a..b", "x" * 70])
def test_a_host_without_an_address(host: str) -> None:
    error = failure_of(f"https://{host}")
    assert kind(error) == ("unknown_host", Remedy.STOP_ORG, False)


def test_a_host_that_speaks_no_tls() -> None:
    with socket.create_server(("localhost", 0)) as listener:

        def answer_in_plain_http() -> None:
            connection, _ = listener.accept()
            with connection:
                connection.recv(65536)
                connection.sendall(b"HTTP/1.1 400 Bad Request\r\n\r\n")

        thread = threading.Thread(target=answer_in_plain_http, daemon=True)
        thread.start()
        error = failure_of(f"https://localhost:{listener.getsockname()[1]}")
        thread.join(2)
    assert kind(error) == ("tls", Remedy.STOP_ORG, False)


def test_a_host_that_takes_no_connection() -> None:
    """The backlog is full: the connection is neither taken nor refused."""
    with socket.socket() as listener, contextlib.ExitStack() as stack:
        listener.bind(("127.0.0.1", 0))
        listener.listen(0)
        address = listener.getsockname()
        for _ in range(3):
            filler = stack.enter_context(socket.socket())
            filler.setblocking(False)
            filler.connect_ex(address)
        error = failure_of(f"https://127.0.0.1:{address[1]}", timeouts=Timeouts(0.2, 0.2, 1))
    assert kind(error) == ("timeout", Remedy.RETRY, False)


def test_no_answer_comes_in_time(serve: Serve, ca_file: Path) -> None:
    error = failure_of(serve(lambda _: time.sleep(0.6)), ca_file)
    assert kind(error) == ("timeout", Remedy.RETRY, True)


@pytest.mark.parametrize(
    ("header", "piece"),
    [
        (b"Transfer-Encoding: chunked", b"1\r\nx\r\n"),
        (b"Content-Length: 60", b"x"),
        (b"Connection: close", b"x"),
    ],
)
def test_an_answer_that_trickles_ends_at_the_deadline(
    serve: Serve, ca_file: Path, header: bytes, piece: bytes
) -> None:
    def trickle(connection: socket.socket) -> None:
        connection.sendall(b"HTTP/1.1 200 OK\r\n" + header + b"\r\n\r\n")
        with contextlib.suppress(OSError):
            for _ in range(60):
                connection.sendall(piece)
                time.sleep(0.05)

    begin = time.monotonic()
    error = failure_of(serve(trickle), ca_file)
    assert time.monotonic() - begin < FAST.total + 0.4
    assert error.failure.code in ("timeout", "connection_lost")
    assert (error.failure.remedy, error.maybe_arrived) == (Remedy.RETRY, True)


@pytest.mark.parametrize(
    "answer",
    [b"", b"HTTP/1.1 200 OK\r\nContent-Length: 99\r\n\r\n{}", b"hello\r\n",
     b"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: 2\r\n\r\n{}"],
)  # fmt: skip
def test_an_answer_that_is_cut_or_garbled(serve: Serve, ca_file: Path, answer: bytes) -> None:
    assert kind(failure_of(serve(answer), ca_file)) == ("connection_lost", Remedy.RETRY, True)


def test_an_answer_without_end(
    serve: Serve, ca_file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(exchange, "ANSWER_LIMIT", 2**20)
    answer = b"HTTP/1.1 200 OK\r\nContent-Length: 3000000\r\n\r\n" + b"x" * 3_000_000
    assert kind(failure_of(serve(answer), ca_file)) == ("too_large", Remedy.RETRY, True)


def test_the_callers_own_troubles_are_not_mistaken_for_the_calls(
    serve: Serve, ca_file: Path
) -> None:
    """An exception that is being handled must not make an unknown outcome a sure one."""
    with Exchange(ca_file, FAST) as http:
        try:
            raise ConnectionRefusedError
        except ConnectionRefusedError:
            with pytest.raises(CallFailed) as caught:
                http.exchange("POST", serve(b""), Deadline(FAST), data="x")
    assert caught.value.maybe_arrived


def test_a_socket_that_was_shut_down_while_it_was_read() -> None:
    class Content:
        def stream(self, *_: object, **__: object) -> Iterator[bytes]:
            time.sleep(0.06)
            raise ValueError("Read on closed or unwrapped SSL socket.")
            yield b""

        def close(self) -> None: ...

        shutdown = close

    def answer(*_: object, **__: object) -> requests.Response:
        response = requests.Response()
        response.raw = Content()
        return response

    timeouts = Timeouts(total=0.05)
    with pytest.MonkeyPatch.context() as patch, Exchange(None, timeouts) as http:
        patch.setattr(requests.Session, "request", answer)
        with pytest.raises(CallFailed) as caught:
            http.exchange("POST", "https://x.example", Deadline(timeouts))
    assert kind(caught.value) == ("timeout", Remedy.RETRY, True)


def test_no_time_left() -> None:
    timeouts = Timeouts(total=0)
    error = failure_of("https://localhost:1", timeouts=timeouts)
    assert kind(error) == ("timeout", Remedy.RETRY, False)


def test_an_attempt_gets_no_more_time_than_the_call_has_left() -> None:
    assert Deadline(Timeouts(connect=5, read=20, total=25)).for_requests() == (5, 20)
    connect, read = Deadline(Timeouts(connect=5, read=20, total=2)).for_requests()
    assert connect == pytest.approx(2, abs=0.1)
    assert read == pytest.approx(2, abs=0.1)
