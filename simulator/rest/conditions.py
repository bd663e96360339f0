"""If-Modified-Since and If-Unmodified-Since for every row; ETags for Account rows alone.

The dates are weak checks, to the whole second. Salesforce documents the statuses (304, 412,
and 400 for a bad value), not the bodies: the codes below are the most plausible ones,
unconfirmed.
"""

from __future__ import annotations

import hashlib

from simulator.clock import http_date, parse_http_date
from simulator.errors import ApiError
from simulator.records import Row
from simulator.rest.call import Answer, Call
from simulator.schema.model import SObject

TAGGED = "Account"


def check_conditions(call: Call, sobject: SObject, row: Row) -> Answer | None:
    """None when the request may go on; a 304 answer; or the refusal, raised."""
    modified = int(row["LastModifiedDate"])
    if sobject.name == TAGGED:
        unchanged = _check_tag(call, entity_tag(row))
        if unchanged:
            return unchanged
    return check_dates(call, modified, headers_of(sobject, row))


def headers_of(sobject: SObject, row: Row) -> dict[str, str]:
    """What a row's answer tells of its age (recorded)."""
    headers = {"Last-Modified": http_date(row["LastModifiedDate"])}
    return {**headers, "ETag": entity_tag(row)} if sobject.name == TAGGED else headers


def entity_tag(row: Row) -> str:
    text = f"{row['Id']}{row['SystemModstamp']}{sorted((k, str(v)) for k, v in row.items())}"
    return f'"{hashlib.sha256(text.encode()).hexdigest()[:32]}"'


def check_dates(call: Call, modified: int, headers: dict[str, str]) -> Answer | None:
    unmodified_since = _date(call, "if-unmodified-since")
    if unmodified_since is not None and modified > unmodified_since:
        raise _failed("The resource was modified after the date of If-Unmodified-Since")
    modified_since = _date(call, "if-modified-since")
    if modified_since is not None and modified <= modified_since:
        return Answer(304, headers=headers)
    return None


def _check_tag(call: Call, tag: str) -> Answer | None:
    wanted, unwanted = (_tags(call, name) for name in ("if-match", "if-none-match"))
    if wanted is not None and not _covers(wanted, tag):
        raise _failed("The resource does not match If-Match")
    if unwanted is None or not _covers(unwanted, tag):
        return None
    if call.method in ("GET", "HEAD"):
        return Answer(304, headers={"ETag": tag})
    raise _failed("The resource matches If-None-Match")


def _covers(tags: list[str], tag: str) -> bool:
    """An answer that was compressed had `--gzip` in its tag (recorded)."""
    return "*" in tags or tag in [t.replace("--gzip", "") for t in tags]


def _tags(call: Call, header: str) -> list[str] | None:
    text = call.headers.get(header)
    if text is None:
        return None
    tags = [part.strip().removeprefix("W/") for part in text.split(",")]
    if not all(t == "*" or (len(t) > 1 and t[0] == t[-1] == '"') for t in tags):
        raise _invalid(header, text)
    return tags


def _date(call: Call, header: str) -> int | None:
    text = call.headers.get(header)
    if text is None:
        return None
    seconds = parse_http_date(text)
    if seconds is None:
        raise _invalid(header, text)
    return seconds


def _invalid(header: str, text: str) -> ApiError:
    return ApiError(400, "INVALID_HEADER", f"Invalid value for header {header}: {text}")


def _failed(message: str) -> ApiError:
    return ApiError(412, "PRECONDITION_FAILED", message)
