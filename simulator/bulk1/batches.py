"""`/job/{id}/batch` and what lies below it, but for results.

Unconfirmed: the wording of refusals where no comment says otherwise.
"""

from __future__ import annotations

from simulator.bulk import query
from simulator.bulk.allotments import check_batches
from simulator.bulk.dialect import EITHER
from simulator.bulk.job import Job, Kind, State
from simulator.bulk.jobs import DAY
from simulator.bulk.working import resume
from simulator.bulk1.answers import element, elements
from simulator.bulk1.errors import refusal
from simulator.bulk1.info import batch_info
from simulator.bulk1.jobs import find
from simulator.bulk1.orders import media_type
from simulator.ids import to_18
from simulator.rest.call import Answer, Call

LARGEST = 10 * 1024 * 1024  # documented
TYPES = {"CSV": "text/csv", "JSON": "application/json", "XML": "application/xml"}


def add(call: Call, job_id: str) -> Answer:
    """It is carried out at once; whether its content can be read shows in its state."""
    job, raw = find(call, job_id), call.raw or b""
    _check(call, job, raw)
    check_batches(call.org)
    queries = job.operation in query.OPERATIONS
    batch = call.org.jobs.add(
        call.at,
        kind=Kind.QUERY if queries else Kind.INGEST,
        owner=job.owner,
        object=job.object,
        operation=job.operation,
        api_version=job.api_version,
        delimiter=job.delimiter,
        line_ending=job.line_ending if queries or job.content_type != "CSV" else EITHER,
        state=State.UPLOAD_COMPLETE,
        external_id=job.external_id,
        assignment_rule=job.assignment_rule,
        soql=raw.decode("utf-8", "replace").strip() if queries else "",
        uploaded=True,
        call=call.number,
        parent=job.number,
        content_type=job.content_type,
        serial=job.serial,
        chunk_size=job.chunk_size,
        start_row=job.start_row,
    )
    call.org.jobs.upload(batch).write_bytes(raw)
    resume(call.org)
    answer = element("batchInfo", batch_info(job, batch), as_json=is_json(job), status=201)
    answer.headers["Location"] = f"{call.path.rstrip('/')}/{batch.id}"
    return answer


def listing(call: Call, job_id: str) -> Answer:
    resume(call.org)
    job = find(call, job_id)
    shown = [batch_info(job, batch) for batch in call.org.jobs.batches(job)]
    return elements("batchInfo", shown, as_json=is_json(job))


def read(call: Call, job_id: str, batch_id: str) -> Answer:
    resume(call.org)
    job, batch = find_batch(call, job_id, batch_id)
    return element("batchInfo", batch_info(job, batch), as_json=is_json(job))


def request(call: Call, job_id: str, batch_id: str) -> Answer:
    """What was sent; of a chunk the query that was made for it."""
    job, batch = find_batch(call, job_id, batch_id)
    path = call.org.jobs.upload(batch)
    text = path.read_text("utf-8", "replace") if path.exists() else batch.soql
    return Answer(body=text, headers={"Content-Type": TYPES[job.content_type]})


def find_batch(call: Call, job_id: str, batch_id: str) -> tuple[Job, Job]:
    job = find(call, job_id)
    wanted = to_18(batch_id)
    batch = next((one for one in call.org.jobs.batches(job) if one.id == wanted), None)
    if batch is None:
        raise refusal("InvalidBatch", f"Unable to find batch: {batch_id}")
    return job, batch


def is_json(job: Job) -> bool:
    return job.content_type == "JSON"


def _check(call: Call, job: Job, raw: bytes) -> None:
    """The message about the state was met by users; the rest is documented without words."""
    if job.state is not State.OPEN:
        message = "Failed to create batch, since the Job is not Open. Current job state is "
        raise refusal("InvalidJobState", f"{message}'{job.state}'")
    if job.created_at < call.at - DAY:
        raise refusal("InvalidJob", "The job is more than 24 hours old")
    if not raw.strip():
        raise refusal("InvalidBatch", "The batch has no content")
    if len(raw) > LARGEST:
        raise refusal("ClientInputError", f"The batch is larger than {LARGEST} bytes")
    kind = media_type(call.headers)
    allowed = {TYPES[job.content_type]} | ({"text/xml"} if job.content_type == "XML" else set())
    if kind and kind not in allowed:
        message = f"Content-Type {kind} does not match the job's contentType {job.content_type}"
        raise refusal("ClientInputError", message)
