"""A job as the answers show it. Names and order: Bulk API 2.0 guide, and recorded answers."""

from __future__ import annotations

from typing import Any

from simulator.bulk.job import Job, Kind, State
from simulator.clock import rest_datetime

TYPES = {Kind.INGEST: "V2Ingest", Kind.QUERY: "V2Query"}


def brief(job: Job) -> dict[str, Any]:
    """The answer to creating, closing and aborting. `contentUrl` has no leading slash."""
    shown: dict[str, Any] = {
        "id": job.id,
        "operation": job.operation,
        "object": job.object,
        "createdById": job.owner,
        "createdDate": rest_datetime(int(job.created_at)),
        "systemModstamp": rest_datetime(int(job.changed_at)),
        "state": job.state,
    }
    if job.external_id:
        shown["externalIdFieldName"] = job.external_id
    shown |= {
        "concurrencyMode": "Parallel",
        "contentType": "CSV",
        "apiVersion": float(job.api_version),
    }
    if job.kind is Kind.INGEST and job.state is State.OPEN:
        path = f"services/data/v{job.api_version}/jobs/ingest/{job.id}/batches"
        shown["contentUrl"] = path
    shown |= {"lineEnding": job.line_ending, "columnDelimiter": job.delimiter}
    if job.assignment_rule:
        shown["assignmentRuleId"] = job.assignment_rule
    return shown


def listed(job: Job) -> dict[str, Any]:
    return brief(job) | {"jobType": TYPES[job.kind]}


def whole(job: Job, *, chunked_by_key: bool | None = None) -> dict[str, Any]:
    """The answer to a poll. The failed ones are among the processed (believed, not confirmed)."""
    shown = listed(job)
    if job.state is State.OPEN:
        return shown
    shown["numberRecordsProcessed"] = job.processed
    if job.kind is Kind.INGEST:
        shown["numberRecordsFailed"] = job.failed
    active = round(job.active * 1000)
    shown |= {"retries": 0, "totalProcessingTime": active}
    if job.kind is Kind.INGEST:
        shown |= {"apiActiveProcessingTime": active, "apexProcessingTime": 0}
    if chunked_by_key is not None:
        shown["isPkChunkingSupported"] = chunked_by_key
    if job.error:
        shown["errorMessage"] = job.error
    return shown
