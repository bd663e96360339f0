"""A request body that should be JSON, and what is said of one that is not.

The codes and the status 415 are documented; the wording is that of the parser behind real
answers, as far as it is known, and unconfirmed beyond that.
"""

from __future__ import annotations

from typing import Any

import orjson

from simulator.errors import ApiError, parser_error

REFUSED = ("text/csv", "multipart/", "application/octet-stream", "text/html")
XML = ("application/xml", "text/xml")


def check_content_type(content_type: str) -> None:
    """415 for what is neither JSON nor XML; none at all, text and forms count as JSON here.

    Salesforce takes XML bodies too; this org does not, and says so with the same status.
    """
    if content_type.lower().startswith((*REFUSED, *XML)):
        kind = content_type.partition(";")[0].strip()
        message = (
            f"Content-Type {kind} is not supported for this request. "
            "Use application/json for requests with a body."
        )
        raise ApiError(415, "UNSUPPORTED_MEDIA_TYPE", message)


def parse_json(raw: bytes) -> Any:
    """The value, or JSON_PARSER_ERROR with the place of the first fault."""
    if not raw.strip():
        raise parser_error("The HTTP entity body is required, but this request has no entity body.")
    try:
        return orjson.loads(raw)
    except orjson.JSONDecodeError as error:
        raise parser_error(_fault(error)) from error


def _fault(error: orjson.JSONDecodeError) -> str:
    place = f"at [line:{error.lineno}, column:{error.colno}]"
    if error.pos >= len(error.doc):
        return f"Unexpected end-of-input {place}"
    shown = error.doc[error.pos]
    return f"Unexpected character ('{shown}' (code {ord(shown)})) {place}"
