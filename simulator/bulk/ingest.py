"""`/jobs/ingest`: the resources of a loading job."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import orjson

from simulator.bulk import info, ordering
from simulator.bulk.job import Job, Kind, State
from simulator.bulk.listing import list_jobs
from simulator.bulk.multipart import parts
from simulator.bulk.working import resume
from simulator.errors import ApiError, parser_error
from simulator.rest.call import Answer, Call
from simulator.schema.model import SObject

OPERATIONS = ("insert", "update", "upsert", "delete", "hardDelete")
LARGEST = 150_000_000  # documented, after base64; code of the refusal is unconfirmed


def create(call: Call) -> Answer:
    """An open job; with multipart the rows come along and the job begins at once."""
    kind = call.headers.get("content-type", "")
    if not kind.lower().startswith("multipart/form-data"):
        return Answer(body=info.brief(_make(call, call.json_object())))
    described, content = parts(kind, call.raw or b"")
    job = _fill(call, _make(call, _parsed(described)), content)
    return Answer(body=info.brief(_close(call, job, State.UPLOAD_COMPLETE)))


def upload(call: Call, job_id: str) -> Answer:
    """One upload for each job (the message was met by users)."""
    job = call.org.jobs.get(Kind.INGEST, job_id)
    if job.state is not State.OPEN:
        raise ApiError(400, "INVALIDJOBSTATE", f"Job is {job.state}, not Open")
    if job.uploaded:
        message = (
            f"Found multiple contents for job: <{job.id}>, please 'Close' / 'Abort' / 'Delete' "
            "the current Job then create a new Job and make sure you only do 'PUT' once on a "
            "given Job."
        )
        raise ApiError(400, "CLIENTINPUTERROR", message)
    content = call.raw or b""
    if len(content) * 4 // 3 > LARGEST:
        raise ApiError(413, "CLIENTINPUTERROR", f"Upload is larger than {LARGEST} bytes")
    _fill(call, job, content)
    return Answer(201)


def change(call: Call, job_id: str) -> Answer:
    job = call.org.jobs.get(Kind.INGEST, job_id)
    return Answer(body=info.brief(_close(call, job, ordering.new_state(call, job))))


def read(call: Call, job_id: str) -> Answer:
    resume(call.org)
    return Answer(body=info.whole(call.org.jobs.get(Kind.INGEST, job_id)))


def delete(call: Call, job_id: str) -> Answer:
    call.org.jobs.remove(call.org.jobs.get(Kind.INGEST, job_id), call.at)
    return Answer(204)


def listing(call: Call) -> Answer:
    return list_jobs(call, Kind.INGEST)


def _make(call: Call, order: dict[str, Any]) -> Job:
    sobject = checked_object(call, order, OPERATIONS)
    operation = str(order["operation"])
    return call.org.jobs.add(
        call.at,
        kind=Kind.INGEST,
        owner=call.access.user_id,
        object=sobject.name,
        operation=operation,
        api_version=call.version,
        state=State.OPEN,
        external_id=external_id(call, order, sobject) if operation == "upsert" else None,
        assignment_rule=order.get("assignmentRuleId"),
        **ordering.dialect(order),
    )


def checked_object(call: Call, order: dict[str, Any], operations: Sequence[str]) -> SObject:
    """The object of a job, if it is there and the operation may be done to it."""
    operation, name = ordering.text(order, "operation"), ordering.text(order, "object")
    if operation not in operations:
        message = f"InvalidJob : operation must be one of {', '.join(operations)}"
        raise ApiError(400, "INVALIDJOB", message)
    sobject = call.org.schema.object(name)
    if sobject is None:
        raise ApiError(400, "INVALIDENTITY", f"Unable to find object: {name}")
    if operation == "hardDelete" and "BulkApiHardDelete" not in call.access.user_permissions:
        message = (
            "hardDelete operation requires special user profile permission, please contact your "
            "system administrator"
        )
        raise ApiError(400, "FEATURENOTENABLED", message)
    return sobject


def external_id(call: Call, order: dict[str, Any], sobject: SObject) -> str:
    """The wording for a missing one is Bulk API 1.0's."""
    name = order.get("externalIdFieldName")
    if not name:
        message = (
            f"InvalidJob : External ID was blank for {sobject.name}. An External ID must be "
            "specified for upsert."
        )
        raise ApiError(400, "INVALIDJOB", message)
    found = call.access.find_readable(sobject, str(name))
    if found is None or not found.id_lookup:
        raise ApiError(400, "INVALIDJOB", f"InvalidJob : Field name not found : {name}")
    return found.name


def _fill(call: Call, job: Job, content: bytes) -> Job:
    call.org.jobs.upload(job).write_bytes(content)
    return call.org.jobs.change(job, call.at, uploaded=True)


def _close(call: Call, job: Job, state: State) -> Job:
    """From here on the changes are this call's."""
    job = call.org.jobs.change(job, call.at, state=state, call=call.number)
    resume(call.org)
    return job


def _parsed(text: bytes) -> dict[str, Any]:
    try:
        found = orjson.loads(text)
    except orjson.JSONDecodeError as error:
        raise parser_error(f"Unexpected character: {error}") from error
    if not isinstance(found, dict):
        raise parser_error("The job must be a JSON object")
    return found
