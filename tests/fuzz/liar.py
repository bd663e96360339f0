"""Between the program and the org: passes everything on, and breaks the answers it is told to."""

import re
from collections.abc import Mapping
from io import BytesIO
from typing import Any

import requests
from requests.adapters import HTTPAdapter
from urllib3 import HTTPResponse

from tests.fuzz.mutations import mutate

CALLS: Mapping[str, tuple[str, str]] = {
    "login": ("POST", r"/services/oauth2/token"),
    "who am I": ("GET", r"/services/oauth2/userinfo"),
    "versions": ("GET", r"/services/data$"),
    "describe": ("GET", r"/sobjects/User/describe"),
    "scan": ("GET", r"/query/\?.*ORDER(\+|%20)BY(\+|%20)SystemModstamp"),
    "whole org": ("GET", r"/query/\?.*ORDER(\+|%20)BY(\+|%20)Id"),
    "who is gone": ("GET", r"/queryAll/"),
    "covered until": ("GET", r"/sobjects/User/updated"),
    "re-read": ("POST", r"/composite/sobjects/User"),
    "write": ("PATCH", r"/composite/sobjects"),
    "guarded write": ("POST", r"/composite$"),
}
"""Every call that the gateway makes, by method and address."""


class Liar(HTTPAdapter):
    """A requests adapter; `broken` says what it did, in order."""

    def __init__(self) -> None:
        super().__init__()
        self.seen: set[str] = set()
        self.broken: list[str] = []
        self._kind: str | None = None
        self._seed = 0
        self._left = 0

    def lie(self, kind: str, seed: int, times: int) -> None:
        """Break the next `times` answers to calls of this kind."""
        self._kind, self._seed, self._left = kind, seed, times

    def be_honest(self) -> None:
        """Break nothing any more."""
        self._left = 0

    def send(self, request: requests.PreparedRequest, **more: Any) -> requests.Response:  # type: ignore[override]
        answer = super().send(request, **more)
        kind = kind_of(request)
        self.seen.add(kind)
        if kind != self._kind or self._left <= 0:
            return answer
        self._left -= 1
        said, body = mutate(answer.content, self._seed + self._left)
        self.broken.append(f"{kind}: {said}")
        headers = {k: v for k, v in answer.headers.items() if k.lower() not in _OF_THE_BODY}
        raw = HTTPResponse(
            BytesIO(body), headers=headers, status=answer.status_code, preload_content=False
        )
        answer.close()
        return self.build_response(request, raw)


_OF_THE_BODY = ("content-length", "content-encoding", "transfer-encoding")


def kind_of(request: requests.PreparedRequest) -> str:
    """Which of CALLS a request is; what is none of them is named by its address."""
    address = f"/{(request.url or '').partition('://')[2].partition('/')[2]}"
    for kind, (method, pattern) in CALLS.items():
        if request.method == method and re.search(pattern, address):
            return kind
    return f"{request.method} {address}"
