"""Every answer that is no success has one shape: a code for programs, a sentence for people.

What was refused is logged with who asked for what; a token never is.
"""

import logging
from typing import Any

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from pydantic import BaseModel, Field
from starlette.exceptions import HTTPException

from admin.access import Refused, SignedIn
from sync.errors import NotAllowed, StoreUnavailable, SyncError, UnknownReference
from sync.phrases import plain

log = logging.getLogger(__name__)


class Unauthenticated(SyncError):
    """No token came, or one that is no good."""


class Reason(BaseModel):
    """Why something was not done."""

    code: str = Field(description="A word for programs.")
    message: str = Field(description="One sentence: what is wrong, and how to mend it.")


class Problem(BaseModel):
    """The answer where something was not done."""

    error: Reason


ANSWERS: dict[int | str, dict[str, Any]] = {
    400: {"model": Problem, "description": "The body cannot be read."},
    401: {"model": Problem, "description": "There is no token, or it is no good."},
    403: {"model": Problem, "description": "The token does not reach this org, or may only look."},
    404: {"model": Problem, "description": "There is no such org, user, entry, run or page."},
    409: {"model": Problem, "description": "Not in the state things are in: the message says why."},
    422: {"model": Problem, "description": "A parameter or the body is not as described."},
    503: {"model": Problem, "description": "The database cannot be used now: try again."},
}

_BY_ERROR: tuple[tuple[type[SyncError], int, str], ...] = (
    (Unauthenticated, 401, "unauthenticated"),
    (Refused, 403, "refused"),
    (UnknownReference, 404, "unknown"),
    (NotAllowed, 409, "not_allowed"),
    (StoreUnavailable, 503, "unavailable"),
    (SyncError, 409, "not_allowed"),
)

_BY_STATUS = {400: "unreadable", 404: "unknown", 405: "method_not_allowed", 413: "too_large"}

_MENDS = {
    400: "The body cannot be read: send JSON in UTF-8.",
    404: "There is no such operation: /api/ lists those that there are.",
    405: "This operation is called otherwise: /api/ says how.",
}


def answer_errors(app: FastAPI) -> None:
    """Have the app answer every error in that shape."""
    app.add_exception_handler(SyncError, _named)
    app.add_exception_handler(RequestValidationError, _invalid)
    app.add_exception_handler(HTTPException, _http)
    app.add_exception_handler(Exception, _mistake)


def _named(request: Request, error: Exception) -> JSONResponse:
    status, code = next((s, c) for kind, s, c in _BY_ERROR if isinstance(error, kind))
    if status in (401, 403):
        caller = getattr(request.state, "caller", None)
        name = caller.username if isinstance(caller, SignedIn) else "nobody"
        log.warning("refused %r %s %r: %s", name, request.method, request.url.path, error)
    headers = {"WWW-Authenticate": "Bearer"} if status == 401 else None
    return _problem(status, code, str(error), headers)


def _invalid(_request: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, RequestValidationError)
    first = error.errors()[0]
    where, *names = (str(part) for part in first["loc"])
    what = ".".join(names) if first["type"] != "json_invalid" else ""
    said = str(first["msg"]).removeprefix("Value error, ")
    subject = f"{what[:80]} in the {where}" if what else f"the {where}"
    return _problem(422, "invalid", f"{subject} cannot be used: {said}; /api/ says what it takes.")


def _http(_request: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, HTTPException)
    status = error.status_code
    code = _BY_STATUS.get(status, "refused")
    headers = dict(error.headers) if error.headers else None
    return _problem(status, code, _MENDS.get(status, str(error.detail)), headers)


def _mistake(request: Request, error: Exception) -> JSONResponse:
    """A mistake of ours: the server logs it, and nothing of it goes out."""
    log.error("%s %r failed", request.method, request.url.path, exc_info=error)
    return _problem(500, "mistake", "license-sync made a mistake: its log says which.")


def _problem(
    status: int, code: str, message: str, headers: dict[str, str] | None = None
) -> JSONResponse:
    """Whatever the message quotes can be sent: half a surrogate pair cannot."""
    sendable = plain(message).encode("utf-8", "replace").decode()
    content = {"error": {"code": code, "message": sendable}}
    return JSONResponse(content, status_code=status, headers=headers)
