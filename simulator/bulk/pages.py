"""The result of a query job, in pages that are cut from its file.

A locator is the number of the row at which a page begins, in Base64 (documented: MTAwMDA
after 10,000 rows). Those of parallel pages also say where the page ends, since such a
page is asked for without a size.
"""

from __future__ import annotations

import base64
from dataclasses import dataclass
from pathlib import Path

from simulator.bulk.dialect import CSV
from simulator.bulk.job import Job, Kind, State
from simulator.bulk.querying import OFFSET_BYTES
from simulator.errors import ApiError, not_found
from simulator.rest.call import Answer, Call
from simulator.streaming import Stream, file_range

PARALLEL_ROWS = 50_000
PARALLEL_PAGES = 5
PARALLEL_SINCE = 58.0


@dataclass(frozen=True)
class Result:
    """The two files of a finished job."""

    rows: Path
    offsets: Path
    count: int
    size: int

    def piece(self, begin: int, end: int, separator: bytes = b"", tail: bytes = b"") -> Stream:
        """The header and these rows; behind the last one the tail instead of the separator."""
        first = self._offset(0)
        start, stop = self._offset(begin), self._offset(end)
        with self.rows.open("rb") as file:
            header = file.read(first)
        return file_range(self.rows, start, stop - len(separator), before=header, after=tail)

    def _offset(self, row: int) -> int:
        if row >= self.count:
            return self.size
        with self.offsets.open("rb") as file:
            file.seek(row * OFFSET_BYTES)
            return int.from_bytes(file.read(OFFSET_BYTES), "big")


def results(call: Call, job_id: str) -> Answer:
    """One page. `Sforce-Locator` is the word null on the last one."""
    job = _finished(call, job_id)
    result = _result(call, job)
    most = _size(call) or call.org.bulk.page_rows or result.count
    begin, end = _place(call.params.get("locator"), result.count)
    alone = end is not None
    if end is None:
        end = min(result.count, begin + most)
    following = "null" if alone or end >= result.count else _locator(str(end))
    call.tally.records += end - begin
    headers = {
        "Content-Type": CSV,
        "Sforce-NumberOfRecords": str(end - begin),
        "Sforce-Locator": following,
    }
    return Answer(body=result.piece(begin, end), headers=headers)


def parallel(call: Call, job_id: str) -> Answer:
    """Up to five URLs at once, each of a page of its own (since v58)."""
    if float(call.version) < PARALLEL_SINCE:
        raise not_found()
    job = _finished(call, job_id)
    count = job.processed
    size = call.org.bulk.page_rows or PARALLEL_ROWS
    begin, _ = _place(call.params.get("locator"), count)
    starts = list(range(begin, max(count, 1), size))
    path = f"{call.base}jobs/query/{job.id}"
    pages = [
        {"resultUrl": f"{path}/results?locator={_locator(f'{s}-{min(count, s + size)}')}"}
        for s in starts[:PARALLEL_PAGES]
    ]
    body: dict[str, object] = {"resultPages": pages}
    if len(starts) > PARALLEL_PAGES:
        following = _locator(str(starts[PARALLEL_PAGES]))
        body["nextRecordsUrl"] = f"{path}/resultPages?locator={following}"
    return Answer(body=body | {"done": len(starts) <= PARALLEL_PAGES})


def _finished(call: Call, job_id: str) -> Job:
    """Another API version than the job's is a conflict (documented; the code is unconfirmed)."""
    job = call.org.jobs.get(Kind.QUERY, job_id)
    if job.api_version != call.version:
        message = f"The job was created with API version {job.api_version}"
        raise ApiError(409, "API_VERSION_MISMATCH", message)
    if job.state is not State.JOB_COMPLETE:
        message = f"Results are not available: job is {job.state}"
        raise ApiError(400, "INVALIDJOBSTATE", message)
    return job


def _result(call: Call, job: Job) -> Result:
    jobs = call.org.jobs
    return Result(jobs.result(job), jobs.offsets(job), job.processed, job.size)


def _size(call: Call) -> int:
    text = call.params.get("maxRecords", "0")
    if not text.isdigit():
        raise ApiError(400, "INVALIDJOB", f"maxRecords is no number: {text}")
    return int(text)


def _locator(text: str) -> str:
    return base64.urlsafe_b64encode(text.encode()).decode().rstrip("=")


def _place(locator: str | None, count: int) -> tuple[int, int | None]:
    """The first row of the page, and the end of a parallel one."""
    if not locator:
        return 0, None
    try:
        text = base64.urlsafe_b64decode(locator + "=" * (-len(locator) % 4)).decode()
        begin, _, end = text.partition("-")
        place = int(begin), int(end) if end else None
    except ValueError as error:
        raise ApiError(400, "INVALID_QUERY_LOCATOR", "invalid query locator") from error
    if not 0 <= place[0] <= count or (place[1] or 0) > count:
        raise ApiError(400, "INVALID_QUERY_LOCATOR", "invalid query locator")
    return place
