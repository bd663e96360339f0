"""One HTTP exchange, bounded in time and size, whose failures are sentences.

Knows nothing of sessions or of Salesforce's errors; login and transport are built on it.
"""

import contextlib
import socket
import ssl
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass
from http.cookiejar import DefaultCookiePolicy
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import requests
import urllib3.exceptions
import urllib3.response
from requests.exceptions import ConnectTimeout, InvalidURL, RequestException, SSLError, Timeout

from sync.errors import CallFailed, Failure, Remedy

ANSWER_LIMIT = 32 * 1024 * 1024
"""The most bytes of one answer, unpacked. 2,000 users are some 3 MB, 600,000 ids some 14 MB."""

_CHUNK = 256 * 1024


@dataclass(frozen=True, slots=True)
class Timeouts:
    """Seconds to connect, between two bytes of an answer, and for a call with all its repeats.

    `total` has to stay below the lease under which the caller works.
    """

    connect: float = 5.0
    read: float = 20.0
    total: float = 25.0


class Deadline:
    """The moment by which a call has to end."""

    def __init__(self, timeouts: Timeouts) -> None:
        self._timeouts = timeouts
        self._end = time.monotonic() + timeouts.total

    @property
    def remaining(self) -> float:
        """Seconds left, 0 when none."""
        return max(self._end - time.monotonic(), 0.0)

    def for_requests(self) -> tuple[float, float]:
        """The connect and read timeouts that one attempt may still have."""
        left = max(self.remaining, 0.05)
        return min(self._timeouts.connect, left), min(self._timeouts.read, left)


_NO_SUCH_HOST = (
    InvalidURL,
    UnicodeError,
    socket.gaierror,
    urllib3.exceptions.NameResolutionError,
    urllib3.exceptions.LocationParseError,
)


class TooLong(Exception):
    """The answer took longer than the deadline."""


class TooLarge(Exception):
    """The answer is larger than ANSWER_LIMIT."""


class Exchange(requests.Session):
    """A requests session that takes nothing from the environment, keeps no cookies, follows no
    redirects. `ca_file` is a PEM bundle to trust instead of the usual authorities.
    """

    def __init__(self, ca_file: str | Path | None, timeouts: Timeouts) -> None:
        super().__init__()
        # REQUESTS_CA_BUNDLE and .netrc would otherwise win over what is configured here.
        self.trust_env = False
        self.verify = str(ca_file) if ca_file else True
        self.cookies.set_policy(DefaultCookiePolicy(allowed_domains=[]))
        self.timeouts = timeouts

    def exchange(
        self, method: str, url: str, deadline: Deadline, **kwargs: Any
    ) -> requests.Response:
        """Send one request and read the whole answer, whatever its status.

        Raises CallFailed; its `maybe_arrived` is False only where the request cannot have left.
        """
        host = urlsplit(url).netloc
        if deadline.remaining <= 0:
            raise CallFailed(_timeout(host, "no time was left to ask"))
        try:
            return self._whole(method, url, deadline, kwargs)
        except (OSError, urllib3.exceptions.HTTPError, TooLong, TooLarge, UnicodeError) as error:
            failure, maybe_arrived = _explain(error, host)
        # Outside of the handler: the library's exception holds the request and so its headers.
        raise CallFailed(failure, maybe_arrived=maybe_arrived)

    def _whole(
        self, method: str, url: str, deadline: Deadline, kwargs: dict[str, Any]
    ) -> requests.Response:
        response = super().request(
            method,
            url,
            timeout=deadline.for_requests(),
            allow_redirects=False,
            stream=True,
            **kwargs,
        )
        watch = threading.Timer(deadline.remaining, _hang_up, (response.raw,))
        watch.daemon = True
        watch.start()
        response.raw = _Bounded(response.raw)
        try:
            with response:
                _ = response.content
        except ValueError:
            if deadline.remaining > 0:
                raise
            raise TooLong from None  # a socket that is shut down while it is read may say this
        finally:
            watch.cancel()
        if deadline.remaining <= 0:
            raise TooLong
        return response


def _hang_up(raw: urllib3.response.HTTPResponse) -> None:
    """The read timeout is for each piece of an answer; this ends one that comes in many."""
    with contextlib.suppress(ValueError, RuntimeError, OSError):
        raw.shutdown()


