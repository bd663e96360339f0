"""Whether a request came from the proxy in front of us: only then may it speak for others.

uvicorn's own list says who is trusted with forwarded headers (FORWARDED_ALLOW_IPS, this machine if
it is not set). Once those are obeyed, nobody can tell any more who was at the other end: it is
noted before.
"""

from collections.abc import Sequence

from starlette.requests import Request
from starlette.types import ASGIApp, Receive, Scope, Send
from uvicorn.middleware.proxy_headers import ProxyHeadersMiddleware

FROM_PROXY = "license_sync.from_proxy"


class BehindProxies:
    """ASGI middleware, outermost: notes who calls, then obeys forwarded headers as uvicorn does."""

    def __init__(self, app: ASGIApp, trusted: Sequence[str] | str) -> None:
        hosts = trusted if isinstance(trusted, str) else list(trusted)
        self._obeying = ProxyHeadersMiddleware(app, trusted_hosts=hosts)  # type: ignore[arg-type]

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass it on."""
        if scope["type"] == "http":
            peer = scope.get("client")
            scope[FROM_PROXY] = peer is not None and peer[0] in self._obeying.trusted_hosts
        await self._obeying(scope, receive, send)  # type: ignore[arg-type]


def said_by_proxy(request: Request, header: str) -> str | None:
    """What the proxy says in this header; None if that was somebody else, or more than one."""
    if request.scope.get(FROM_PROXY) is not True:
        return None
    values = request.headers.getlist(header)
    return values[0].strip() if len(values) == 1 else None
