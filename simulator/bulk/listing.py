"""All jobs of a kind, a thousand a page."""

from __future__ import annotations

import base64

from simulator.bulk.info import TYPES, listed
from simulator.bulk.job import Kind
from simulator.errors import ApiError
from simulator.rest.call import Answer, Call

PAGE = 1000


def list_jobs(call: Call, kind: Kind) -> Answer:
    """`nextRecordsUrl` is null on the last page (documented example)."""
    after = _number(call.params.get("queryLocator"))
    wanted = call.params.get("jobType")
    if wanted and wanted != TYPES[kind]:
        return Answer(body={"done": True, "records": [], "nextRecordsUrl": None})
    jobs = call.org.jobs.page(kind, after, PAGE + 1)
    shown = [listed(job) for job in jobs[:PAGE]]
    following = None
    if len(jobs) > PAGE:
        locator = base64.b32encode(str(jobs[PAGE - 1].number).encode()).decode().rstrip("=")
        following = f"{call.base}jobs/{kind}?queryLocator=01g{locator}-{PAGE}"
    return Answer(body={"done": following is None, "records": shown, "nextRecordsUrl": following})


def _number(locator: str | None) -> int:
    """The number of the last job before the page. Code of the refusal: as for queries."""
    if locator is None:
        return 0
    text = locator.removeprefix("01g").partition("-")[0]
    try:
        return int(base64.b32decode(text + "=" * (-len(text) % 8)))
    except ValueError as error:
        raise ApiError(400, "INVALID_QUERY_LOCATOR", "invalid query locator") from error
