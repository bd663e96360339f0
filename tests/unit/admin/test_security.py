"""What every answer carries, and which requests are refused before anything reads them."""

import pytest
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route
from starlette.testclient import TestClient

from admin.security import MAX_BODY, SecurityHeaders


def client(public_url: str = "http://testserver") -> TestClient:
    async def answer(request: Request) -> Response:
        response = PlainTextResponse(request.method)
        response.set_cookie("plain", "1", samesite=None)
        response.set_cookie("careful", "1", httponly=True, samesite="strict", secure=True)
        return response

    routes = [Route("/", answer, methods=["GET", "POST"]), Route("/static/x", answer)]
    app = Starlette(routes=routes, middleware=[Middleware(SecurityHeaders, public_url=public_url)])
    return TestClient(app)


def test_a_page_may_load_from_this_site_alone() -> None:
    policy = client().get("/").headers["content-security-policy"]
    allowed = {word for part in policy.split("; ") for word in part.split()[1:]}
    assert allowed == {"'none'", "'self'", "data:"}
    assert "default-src 'none'" in policy
    assert "unsafe" not in policy


def test_pages_are_not_stored_and_files_are() -> None:
    assert client().get("/").headers["cache-control"] == "no-store"
    assert "max-age" in client().get("/static/x").headers["cache-control"]


@pytest.mark.parametrize(
    ("public_url", "secure"), [("http://testserver", False), ("https://sync.example", True)]
)
def test_no_script_reads_a_cookie(public_url: str, secure: bool) -> None:
    cookies = client(public_url).get("/").headers.get_list("set-cookie")
    assert len(cookies) == 2
    for cookie in cookies:
        words = [part.strip().lower() for part in cookie.split(";")]
        assert words.count("httponly") == 1
        assert sum(word.startswith("samesite=") for word in words) == 1
    assert ("secure" in cookies[0].lower()) is secure


def test_https_is_remembered_by_the_browser() -> None:
    assert "strict-transport-security" in client("https://sync.example").get("/").headers
    assert "strict-transport-security" not in client().get("/").headers


@pytest.mark.parametrize(
    "headers",
    [
        {"Origin": "https://evil.example"},
        {"Origin": "null"},
        {"Sec-Fetch-Site": "cross-site"},
        {"Sec-Fetch-Site": "same-site", "Origin": "http://testserver"},
    ],
)
def test_what_another_site_sends_changes_nothing(headers: dict[str, str]) -> None:
    answer = client().post("/", headers=headers)
    assert answer.status_code == 403
    assert "another site" in answer.text
    assert "content-security-policy" in answer.headers


@pytest.mark.parametrize(
    "headers",
    [{}, {"Origin": "http://testserver"}, {"Sec-Fetch-Site": "same-origin"}],
)
def test_what_this_site_sends_goes_on(headers: dict[str, str]) -> None:
    assert client().post("/", headers=headers).text == "POST"


def test_another_site_may_link_here() -> None:
    assert client().get("/", headers={"Sec-Fetch-Site": "cross-site"}).text == "GET"


def test_a_request_that_is_too_large_is_not_read() -> None:
    assert client().post("/", content=b"x" * (MAX_BODY + 1)).status_code == 413


def test_a_request_without_an_end_is_not_read() -> None:
    assert client().post("/", content=iter([b"x"])).status_code == 413
