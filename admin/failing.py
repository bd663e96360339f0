"""What goes wrong outside of a page: one sentence with its status instead of an error page.

Sign-in and the CSRF check run before any page does, so that no page can answer for them.
"""

import logging

from starlette.exceptions import HTTPException
from starlette.formparsers import MultiPartException
from starlette.requests import Request
from starlette.responses import PlainTextResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from sync.errors import StoreUnavailable, SyncError

log = logging.getLogger(__name__)


class Sentences:
    """ASGI middleware: a store that is away is 503, a form that cannot be read 400."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer, if need be for those inside."""
        begun = False

        async def noted(message: Message) -> None:
            nonlocal begun
            begun = begun or message["type"] == "http.response.start"
            await send(message)

        try:
            await self.app(scope, receive, noted)
        except (SyncError, HTTPException, MultiPartException) as error:
            if begun:
                raise
            status, sentence = _answer(error)
            log.warning("%s %r: %s", scope.get("method"), scope.get("path"), sentence)
            await PlainTextResponse(sentence, status_code=status)(scope, receive, send)


async def unavailable(_request: Request, error: Exception) -> PlainTextResponse:
    """The same for routes beside the site."""
    status, sentence = _answer(error)
    return PlainTextResponse(sentence, status_code=status)


def _answer(error: Exception) -> tuple[int, str]:
    match error:
        case StoreUnavailable():
            return 503, str(error)
        case HTTPException():
            return error.status_code, error.detail
        case MultiPartException():
            return 400, f"The form cannot be read: {error.message}"
        case _:
            return 500, str(error)
