"""What every answer of the review page carries, and what no request may be.

starlette-admin brings the CSRF token; this adds what a browser can enforce besides, and refuses
changes that another site sent before anything reads them.
"""

import logging
from collections.abc import MutableMapping
from typing import Any
from urllib.parse import urlsplit

from starlette.datastructures import Headers, MutableHeaders
from starlette.responses import PlainTextResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from admin.outbound.entrance import PREFIX

log = logging.getLogger(__name__)

SAFE_METHODS = frozenset({"GET", "HEAD", "OPTIONS", "TRACE"})

MAX_BODY = 1_000_000
"""Bytes of a request; a form over a page of rows is far smaller."""

POLICY = "; ".join(
    (
        "default-src 'none'",
        "script-src 'self'",
        "style-src 'self'",
        "img-src 'self' data:",  # the style sheet has its arrows and checks as data
        "font-src 'self'",
        "connect-src 'self'",
        "form-action 'self'",
        "frame-ancestors 'none'",
        "base-uri 'none'",
    )
)

HEADERS = {
    "Content-Security-Policy": POLICY,
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=()",
}


class SecurityHeaders:
    """ASGI middleware: the headers above, cookies out of reach, nothing from other sites."""

    def __init__(self, app: ASGIApp, public_url: str) -> None:
        self.app = app
        parts = urlsplit(public_url)
        self._origin = f"{parts.scheme}://{parts.netloc}"
        self._is_https = parts.scheme == "https"

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a request, or refuse it."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        headers = Headers(scope=scope)
        refusal = self._refusal(scope, headers)

        async def send_with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                self._dress(MutableHeaders(scope=message), scope["path"])
            await send(message)

        if refusal is None:
            await self.app(scope, receive, send_with_headers)
            return
        status, sentence = refusal
        log.warning("refused %s %r: %s", scope["method"], scope["path"], sentence)
        answer = PlainTextResponse(sentence, status_code=status)
        await answer(scope, receive, send_with_headers)

    def _refusal(self, scope: MutableMapping[str, Any], headers: Headers) -> tuple[int, str] | None:
        if scope["method"] in SAFE_METHODS or scope["path"].startswith(PREFIX):
            return None  # outbound messages are refused by their receiver, in words for Salesforce
        try:
            length = int(headers.get("content-length", "0"))
        except ValueError:
            return 400, "The request does not say its length in digits."
        if length > MAX_BODY or "chunked" in headers.get("transfer-encoding", ""):
            return 413, "The request is too large: decide fewer at a time."
        if not self._is_from_here(headers):
            return 403, "The request came from another site."
        return None

    def _is_from_here(self, headers: Headers) -> bool:
        """Programs send neither header; browsers send at least one of them with a change."""
        site = headers.get("sec-fetch-site")
        if site is not None and site not in ("same-origin", "none"):
            return False
        origin = headers.get("origin")
        if origin is None:
            return True
        try:
            host = urlsplit(origin).netloc
        except ValueError:
            return False
        return origin == self._origin or host == headers.get("host")

    def _dress(self, headers: MutableHeaders, path: str) -> None:
        for name, value in HEADERS.items():
            headers[name] = value
        if self._is_https:
            headers["Strict-Transport-Security"] = "max-age=31536000"
        if "/static/" in path:
            headers["Cache-Control"] = "private, max-age=86400"
        else:
            headers.setdefault("Cache-Control", "no-store")
        cookies = headers.getlist("set-cookie")
        if cookies:
            del headers["set-cookie"]
            for cookie in cookies:
                headers.append("set-cookie", self._out_of_reach(cookie))

    def _out_of_reach(self, cookie: str) -> str:
        """The cookie that no script reads: the page's own script takes its token from the form."""
        said = {part.strip().partition("=")[0].lower() for part in cookie.split(";")[1:]}
        if "httponly" not in said:
            cookie += "; HttpOnly"
        if "samesite" not in said:
            cookie += "; SameSite=lax"
        if self._is_https and "secure" not in said:
            cookie += "; Secure"
        return cookie
