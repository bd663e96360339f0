"""`/query`, `/queryAll` and the pages behind them."""

from __future__ import annotations

import re

from simulator.errors import ApiError
from simulator.rest.call import Answer, Call

BATCH = re.compile(r"batchSize=(\d+)", re.IGNORECASE)
SMALLEST, LARGEST = 200, 2000


def query(call: Call) -> Answer:
    return _run(call, deleted=False)


def query_all(call: Call) -> Answer:
    return _run(call, deleted=True)


def query_more(call: Call, locator: str) -> Answer:
    page = call.org.queries.more(locator, call.access, call.base, batch=_batch(call), now=call.at)
    call.tally.records += len(page["records"])
    return Answer(body=page)


def _run(call: Call, *, deleted: bool) -> Answer:
    text = call.params.get("q")
    if not text:
        raise ApiError(400, "MALFORMED_QUERY", "SOQL statements cannot be empty or null")
    page = call.org.queries.run(
        text, call.access, call.base, batch=_batch(call), deleted=deleted, now=call.at
    )
    call.tally.records += len(page["records"])
    return Answer(body=page)


def _batch(call: Call) -> int:
    """The documented hint, 200 to 2,000."""
    found = BATCH.search(call.headers.get("sforce-query-options", ""))
    return min(LARGEST, max(SMALLEST, int(found[1]))) if found else LARGEST
