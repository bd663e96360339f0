"""`/query`, `/queryAll`, `/tooling/query` and the pages behind them."""

from __future__ import annotations

import re
from typing import Any

from simulator.errors import ApiError
from simulator.rest.call import Answer, Call

Page = dict[str, Any]
BATCH = re.compile(r"batchSize=(\d+)", re.IGNORECASE)
MANAGED = re.compile(
    r"FROM\s+ManagedEventSubscription\s+WHERE\s+(?:Id|DeveloperName)\s*=\s*'([^']*)'", re.IGNORECASE
)
SMALLEST, LARGEST = 200, 2000


def query(call: Call) -> Answer:
    """Also `?explain=`, which tells how the query would be run and runs nothing."""
    explained = call.params.get("explain")
    if explained:
        return Answer(body=call.org.queries.explain(explained, call.access, call.at))
    return Answer(body=_first_page(call, deleted=False))


def query_all(call: Call) -> Answer:
    return Answer(body=_first_page(call, deleted=True))


def query_more(call: Call, locator: str) -> Answer:
    return Answer(body=_next_page(call, locator))


def tooling_query(call: Call) -> Answer:
    """The Tooling API over the same objects; what only it has (ApexClass) is INVALID_TYPE.

    But for managed subscriptions, which are looked for by id or by name.
    """
    managed = MANAGED.search(call.params.get("q", ""))
    if managed:
        found = call.org.events.managed.find(managed[1])
        records = [found.record()] if found else []
        page = {"totalSize": len(records), "done": True, "records": records}
        return Answer(body=_as_tooling(page))
    return Answer(body=_as_tooling(_first_page(call, deleted=False)))


def tooling_query_more(call: Call, locator: str) -> Answer:
    return Answer(body=_as_tooling(_next_page(call, locator)))


def _first_page(call: Call, *, deleted: bool) -> Page:
    text = call.params.get("q")
    if not text:
        raise ApiError(400, "MALFORMED_QUERY", "SOQL statements cannot be empty or null")
    page = call.org.queries.run(
        text, call.access, call.base, batch=_batch(call), deleted=deleted, now=call.at
    )
    call.tally.records += len(page["records"])
    return page


def _next_page(call: Call, locator: str) -> Page:
    page = call.org.queries.more(locator, call.access, call.base, batch=_batch(call), now=call.at)
    call.tally.records += len(page["records"])
    return page


def _as_tooling(page: Page) -> Page:
    """Keys as recorded: `size` counts this page, `queryLocator` stands for what follows."""
    records = page["records"]
    following = page.get("nextRecordsUrl")
    found: Page = {
        "size": len(records) or page["totalSize"],
        "totalSize": page["totalSize"],
        "done": page["done"],
        "queryLocator": following.rsplit("/", 1)[1] if following else None,
        "entityTypeName": records[0]["attributes"]["type"] if records else None,
        "records": records,
    }
    if following:
        found["nextRecordsUrl"] = following.replace("/query/", "/tooling/query/")
    return found


def _batch(call: Call) -> int:
    """The documented hint, 200 to 2,000."""
    found = BATCH.search(call.headers.get("sforce-query-options", ""))
    return min(LARGEST, max(SMALLEST, int(found[1]))) if found else LARGEST
