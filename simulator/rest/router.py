"""From a path to the resource that answers it."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import replace

from simulator.errors import ApiError, not_found
from simulator.rest import (
    collections,
    composite,
    describe,
    limits,
    query,
    replication,
    rows,
    versions,
)
from simulator.rest.call import Answer, Call

Handler = Callable[..., Answer]
PATH = re.compile(r"/services/data/v(\d+\.\d)(?:/(.*))?")


def dispatch(call: Call) -> Answer:
    """Finds the resource and lets it answer; refusals come out as ApiError."""
    match = PATH.fullmatch(call.path)
    if match is None:
        raise not_found()
    versions.check_version(match[1], call.org.retired_versions)
    call = replace(call, version=match[1], method=_method(call))
    path = (match[2] or "").rstrip("/")
    for pattern, handlers in ROUTES:
        found = pattern.fullmatch(path)
        if found:
            handler = handlers.get("GET" if call.method == "HEAD" else call.method)
            if handler is None:
                allowed = ",".join(handlers)
                message = f"HTTP Method '{call.method}' not allowed. Allowed are {allowed}"
                raise ApiError(405, "METHOD_NOT_ALLOWED", message)
            return handler(call, *found.groups())
    raise not_found()


def may_write(method: str, path: str) -> bool:
    """Whether a request can change records; reads by POST cannot."""
    if method in ("GET", "HEAD"):
        return False
    return method != "POST" or not READ_BY_POST.search(path)


def _method(call: Call) -> str:
    """`POST ...?_HttpMethod=PATCH` is a PATCH (documented, for clients that cannot send one)."""
    override = call.params.get("_HttpMethod")
    return override.upper() if override and call.method == "POST" else call.method


def _composite(call: Call) -> Answer:
    return composite.composite(call, dispatch)


def _batch(call: Call) -> Answer:
    return composite.batch(call, dispatch)


def _route(pattern: str, **handlers: Handler) -> tuple[re.Pattern[str], dict[str, Handler]]:
    return re.compile(pattern, re.IGNORECASE), handlers


READ_BY_POST = re.compile(r"/composite/sobjects/\w+/?$", re.IGNORECASE)
ROUTES = (
    _route(r"", GET=versions.root),
    _route(r"sobjects", GET=describe.global_describe),
    _route(r"sobjects/(\w+)", GET=describe.basic_info, POST=rows.create),
    _route(r"sobjects/(\w+)/describe", GET=describe.describe),
    _route(r"sobjects/(\w+)/updated", GET=replication.updated),
    _route(r"sobjects/(\w+)/deleted", GET=replication.deleted),
    _route(r"sobjects/(\w+)/(\w+)", GET=rows.read, PATCH=rows.update, DELETE=rows.delete),
    _route(r"query", GET=query.query),
    _route(r"queryAll", GET=query.query_all),
    _route(r"query(?:All)?/([\w-]+)", GET=query.query_more),
    _route(r"tooling/query", GET=query.tooling_query),
    _route(r"tooling/query/([\w-]+)", GET=query.tooling_query_more),
    _route(r"limits", GET=limits.limits),
    _route(r"limits/recordCount", GET=limits.record_count),
    _route(r"composite", POST=_composite),
    _route(r"composite/batch", POST=_batch),
    _route(r"composite/sobjects", POST=collections.create, PATCH=collections.update),
    _route(r"composite/sobjects/(\w+)", GET=collections.read, POST=collections.read),
)
