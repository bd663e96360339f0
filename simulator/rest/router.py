"""From a path to the resource that answers it."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import replace

from simulator.bulk import ingest, outcomes, pages
from simulator.bulk import query as bulk_query
from simulator.errors import method_not_allowed, not_found
from simulator.rest import (
    batch,
    collection_writes,
    collections,
    composite,
    describe,
    external,
    graph,
    limits,
    query,
    recent,
    replication,
    rows,
    tree,
    versions,
)
from simulator.rest.call import Answer, Call

Handler = Callable[..., Answer]
Route = tuple[re.Pattern[str], dict[str, Handler]]
Routes = tuple[Route, ...]
PATH = re.compile(r"/services/data/v(\d+\.\d)(?:/(.*))?")


def dispatch(call: Call) -> Answer:
    """Finds the resource and lets it answer; refusals come out as ApiError."""
    match = PATH.fullmatch(call.path)
    if match is None:
        raise not_found()
    versions.check_version(match[1], call.org.retired_versions)
    call = replace(call, version=match[1], method=_method(call))
    path = (match[2] or "").rstrip("/")
    answer = routed(call, path, ROUTES)
    if answer is None:
        raise not_found()
    return answer


def routed(call: Call, path: str, routes: Routes) -> Answer | None:
    """The answer of the resource that has this path, if any has."""
    for pattern, handlers in routes:
        found = pattern.fullmatch(path)
        if found:
            handler = handlers.get("GET" if call.method == "HEAD" else call.method)
            if handler is None:
                raise method_not_allowed(call.method, handlers)
            return handler(call, *found.groups())
    return None


def may_write(method: str, path: str) -> bool:
    """Whether a request can change records; reads by POST cannot, and bulk jobs do it later."""
    if method in ("GET", "HEAD") or JOBS.search(path):
        return False
    return method != "POST" or not READ_BY_POST.search(path)


def _method(call: Call) -> str:
    """`POST ...?_HttpMethod=PATCH` is a PATCH (documented, for clients that cannot send one)."""
    override = call.params.get("_HttpMethod")
    return override.upper() if override and call.method == "POST" else call.method


def _composite(call: Call) -> Answer:
    return composite.composite(call, dispatch)


def _batch(call: Call) -> Answer:
    return batch.batch(call, dispatch)


def _graph(call: Call) -> Answer:
    return graph.graph(call, dispatch)


def route(pattern: str, **handlers: Handler) -> Route:
    return re.compile(pattern, re.IGNORECASE), handlers


JOBS = re.compile(r"/v\d+\.\d/jobs/", re.IGNORECASE)
READ_BY_POST = re.compile(r"/composite/sobjects/\w+/?$", re.IGNORECASE)
ROUTES = (
    route(r"", GET=versions.root),
    route(r"sobjects", GET=describe.global_describe),
    route(r"sobjects/(\w+)", GET=describe.basic_info, POST=rows.create),
    route(r"sobjects/(\w+)/describe", GET=describe.describe),
    route(r"sobjects/(\w+)/updated", GET=replication.updated),
    route(r"sobjects/(\w+)/deleted", GET=replication.deleted),
    route(r"sobjects/(\w+)/(\w+)", GET=rows.read, PATCH=rows.update, DELETE=rows.delete),
    route(
        r"sobjects/(\w+)/(\w+)/(.+)",
        GET=external.read,
        PATCH=external.upsert,
        DELETE=external.delete,
    ),
    route(r"query", GET=query.query),
    route(r"queryAll", GET=query.query_all),
    route(r"query(?:All)?/([\w-]+)", GET=query.query_more),
    route(r"tooling/query", GET=query.tooling_query),
    route(r"tooling/query/([\w-]+)", GET=query.tooling_query_more),
    route(r"recent", GET=recent.recent),
    route(r"limits", GET=limits.limits),
    route(r"limits/recordCount", GET=limits.record_count),
    route(r"jobs/ingest", GET=ingest.listing, POST=ingest.create),
    route(r"jobs/ingest/(\w+)", GET=ingest.read, PATCH=ingest.change, DELETE=ingest.delete),
    route(r"jobs/ingest/(\w+)/batches", PUT=ingest.upload),
    route(r"jobs/ingest/(\w+)/successfulResults", GET=outcomes.successful),
    route(r"jobs/ingest/(\w+)/failedResults", GET=outcomes.failed),
    route(r"jobs/ingest/(\w+)/unprocessedRecords", GET=outcomes.unprocessed),
    route(r"jobs/query", GET=bulk_query.listing, POST=bulk_query.create),
    route(
        r"jobs/query/(\w+)",
        GET=bulk_query.read,
        PATCH=bulk_query.change,
        DELETE=bulk_query.delete,
    ),
    route(r"jobs/query/(\w+)/results", GET=pages.results),
    route(r"jobs/query/(\w+)/resultPages", GET=pages.parallel),
    route(r"composite", POST=_composite),
    route(r"composite/batch", POST=_batch),
    route(r"composite/graph", POST=_graph),
    route(r"composite/tree/(\w+)", POST=tree.create),
    route(
        r"composite/sobjects",
        POST=collection_writes.create,
        PATCH=collection_writes.update,
        DELETE=collection_writes.delete,
    ),
    route(r"composite/sobjects/(\w+)/(\w+)", PATCH=collection_writes.upsert),
    route(r"composite/sobjects/(\w+)", GET=collections.read, POST=collections.read),
)
