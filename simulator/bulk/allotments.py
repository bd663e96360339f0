"""What bulk jobs may use in 24 hours, and what they have used (maxima: the limits guide)."""

from __future__ import annotations

from simulator.bulk.job import Job, Kind
from simulator.bulk.jobs import DAY
from simulator.errors import ApiError
from simulator.org import Org

BATCH = 10_000
BATCHES, QUERY_JOBS, RECORDS = 15_000, 10_000, 150_000_000
MEGABYTE = 1024 * 1024


def used(org: Org) -> dict[str, int]:
    """By their names in `/limits`."""
    day = org.clock.now() - DAY
    jobs = [job for job in org.jobs.since(day) if job.parent is None]
    queries = [job for job in jobs if job.kind is Kind.QUERY]
    ingests = [job for job in jobs if job.kind is Kind.INGEST]
    return {
        "DailyBulkApiBatches": sum(_batches(job) for job in ingests) + org.jobs.batches_since(day),
        "DailyBulkV2QueryJobs": len(queries),
        "DailyBulkV2QueryFileStorageMB": sum(job.size for job in queries) // MEGABYTE,
    }


def check_query_jobs(org: Org) -> None:
    """Code and message as a connector met them."""
    count = used(org)["DailyBulkV2QueryJobs"]
    if count >= QUERY_JOBS:
        message = f"Max bulk v2 query jobs ({QUERY_JOBS}) per 24 hrs has been reached ({count})"
        raise ApiError(400, "LIMIT_EXCEEDED", message)


def exceeded(org: Org) -> bool:
    """Whether no more rows may be loaded today."""
    jobs = org.jobs.since(org.clock.now() - DAY)
    records = sum(job.processed for job in jobs if job.kind is Kind.INGEST and job.parent is None)
    return records >= RECORDS or used(org)["DailyBulkApiBatches"] > BATCHES


def check_batches(org: Org) -> None:
    """Before a batch of Bulk API 1.0 is taken. Code and message as users met them."""
    if used(org)["DailyBulkApiBatches"] >= BATCHES:
        raise ApiError(400, "ExceededQuota", "ApiBatchItems Limit exceeded.")


def _batches(job: Job) -> int:
    return -(-job.processed // BATCH)
