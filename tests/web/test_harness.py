"""Each thing that a page must not do is caught, by pages that do it; a good page passes."""

import socket
import struct
import threading
import time
import zlib
from collections.abc import Iterator
from pathlib import Path

import pytest
import uvicorn
from playwright.sync_api import Error, Page
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import HTMLResponse, Response
from starlette.routing import Route

from tests.web import pictures
from tests.web.accessibility import barriers, check_accessible, check_width
from tests.web.conftest import Visit

POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; "
    "connect-src 'self'; base-uri 'none'; require-trusted-types-for 'script'"
)
SCRIPTS = {
    "throws.js": "throw new Error('a mistake of ours')",
    "rejects.js": "Promise.reject(new Error('nobody waits for this'))",
    "complains.js": "console.error('that went wrong')",
    "asks.js": "fetch('/secret').catch(() => {})",
    "evaluates.js": "try { eval('1') } catch {}",
}
BODIES = {
    "good": "<h1>Good</h1><p>Nothing to complain about.</p>",
    "inline": "<h1>Inline</h1><script>document.title = 'x'</script>",
    "styled": "<h1>Styled</h1><p style='color: red'>Red</p>",
    "outside": "<h1>Outside</h1><img alt='Tracked' src='http://elsewhere.example/pixel.png'>",
    "neighbor": "<h1>Other port</h1><img alt='Tracked' src='http://127.0.0.1:9/pixel.png'>",
    "unlabeled": "<h1>Unlabeled</h1><form><input type='text'></form>",
    "pale": "<h1>Pale</h1><p class='pale'>Who can read this?</p>",
    "wide": "<h1>Wide</h1><div class='wide'>Far too wide</div>",
    **{name: f"<h1>Script</h1><script src='/{name}'></script>" for name in SCRIPTS},
}
STYLE = ".pale { color: #ccc; background: #fff } .wide { width: 900px }"


def _page(request: Request) -> Response:
    name = request.path_params["name"]
    if name in SCRIPTS and request.url.path.startswith("/pages/") is False:
        return Response(SCRIPTS[name], media_type="text/javascript")
    headers = {} if "lax" in request.query_params else {"Content-Security-Policy": POLICY}
    text = f"""<!doctype html><html lang="en"><head><meta charset="utf-8"><title>Page</title>
    <meta name="viewport" content="width=device-width, initial-scale=1">
    <link rel="icon" href="data:,"><link rel="stylesheet" href="/style.css"></head>
    <body><main>{BODIES[name]}</main></body></html>"""
    return HTMLResponse(text, headers=headers)


def _style(request: Request) -> Response:
    return Response(STYLE, media_type="text/css")


def _secret(request: Request) -> Response:
    return Response("Not for you.", status_code=403)


ROUTES = [
    Route("/style.css", _style),
    Route("/secret", _secret),
    Route("/pages/{name}", _page),
    Route("/{name}", _page),
]


@pytest.fixture(scope="module")
def sample() -> Iterator[str]:
    """A site of good and bad pages."""
    with socket.create_server(("127.0.0.1", 0)) as listening:
        config = uvicorn.Config(Starlette(routes=ROUTES), log_level="error", lifespan="off")
        server = uvicorn.Server(config)
        thread = threading.Thread(target=server.run, args=([listening],), daemon=True)
        thread.start()
        while not server.started:
            time.sleep(0.01)
        yield f"http://127.0.0.1:{listening.getsockname()[1]}"
        server.should_exit = True
        thread.join(10)


def test_a_good_page_passes_everything(visit: Visit, sample: str) -> None:
    page = visit(sample)
    page.goto("/pages/good")
    check_accessible(page)
    check_width(page)
    visit.watch_of(page).check()


@pytest.mark.parametrize(
    ("name", "complaint"),
    [
        ("inline", "Content Security Policy"),
        ("styled", "Content Security Policy"),
        ("evaluates.js", "policy violation: require-trusted-types-for"),
        ("outside", "request to another host: GET http://elsewhere.example/pixel.png"),
        ("neighbor", "request to another host: GET http://127.0.0.1:9/pixel.png"),
        ("throws.js", "script: .*a mistake of ours"),
        ("rejects.js", "script: .*nobody waits for this"),
        ("complains.js", "console: that went wrong"),
        ("asks.js", "console: .*403"),
    ],
)
def test_what_a_page_must_not_do_is_caught(
    visit: Visit, sample: str, name: str, complaint: str
) -> None:
    page = visit(sample)
    page.goto(f"/pages/{name}", wait_until="networkidle")
    watch = visit.watch_of(page)
    with pytest.raises(AssertionError, match=complaint):
        watch.check()
    watch.expect(".")