class _Bounded:
    """A urllib3 response whose body ends with an exception when it is too large."""

    def __init__(self, raw: Any) -> None:
        self._raw = raw

    def stream(self, _amount: int, decode_content: bool | None = None) -> Iterator[bytes]:
        size = 0
        for chunk in self._raw.stream(_CHUNK, decode_content=decode_content):
            size += len(chunk)
            if size > ANSWER_LIMIT:
                raise TooLarge
            yield chunk

    def __getattr__(self, name: str) -> Any:
        return getattr(self._raw, name)


def _explain(error: Exception, host: str) -> tuple[Failure, bool]:
    """The sentence for a library's exception, and whether the request may have arrived."""
    chain = list(_chain(error))

    def has(*kinds: type[BaseException]) -> bool:
        return any(isinstance(link, kinds) for link in chain)

    if has(ssl.SSLCertVerificationError):
        return _certificate(host), False
    if has(*_NO_SUCH_HOST):
        return _unknown_host(host), False
    if has(ConnectionRefusedError, urllib3.exceptions.NewConnectionError):
        return _refused(host), False
    if has(ConnectTimeout, urllib3.exceptions.ConnectTimeoutError):
        return _timeout(host, "it does not take the connection"), False
    if has(Timeout, TimeoutError, TooLong, urllib3.exceptions.ReadTimeoutError):
        return _timeout(host, "it took the question and did not answer in time"), True
    if has(TooLarge):
        return _too_large(host), True
    if not isinstance(error, RequestException) and "TLS CA certificate" in str(error):
        return _bad_ca_file(), False
    if has(SSLError, ssl.SSLError):
        return _tls(host), not _is_plain_http(chain)
    return _lost(host), True


def _chain(error: BaseException) -> Iterator[BaseException]:
    """The exception and those it wraps; requests and urllib3 wrap them in several ways."""
    todo: list[object] = [error]
    seen: set[int] = set()
    while todo:
        link = todo.pop()
        if isinstance(link, BaseException) and id(link) not in seen:
            seen.add(id(link))
            yield link
            # Not __context__: it leads out to whatever our caller happens to be handling.
            todo += [*link.args, getattr(link, "reason", None), link.__cause__]


def _is_plain_http(chain: list[BaseException]) -> bool:
    return any("WRONG_VERSION_NUMBER" in str(getattr(link, "reason", "")) for link in chain)


def _certificate(host: str) -> Failure:
    return Failure(
        "certificate",
        f"The certificate of {host} does not verify; check the host in LOGIN_URL, and let CA_FILE"
        " name the authority's file if the host has one of its own.",
        Remedy.STOP_ORG,
        60,
    )


def _bad_ca_file() -> Failure:
    return Failure(
        "ca_file",
        "The file that CA_FILE names cannot be used; let it name a readable file of PEM"
        " certificates, or leave it empty.",
        Remedy.STOP_ORG,
        60,
    )


def _unknown_host(host: str) -> Failure:
    return Failure(
        "unknown_host",
        f"No address is known for the host {host}; check LOGIN_URL and the name service.",
        Remedy.STOP_ORG,
        30,
    )


def _refused(host: str) -> Failure:
    return Failure(
        "connection_refused",
        f"{host} cannot be reached (no connection); check LOGIN_URL, the network and firewalls.",
        Remedy.STOP_ORG,
        15,
    )


def _timeout(host: str, why: str) -> Failure:
    return Failure(
        "timeout",
        f"{host} was too slow ({why}); it is tried again.",
        Remedy.RETRY,
        15,
    )


def _too_large(host: str) -> Failure:
    return Failure(
        "too_large",
        f"{host} gave an answer of more than {ANSWER_LIMIT // 2**20} MB; it is tried again.",
        Remedy.RETRY,
        60,
    )


def _tls(host: str) -> Failure:
    return Failure(
        "tls",
        f"No secure connection to {host} comes about; check that LOGIN_URL names an https port and"
        " CA_FILE a file of PEM certificates.",
        Remedy.STOP_ORG,
        30,
    )


def _lost(host: str) -> Failure:
    return Failure(
        "connection_lost",
        f"The connection to {host} broke before the answer was whole; it is tried again.",
        Remedy.RETRY,
        5,
    )
