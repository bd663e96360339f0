"""If-Modified-Since and If-Unmodified-Since: weak checks, to the whole second.

Salesforce documents the statuses (304, 412, and 400 for a bad date), not the bodies:
the codes below are the most plausible ones, unconfirmed.
"""

from __future__ import annotations

from simulator.clock import http_date, parse_http_date
from simulator.errors import ApiError
from simulator.rest.call import Answer, Call


def check_conditions(call: Call, modified: int) -> Answer | None:
    """None when the request may go on; a 304 answer; or the refusal, raised."""
    unmodified_since = _date(call, "if-unmodified-since")
    if unmodified_since is not None and modified > unmodified_since:
        raise ApiError(
            412,
            "PRECONDITION_FAILED",
            "The resource was modified after the date of If-Unmodified-Since",
        )
    modified_since = _date(call, "if-modified-since")
    if modified_since is not None and modified <= modified_since:
        return Answer(304, headers={"Last-Modified": http_date(modified)})
    return None


def _date(call: Call, header: str) -> int | None:
    text = call.headers.get(header)
    if text is None:
        return None
    seconds = parse_http_date(text)
    if seconds is None:
        raise ApiError(400, "INVALID_HEADER", f"Invalid value for header {header}: {text}")
    return seconds
