"""Composite: several requests in one call, the later ones made of the earlier ones' answers."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

from simulator.errors import ApiError, parser_error
from simulator.rest.call import Answer, Call

MOST = 25
MOST_HEAVY = 5
HEAVY = re.compile(r"/v\d+\.\d/(query|queryAll|composite/sobjects)(/|\?|$)", re.IGNORECASE)
REFERENCE = re.compile(r"@\{(\w+)((?:\.\w+|\[\d+\])*)\}")
STEP = re.compile(r"\.(\w+)|\[(\d+)\]")
REFERENCE_ID = re.compile(r"[A-Za-z0-9][A-Za-z0-9_]*")
FORBIDDEN_HEADERS = {"accept", "authorization", "content-type"}
HALTED = ApiError(
    400,
    "PROCESSING_HALTED",
    "The transaction was rolled back since another operation in the same transaction failed.",
)
Dispatch = Callable[[Call], Answer]
Subrequest = dict[str, Any]


class _RolledBack(Exception):
    """Undoes what the subrequests did."""


def composite(call: Call, dispatch: Dispatch) -> Answer:
    """One API call in all; with allOrNone one failure undoes everything."""
    body = call.json_object()
    requests = checked(body.get("compositeRequest"), MOST)
    _check_heavy(requests)
    return Answer(body=run(call, dispatch, requests, strict=bool(body.get("allOrNone")))[0])


def run(
    call: Call, dispatch: Dispatch, requests: list[Subrequest], *, strict: bool
) -> tuple[dict[str, Any], bool]:
    """The answers of all subrequests, and whether they all succeeded."""
    results: list[tuple[Subrequest, Answer]] = []
    good = True
    try:
        with call.org.db.savepoint():
            for request in requests:
                answer = _one(call, dispatch, request, {r["referenceId"]: a for r, a in results})
                results.append((request, answer))
                good = good and not _failed(answer)
                if strict and not good:
                    raise _RolledBack
    except _RolledBack:
        failed = results[-1]
        results = [
            failed if r is failed[0] else (r, Answer(HALTED.status, HALTED.body()))
            for r in requests
        ]
    return {"compositeResponse": [_shown(request, answer) for request, answer in results]}, good


def _failed(answer: Answer) -> bool:
    """An outer allOrNone overrides that of a collection inside (documented)."""
    items = answer.body if isinstance(answer.body, list) else []
    return answer.status >= 400 or any(
        isinstance(i, dict) and i.get("success") is False for i in items
    )


def _check_heavy(requests: list[Subrequest]) -> None:
    if sum(1 for r in requests if HEAVY.search(str(r.get("url")))) > MOST_HEAVY:
        message = f"At most {MOST_HEAVY} subrequests can be query or sObject collections operations"
        raise ApiError(400, "LIMIT_EXCEEDED", message)


def checked(requests: Any, most: int) -> list[Subrequest]:
    if not isinstance(requests, list) or not all(isinstance(r, dict) for r in requests):
        raise parser_error("compositeRequest must be an array of objects")
    if len(requests) > most:
        raise ApiError(
            400, "LIMIT_EXCEEDED", f"The composite request can't have more than {most} subrequests"
        )
    names = [str(r.get("referenceId", "")) for r in requests]
    bad = next(
        (name for name in names if not REFERENCE_ID.fullmatch(name) or names.count(name) > 1), None
    )
    if bad is not None:
        raise ApiError(400, "INVALID_INPUT", f"Invalid or duplicate referenceId: {bad}")
    return requests


def _one(call: Call, dispatch: Dispatch, request: Subrequest, done: dict[str, Answer]) -> Answer:
    method, url = str(request.get("method", "GET")).upper(), str(request.get("url", ""))
    headers = {str(k).lower(): str(v) for k, v in (request.get("httpHeaders") or {}).items()}
    try:
        _check_headers(headers)
        resolved = _resolve(url, done)
        inner = call.inner(method, resolved, headers, _resolve(request.get("body"), done))
        answer = dispatch(inner)
    except ApiError as error:
        answer = Answer(error.status, error.body())
    note = {"method": method, "url": url, "status": answer.status, "headers": headers}
    call.tally.subrequests.append(note)
    return answer


def _check_headers(headers: dict[str, str]) -> None:
    forbidden = FORBIDDEN_HEADERS & headers.keys()
    if forbidden:
        raise ApiError(
            400, "INVALID_INPUT", f"httpHeaders may not contain {', '.join(sorted(forbidden))}"
        )


def _resolve(value: Any, done: dict[str, Answer]) -> Any:
    """Puts the results of earlier subrequests where `@{ref.path}` stands."""
    if isinstance(value, dict):
        return {key: _resolve(item, done) for key, item in value.items()}
    if isinstance(value, list):
        return [_resolve(item, done) for item in value]
    if isinstance(value, str) and "@{" in value:
        return REFERENCE.sub(lambda match: str(_look_up(match, done)), value)
    return value


def _look_up(match: re.Match[str], done: dict[str, Answer]) -> Any:
    answer = done.get(match[1])
    failed = ApiError(
        400, "PROCESSING_HALTED", f"Invalid reference specified. No value for {match[0]} found."
    )
    if answer is None or answer.status >= 400:
        raise failed
    found = answer.body
    for name, index in STEP.findall(match[2]):
        try:
            found = found[name] if name else found[int(index)]
        except (KeyError, IndexError, TypeError):
            raise failed from None
    return found


def _shown(request: Subrequest, answer: Answer) -> dict[str, Any]:
    return {
        "body": answer.body,
        "httpHeaders": answer.headers,
        "httpStatusCode": answer.status,
        "referenceId": request["referenceId"],
    }
