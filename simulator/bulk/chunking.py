"""PK chunking: one query becomes a batch for each range of ids (Bulk API 1.0).

The header and the form of the queries: the guide, "PK Chunking". The first batch ends as
NotProcessed, the others are ordinary queries. A chunk here has so many records, deleted ones
included; an org reckons with the numbers in ids. Unconfirmed: the refusals' wording; the last
chunk has no upper bound.
"""

from __future__ import annotations

import re

from simulator.bulk.job import Job, Kind, State
from simulator.bulk.selection import Selection, chunked_by_key
from simulator.errors import ApiError
from simulator.ids import to_18
from simulator.org import Org
from simulator.schema.model import SObject

CHUNK, LARGEST_CHUNK = 100_000, 250_000
STANDARD = frozenset(
    {
        *("Account", "Asset", "Campaign", "CampaignMember", "Case", "CaseArticle", "Contact"),
        *("Event", "EventRelation", "Lead", "LoginHistory", "Opportunity", "Task", "User"),
        *("WorkOrder", "WorkOrderLineItem"),
    }
)
WHERE = re.compile(r"\bWHERE\b", re.IGNORECASE)


def chunking(header: str | None) -> tuple[int, str]:
    """The size of a chunk and the id of the first row; 0 where the header asks for nothing.

    `true`, `false`, or options; `parent` is for objects that are not here and ignored.
    """
    words = [part.strip() for part in (header or "").split(";") if part.strip()]
    if not words or words[0].lower() == "false":
        return 0, ""
    pairs = (word.partition("=") for word in words)
    options = {name.strip().lower(): value.strip() for name, _, value in pairs}
    size = options.get("chunksize", str(CHUNK))
    if not size.isdigit() or not 0 < int(size) <= LARGEST_CHUNK:
        message = f"InvalidJob : chunkSize must be a number from 1 to {LARGEST_CHUNK}: {size}"
        raise ApiError(400, "INVALIDJOB", message)
    start = options.get("startrow", "")
    if start and to_18(start) is None:
        raise ApiError(400, "INVALIDJOB", f"InvalidJob : startRow is no id: {start}")
    return int(size), to_18(start) or ""


def check_chunkable(sobject: SObject) -> None:
    if sobject.name not in STANDARD and not sobject.name.endswith("__c"):
        message = f"InvalidJob : PK chunking is not supported for {sobject.name}"
        raise ApiError(400, "INVALIDJOB", message)


class Chunks:
    """The work of a query that is to be cut: in one step, because it only makes other batches."""

    def __init__(self, org: Org, job: Job) -> None:
        self._org = org
        sobject = org.schema.object(job.object)
        assert sobject is not None, "checked when the job was made"
        self._sobject: SObject = sobject

    async def step(self, job: Job) -> None:
        org = self._org
        access, deleted = org.access(job.owner), job.operation == "queryAll"
        moment = org.queries.moment(access, job.created_at)
        Selection(org.db, org.schema, access, job.soql, moment, deleted=deleted)  # may refuse it
        if not chunked_by_key(job.soql):
            message = "PK chunking takes no conditions other than WHERE"
            raise ApiError(400, "FUNCTIONALITY_NOT_ENABLED", message)
        with org.db.transaction():
            job = org.jobs.reload(job)
            if job.state is not State.IN_PROGRESS:
                return
            now = org.clock.now()
            for soql in self._queries(job):
                org.jobs.add(
                    now,
                    kind=Kind.QUERY,
                    owner=job.owner,
                    object=job.object,
                    operation=job.operation,
                    api_version=job.api_version,
                    delimiter=job.delimiter,
                    line_ending=job.line_ending,
                    state=State.UPLOAD_COMPLETE,
                    soql=soql,
                    parent=job.parent,
                    content_type=job.content_type,
                    serial=job.serial,
                )
            org.jobs.change(job, now, state=State.ABORTED)

    def _queries(self, job: Job) -> list[str]:
        """At least one, also where there is no record."""
        lowest = job.start_row or f"{self._sobject.prefix}{'0' * 12}"
        begins = [self._next(lowest, 0) or lowest]
        while following := self._next(begins[-1], job.chunk_size):
            begins.append(following)
        ends: list[str | None] = [*begins[1:], None]
        return [between(job.soql, *ids) for ids in zip(begins, ends, strict=True)]

    def _next(self, start: str, steps: int) -> str | None:
        """The id so many records behind that one."""
        sql = f"SELECT Id FROM {self._sobject.table} WHERE Id >= ? ORDER BY Id LIMIT 1 OFFSET ?"
        row = self._org.db.execute(sql, (start, steps)).fetchone()
        return str(row[0]) if row else None


def between(soql: str, begin: str, end: str | None) -> str:
    """The query within these ids. A WHERE of its own is its last clause: others were refused."""
    bounds = f"Id >= '{begin}'" + (f" AND Id < '{end}'" if end else "")
    found = WHERE.search(soql)
    if found is None:
        return f"{soql.rstrip()} WHERE {bounds}"
    return f"{soql[: found.end()]} ({soql[found.end() :].strip()}) AND {bounds}"