def test_a_request_elsewhere_that_no_policy_stops_is_caught_and_goes_nowhere(
    visit: Visit, sample: str
) -> None:
    page = visit(sample)
    failures: list[str | None] = []
    page.on("requestfailed", lambda request: failures.append(request.failure))
    page.goto("/pages/outside?lax")
    watch = visit.watch_of(page)
    with pytest.raises(AssertionError, match="request to another host"):
        watch.check()
    assert failures == ["net::ERR_NAME_NOT_RESOLVED"]
    watch.expect("another host")
    watch.expect("ERR_NAME_NOT_RESOLVED")


def test_a_second_tab_is_watched_too(visit: Visit, sample: str) -> None:
    page = visit(sample)
    page.context.new_page().goto("/pages/complains.js")
    watch = visit.watch_of(page)
    with pytest.raises(AssertionError, match="that went wrong"):
        watch.check()
    watch.expect("that went wrong")


def test_only_what_is_expected_passes(visit: Visit, sample: str) -> None:
    page = visit(sample)
    watch = visit.watch_of(page)
    watch.expect("403")
    page.goto("/pages/asks.js")
    watch.check()
    page.goto("/pages/complains.js")
    with pytest.raises(AssertionError, match="that went wrong"):
        watch.check()
    watch.expect("that went wrong")


@pytest.mark.parametrize(("name", "rule"), [("unlabeled", "label"), ("pale", "color-contrast")])
def test_what_keeps_people_out_is_caught_despite_the_policy(
    visit: Visit, sample: str, name: str, rule: str
) -> None:
    page = visit(sample)
    page.goto(f"/pages/{name}")
    assert [found.split()[0] for found in barriers(page)] == [rule]
    with pytest.raises(AssertionError, match=rule):
        check_accessible(page)


def test_a_page_that_is_wider_than_a_phone_is_caught(visit: Visit, sample: str) -> None:
    page = visit(sample, viewport={"width": 390, "height": 844})
    page.goto("/pages/wide")
    with pytest.raises(AssertionError, match="on a screen of 390"):
        check_width(page)


def test_a_picture_has_a_palette_and_is_small(visit: Visit, sample: str, tmp_path: Path) -> None:
    page = visit(sample, viewport={"width": 390, "height": 200})
    page.goto("/pages/good")
    size = pictures.take(page, tmp_path / "good.png")
    data = (tmp_path / "good.png").read_bytes()
    assert size == len(data) < len(page.screenshot())
    assert struct.unpack(">II", data[16:24]) == (390, 200)
    assert data[24:26] == b"\x08\x03"  # eight bits, of a palette
    assert _colors(data) >= {b"\xff\xff\xff", b"\x00\x00\x00"}


def test_a_picture_is_tried_again(
    visit: Visit, sample: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    page = visit(sample)
    page.goto("/pages/good")
    real, tries = Page.screenshot, []

    def unable_twice(self: Page, **options: object) -> bytes:
        tries.append(options)
        if len(tries) < 3:
            raise Error("Protocol error: Unable to capture screenshot")
        return real(self, **options)

    monkeypatch.setattr(Page, "screenshot", unable_twice)
    assert pictures.take(page, tmp_path / "good.png")
    assert len(tries) == 3


def _colors(png: bytes) -> set[bytes]:
    """The colors that a picture of ours uses."""
    at, chunks = 8, {}
    while at < len(png):
        (length,) = struct.unpack(">I", png[at : at + 4])
        chunks[png[at + 4 : at + 8]] = png[at + 8 : at + 8 + length]
        at += length + 12
    width = struct.unpack(">I", chunks[b"IHDR"][:4])[0]
    rows = zlib.decompress(chunks[b"IDAT"])
    used = set(rows) - ({0} if rows.count(0) == len(rows) // (width + 1) else set())
    return {chunks[b"PLTE"][3 * n : 3 * n + 3] for n in used}
