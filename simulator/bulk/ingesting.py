"""The work of an ingest job, one chunk of 200 rows at a time.

A chunk is a transaction: its changes, its results and how far the job is are stored
together, so that a restart neither loses nor repeats a row. The daily number of batches
counts 10,000 rows as one (documented).
"""

from __future__ import annotations

import time
from itertools import islice
from typing import Any

from simulator import ids
from simulator.bulk import allotments
from simulator.bulk.columns import Column, Header
from simulator.bulk.contents import loadable
from simulator.bulk.job import Job, State
from simulator.bulk.rows import Loader, told
from simulator.bulk.upload import BadUpload, Line, Upload
from simulator.errors import ApiError
from simulator.faults import Target, row_lock
from simulator.org import Org
from simulator.pubsub.origin import origin
from simulator.records import Author
from simulator.schema.model import SObject

CHUNK = 200


class Ingest:
    """One ingest job while it is worked on."""

    def __init__(self, org: Org, job: Job) -> None:
        self._org = org
        self._jobs = org.jobs
        sobject = org.schema.object(job.object)
        assert sobject is not None, "checked when the job was made"
        self._sobject: SObject = sobject
        self._columns: list[Column] = []
        self._target = Target("PATCH", _place(org, job), org.role_of(job.owner))

    async def step(self, job: Job) -> None:
        """The next chunk; the last one ends the job."""
        started = time.perf_counter()
        try:
            lines = self._read(job)
        except BadUpload as error:
            self._end(job, State.FAILED, error=str(error))
            return
        if not lines:
            self._end(job, State.JOB_COMPLETE)
            return
        if self._exceeds(job):
            self._end(job, State.FAILED, "ExceededQuota : daily limit of records or batches")
            return
        locked = await self._locked(lines)
        options = self._org.journal.header(job.call, "sforce-call-options")
        with self._org.db.transaction(origin("bulkapi", job.api_version, options)):
            job = self._jobs.reload(job)
            if job.state is not State.IN_PROGRESS:
                return
            failed = self._load(job, lines, locked)
            self._jobs.change(
                job,
                self._org.clock.now(),
                position=lines[-1].end,
                processed=job.processed + len(lines),
                failed=job.failed + failed,
                active=job.active + time.perf_counter() - started,
            )

    def _read(self, job: Job) -> list[Line]:
        if not job.uploaded:
            return []
        path = loadable(self._jobs, job)
        if job.parent is not None and job.position == 0:
            _check_length(Upload(job, path, 0))
        head = next(iter(Upload(job, path, 0)), None)
        if head is None:
            return []
        if not self._columns:
            self._columns = self._header(job, head)
        lines = list(islice(Upload(job, path, max(job.position, head.end)), CHUNK))
        for line in lines:
            if len(line.values) != len(self._columns):
                raise BadUpload(
                    f"ClientInputError : The number of columns in a row ({len(line.values)}) does "
                    f"not match the header ({len(self._columns)})"
                )
        return lines

    def _exceeds(self, job: Job) -> bool:
        """A batch of Bulk API 1.0 was counted when it came."""
        counts = job.parent is None and job.processed % allotments.BATCH == 0
        return counts and allotments.exceeded(self._org)

    def _header(self, job: Job, head: Line) -> list[Column]:
        """That a delete takes the Id alone is documented, the wording is unconfirmed."""
        access = self._org.access(job.owner)
        columns = Header(self._org.schema, access, self._sobject).columns(head.values)
        if job.operation in ("delete", "hardDelete") and [c.field.name for c in columns] != ["Id"]:
            raise BadUpload(f"InvalidBatch : {job.operation} takes the Id column alone")
        return columns

    async def _locked(self, lines: list[Line]) -> frozenset[str]:
        """The rows that another transaction still holds after the usual patience."""
        if not self._org.locks:
            return frozenset()
        mentioned = "\n".join(value for line in lines for value in line.values)
        return await self._org.locks.wait(ids.in_text(mentioned))

    def _load(self, job: Job, lines: list[Line], locked: frozenset[str]) -> int:
        """Carries out the rows; how many of them failed."""
        org, now = self._org, self._org.clock.now()

        def check(record_id: str) -> None:
            if record_id in locked:
                raise row_lock(record_id)
            org.faults.check_record(self._target, record_id)

        author = Author(org.access(job.owner), job.call, now, now, check)
        loader = Loader(org.db, org.records, author, job, self._sobject, self._columns)
        results = [self._result(job, loader, line) for line in lines]
        org.db.executemany("INSERT INTO bulk_row VALUES (?, ?, ?, ?, ?, ?)", results)
        return sum(not result[1] for result in results)

    def _result(self, job: Job, loader: Loader, line: Line) -> tuple[Any, ...]:
        try:
            with self._org.db.savepoint():
                done = loader.load(line.values)
        except ApiError as error:
            return job.number, 0, line.start, line.end, self._id(line), told(error)
        created = "true" if done.created else "false"
        return job.number, 1, line.start, line.end, done.record_id, created

    def _id(self, line: Line) -> str:
        """The Id that a failed row named, if it did."""
        found = [v for c, v in zip(self._columns, line.values, strict=True) if c.field.name == "Id"]
        return found[0] if found else ""

    def _end(self, job: Job, state: State, error: str | None = None) -> None:
        with self._org.db.transaction():
            job = self._jobs.reload(job)
            if job.state is State.IN_PROGRESS:
                self._jobs.change(job, self._org.clock.now(), state=state, error=error)


def _place(org: Org, job: Job) -> str:
    """The path by which faults know the job."""
    if job.parent is None:
        return f"/services/data/v{job.api_version}/jobs/ingest/{job.id}"
    parent = org.jobs.numbered(job.parent)
    return f"/services/async/{job.api_version}/job/{parent.id}/batch/{job.id}"


def _check_length(rows: Upload) -> None:
    """Documented for Bulk API 1.0; the wording is unconfirmed."""
    if sum(1 for _ in rows) - 1 > allotments.BATCH:
        raise BadUpload(f"InvalidBatch : A batch takes no more than {allotments.BATCH} records")
