"""The work of a query job: the result is written once, to a file, in small steps.

Without ORDER BY and LIMIT the rows come in chunks of ids, each a query of its own, so
that other calls are answered in between; as with Salesforce's own chunking by primary
key, a record that is edited meanwhile appears as it was when its chunk was read. Else
the ids are fixed at once and only their values are read in chunks.
The file is what pages are cut from: whatever happens to the records, pages fit together.
A second file says where each row begins, so that any page is found without reading.
"""

from __future__ import annotations

import time
from itertools import accumulate

from simulator.bulk.forms import FORMS
from simulator.bulk.job import Job, State
from simulator.bulk.selection import Selection
from simulator.errors import ApiError
from simulator.org import Org

CHUNK = 500
OFFSET_BYTES = 8


class Extract:
    """One query job while it is worked on. A restart begins it anew."""

    def __init__(self, org: Org, job: Job) -> None:
        self._org = org
        self._result, self._offsets = org.jobs.result(job), org.jobs.offsets(job)
        deleted = job.operation == "queryAll"
        access = org.access(job.owner)
        moment = org.queries.moment(access, job.created_at)
        self._form = FORMS[job.content_type]
        selection = Selection(org.db, org.schema, access, job.soql, moment, deleted=deleted)
        _check_object(job, selection)
        if self._form.nested:
            selection.nest(self._form, f"/services/data/v{job.api_version}/sobjects/")
        self._chunks = selection.chunks(CHUNK)
        head = self._form.head(job, selection.header())
        self._result.write_bytes(head)
        self._offsets.write_bytes(b"")
        self._size, self._rows = len(head), 0

    async def step(self, job: Job) -> None:
        """The next chunk; the last one ends the job."""
        started = time.perf_counter()
        rows = next(self._chunks, None)
        if rows:
            self._append([row + self._form.separator for row in self._form.rows(job, rows)])
            self._rows += len(rows)
        with self._org.db.transaction():
            job = self._org.jobs.reload(job)
            if job.state is State.IN_PROGRESS:
                self._org.jobs.change(
                    job,
                    self._org.clock.now(),
                    state=State.JOB_COMPLETE if rows is None else State.IN_PROGRESS,
                    processed=self._rows,
                    size=self._size,
                    active=job.active + time.perf_counter() - started,
                )

    def _append(self, lines: list[bytes]) -> None:
        ends = list(accumulate(map(len, lines), initial=self._size))
        with self._result.open("ab") as file:
            file.write(b"".join(lines))
        with self._offsets.open("ab") as file:
            file.write(b"".join(end.to_bytes(OFFSET_BYTES, "big") for end in ends[:-1]))
        self._size = ends[-1]


def _check_object(job: Job, selection: Selection) -> None:
    """A job of Bulk API 1.0 names its object beforehand (message met by users)."""
    if job.parent is not None and selection.object != job.object:
        message = (
            f"The root entity of the requested query ({selection.object}) does not match the "
            f"entity of the requested Bulk API Job ({job.object})."
        )
        raise ApiError(400, "INVALID_TYPE_FOR_OPERATION", message)
