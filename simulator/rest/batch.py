"""Composite batch: independent requests; each counts as an API call."""

from __future__ import annotations

from typing import Any

from simulator.errors import ApiError, parser_error
from simulator.rest.call import Answer, Call
from simulator.rest.composite import MOST, Dispatch, Subrequest


def batch(call: Call, dispatch: Dispatch) -> Answer:
    """Whatever the requests do, the answer is 200."""
    body = call.json_object()
    requests = body.get("batchRequests")
    if not isinstance(requests, list) or not all(isinstance(r, dict) for r in requests):
        raise parser_error("batchRequests must be an array of objects")
    if len(requests) > MOST:
        raise ApiError(400, "LIMIT_EXCEEDED", f"The batch can't have more than {MOST} subrequests")
    call.tally.api_calls = len(requests)
    results: list[dict[str, Any]] = []
    halted = False
    for request in requests:
        if halted:
            skipped = ApiError(
                412, "BATCH_PROCESSING_HALTED", "Batch processing halted per request"
            )
            results.append({"statusCode": 412, "result": skipped.body()})
            continue
        answer = _batch_one(call, dispatch, request)
        halted = bool(body.get("haltOnError")) and answer.status >= 400
        results.append({"statusCode": answer.status, "result": answer.body})
    return Answer(
        body={"hasErrors": any(r["statusCode"] >= 400 for r in results), "results": results}
    )


def _batch_one(call: Call, dispatch: Dispatch, request: Subrequest) -> Answer:
    method, url = str(request.get("method", "GET")).upper(), str(request.get("url", "")).lstrip("/")
    path = url if url.startswith("services/data/") else f"services/data/{url}"
    try:
        answer = dispatch(call.inner(method, f"/{path}", {}, request.get("richInput")))
    except ApiError as error:
        answer = Answer(error.status, error.body())
    call.tally.subrequests.append({"method": method, "url": url, "status": answer.status})
    return answer
