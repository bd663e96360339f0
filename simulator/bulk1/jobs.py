"""`/job` and `/job/{id}`: making, reading, closing and aborting.

Unconfirmed: the wording of refusals where no comment says otherwise; XML as the default content;
that a job is refused to another user with InvalidUser as soon as it is read.
"""

from __future__ import annotations

from simulator.bulk import ingest, ordering, query
from simulator.bulk.chunking import check_chunkable, chunking
from simulator.bulk.forms import FORMS
from simulator.bulk.job import Job, Kind, State
from simulator.bulk.working import resume
from simulator.bulk1.answers import element
from simulator.bulk1.errors import refusal
from simulator.bulk1.info import job_info
from simulator.bulk1.orders import read_order, serial, wants_json
from simulator.errors import ApiError
from simulator.rest.call import Answer, Call
from simulator.schema.model import SObject

OPERATIONS = (*ingest.OPERATIONS, *query.OPERATIONS)
CHUNKING = "sforce-enable-pkchunking"


def create(call: Call) -> Answer:
    order = read_order(call)
    sobject = ingest.checked_object(call, order, OPERATIONS)
    operation = str(order["operation"])
    content_type = str(order.get("contentType") or "XML")
    if content_type not in FORMS:
        raise refusal("InvalidJob", f"contentType must be one of {', '.join(FORMS)}")
    size, start = _chunks(call, operation, sobject)
    job = call.org.jobs.add(
        call.at,
        kind=Kind.CLASSIC,
        owner=call.access.user_id,
        object=sobject.name,
        operation=operation,
        api_version=call.version,
        delimiter="COMMA",
        line_ending="LF",
        state=State.OPEN,
        external_id=ingest.external_id(call, order, sobject) if operation == "upsert" else None,
        assignment_rule=order.get("assignmentRuleId"),
        content_type=content_type,
        serial=serial(order),
        chunk_size=size,
        start_row=start,
    )
    return _shown(call, job, 201)


def read(call: Call, job_id: str) -> Answer:
    resume(call.org)
    return _shown(call, find(call, job_id))


def change(call: Call, job_id: str) -> Answer:
    """Closed lets the batches go on, Aborted lets those go on that have begun (documented)."""
    job, org = find(call, job_id), call.org
    wanted = ordering.text(read_order(call), "state")
    if wanted not in (State.CLOSED, State.ABORTED):
        raise refusal("InvalidJobState", f"Job state {wanted} is not allowed")
    if job.state is State.ABORTED or (job.state is State.CLOSED and wanted == State.CLOSED):
        raise refusal("InvalidJobState", f"Job already {job.state.lower()}")
    if wanted == State.ABORTED:
        for batch in org.jobs.batches(job):
            if batch.state is State.UPLOAD_COMPLETE:
                org.jobs.change(batch, call.at, state=State.ABORTED)
    return _shown(call, org.jobs.change(job, call.at, state=State(wanted)))


def find(call: Call, job_id: str) -> Job:
    """The user's own job (documented: that of another is refused)."""
    try:
        job = call.org.jobs.get(Kind.CLASSIC, job_id)
    except ApiError as error:
        raise refusal("InvalidJob", f"Unable to find job: {job_id}") from error
    if job.owner != call.access.user_id:
        raise refusal("InvalidUser", "The job was created by another user")
    return job


def _chunks(call: Call, operation: str, sobject: SObject) -> tuple[int, str]:
    found = chunking(call.headers.get(CHUNKING)) if operation in query.OPERATIONS else (0, "")
    if found[0]:
        check_chunkable(sobject)
    return found


def _shown(call: Call, job: Job, status: int = 200) -> Answer:
    as_json = wants_json(call.org, call.path, call.headers)
    fields = job_info(job, call.org.jobs.batches(job), as_json=as_json)
    answer = element("jobInfo", fields, as_json=as_json, status=status)
    if status == 201:
        answer.headers["Location"] = f"{call.path.rstrip('/')}/{job.id}"
    return answer
