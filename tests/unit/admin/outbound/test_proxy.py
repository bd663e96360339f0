"""Whom a header is believed from."""

import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.routing import Route
from starlette.testclient import TestClient

from admin.outbound.proxy import FROM_PROXY, BehindProxies, said_by_proxy

HEADER = "X-Client-Certificate"


async def heard(request: Request) -> JSONResponse:
    host = request.client.host if request.client else None
    return JSONResponse([said_by_proxy(request, HEADER), host])


SITE = Starlette(routes=[Route("/", heard)])


def ask(peer: str, trusted: str, headers: list[tuple[str, str]]) -> list[str | None]:
    client = TestClient(BehindProxies(SITE, trusted), client=(peer, 5000))
    found: list[str | None] = client.get("/", headers=headers).json()
    return found


CERTIFICATE = (HEADER, "CN=acme")
FORWARDED = ("X-Forwarded-For", "192.0.2.7")


def test_the_proxy_is_believed() -> None:
    assert ask("10.0.0.1", "10.0.0.0/8", [CERTIFICATE, FORWARDED]) == ["CN=acme", "192.0.2.7"]
    assert ask("127.0.0.1", "127.0.0.1", [CERTIFICATE]) == ["CN=acme", "127.0.0.1"]
    assert ask("10.0.0.1", "*", [CERTIFICATE]) == ["CN=acme", "10.0.0.1"]


@pytest.mark.parametrize("forwarded", [[], [FORWARDED], [("X-Forwarded-For", "127.0.0.1")]])
def test_nobody_else_is_whatever_they_say_of_themselves(forwarded: list[tuple[str, str]]) -> None:
    found = ask("192.0.2.7", "127.0.0.1", [CERTIFICATE, *forwarded])
    assert found == [None, "192.0.2.7"]


def test_of_two_headers_one_may_be_the_clients() -> None:
    assert ask("127.0.0.1", "127.0.0.1", [CERTIFICATE, (HEADER, "CN=evil")])[0] is None


def test_without_anybody_who_notes_it_nobody_is_the_proxy() -> None:
    client = TestClient(SITE, client=("127.0.0.1", 5000))
    assert client.get("/", headers=[CERTIFICATE]).json() == [None, "127.0.0.1"]


def test_a_header_makes_nobody_the_proxy() -> None:
    found = ask("192.0.2.7", "127.0.0.1", [CERTIFICATE, (FROM_PROXY.replace("_", "-"), "true")])
    assert found[0] is None
