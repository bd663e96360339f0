"""Jobs and batches as the answers show them. Names and order: recorded with CumulusCI."""

from __future__ import annotations

from typing import Any

from simulator.bulk.job import Job, Kind, State
from simulator.clock import rest_datetime

STATES = {
    State.UPLOAD_COMPLETE: "Queued",
    State.IN_PROGRESS: "InProgress",
    State.JOB_COMPLETE: "Completed",
    State.FAILED: "Failed",
    State.ABORTED: "NotProcessed",
}


def job_info(job: Job, batches: list[Job], *, as_json: bool) -> dict[str, Any]:
    """The failed records are among the processed ones (as for Bulk API 2.0, unconfirmed)."""
    states = [batch.state for batch in batches]
    shown: dict[str, Any] = {
        "id": job.id,
        "operation": job.operation,
        "object": job.object,
        "createdById": job.owner,
        "createdDate": _stamp(job.created_at),
        "systemModstamp": _stamp(max(one.changed_at for one in (job, *batches))),
        "state": job.state.value,
        "externalIdFieldName": job.external_id,
        "concurrencyMode": "Serial" if job.serial else "Parallel",
        "contentType": job.content_type,
        "assignmentRuleId": job.assignment_rule,
        "numberBatchesQueued": states.count(State.UPLOAD_COMPLETE),
        "numberBatchesInProgress": states.count(State.IN_PROGRESS),
        "numberBatchesCompleted": states.count(State.JOB_COMPLETE),
        "numberBatchesFailed": states.count(State.FAILED),
        "numberBatchesTotal": len(states),
        "numberRecordsProcessed": sum(batch.processed for batch in batches),
        "numberRetries": 0,
        "apiVersion": float(job.api_version) if as_json else job.api_version,
        "numberRecordsFailed": sum(batch.failed for batch in batches),
    }
    return shown | _times(sum(batch.active for batch in batches))


def batch_info(job: Job, batch: Job) -> dict[str, Any]:
    """Its message stands behind its state, as in the guide."""
    return {
        "id": batch.id,
        "jobId": job.id,
        "state": STATES[batch.state],
        "stateMessage": batch.error,
        "createdDate": _stamp(batch.created_at),
        "systemModstamp": _stamp(batch.changed_at),
        "numberRecordsProcessed": batch.processed,
        "numberRecordsFailed": batch.failed if batch.kind is Kind.INGEST else 0,
    } | _times(batch.active)


def _times(active: float) -> dict[str, int]:
    milliseconds = round(active * 1000)
    return {
        "totalProcessingTime": milliseconds,
        "apiActiveProcessingTime": milliseconds,
        "apexProcessingTime": 0,
    }


def _stamp(seconds: float) -> str:
    return rest_datetime(int(seconds)).replace("+0000", "Z")
