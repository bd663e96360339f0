"""`/result` and `/result/{id}`: what became of the rows of a batch, or what a query found.

Forms: the guide, "Get Batch Results", and recorded answers. Results are those that the engine
keeps. Unconfirmed: that a row that failed has no id; the words before a batch is done.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any
from xml.sax.saxutils import escape

from simulator import ids
from simulator.bulk import outcomes
from simulator.bulk.forms import FORMS, SPACE
from simulator.bulk.job import Job, Kind, State
from simulator.bulk.pages import Result
from simulator.bulk.rows import untold
from simulator.bulk1 import answers
from simulator.bulk1.batches import find_batch, is_json
from simulator.bulk1.errors import refusal
from simulator.rest.call import Answer, Call
from simulator.streaming import Stream

PREFIX = "752"
MOST = 1000  # results of a batch, for their ids
CSV = {"Content-Type": "text/csv"}  # clients compare it: no charset
Outcome = tuple[int, str, str]


def listing(call: Call, job_id: str, batch_id: str) -> Answer:
    job, batch = find_batch(call, job_id, batch_id)
    _need_done(batch)
    if batch.kind is Kind.QUERY:
        return answers.results(_ids(call, batch), as_json=is_json(job))
    rows = outcomes.every(call, batch)
    if job.content_type == "CSV":
        return Answer(body=Stream(_csv(rows)), headers=dict(CSV))
    if is_json(job):
        return answers.json([_json(*row) for row in rows])
    inside = "".join(_xml(*row) for row in rows)
    return answers.xml(f'{answers.DECLARATION}<results xmlns="{SPACE}">{inside}</results>')


def read(call: Call, job_id: str, batch_id: str, result_id: str) -> Answer:
    """One file, as it was written when the query ran."""
    _, batch = find_batch(call, job_id, batch_id)
    _need_done(batch)
    known = _ids(call, batch) if batch.kind is Kind.QUERY else []
    if result_id[:15] not in known:
        raise refusal("InvalidBatch", f"Unable to find result: {result_id}")
    form = FORMS[batch.content_type]
    headers = {"Content-Type": form.media_type}
    if not batch.processed:
        return Answer(body=Stream([form.empty], len(form.empty)), headers=headers)
    jobs, number = call.org.jobs, known.index(result_id[:15])
    size = call.org.bulk.page_rows or batch.processed
    begin = number * size
    end = min(begin + size, batch.processed)
    call.tally.records += end - begin
    result = Result(jobs.result(batch), jobs.offsets(batch), batch.processed, batch.size)
    piece = result.piece(begin, end, separator=form.separator, tail=form.tail)
    return Answer(body=piece, headers=headers)


def _need_done(batch: Job) -> None:
    """A batch that failed half-way has results (documented), one that failed at once has none."""
    if batch.state in (State.UPLOAD_COMPLETE, State.IN_PROGRESS):
        raise refusal("InvalidBatch", "Batch not completed")
    if batch.state is not State.JOB_COMPLETE and not batch.processed:
        raise refusal("InvalidBatch", "Records not processed")


def _ids(call: Call, batch: Job) -> list[str]:
    """15 characters each (recorded)."""
    size = call.org.bulk.page_rows or max(batch.processed, 1)
    count = min(MOST, max(1, -(-batch.processed // size)))
    pod = call.org.db.setting("pod", "5f")
    return [ids.make(PREFIX, pod, batch.number * MOST + n)[:15] for n in range(count)]


def _csv(rows: Iterator[Outcome]) -> Iterator[bytes]:
    yield b'"Id","Success","Created","Error"\n'
    for ok, record_id, said in rows:
        shown = (record_id, "true", said, "") if ok else ("", "false", "false", said)
        yield (",".join(outcomes.quoted(*shown)) + "\n").encode()


def _json(ok: int, record_id: str, said: str) -> dict[str, Any]:
    if ok:
        return {"success": True, "created": said == "true", "id": record_id, "errors": []}
    code, message, fields = untold(said)
    error = {"message": message, "fields": fields, "statusCode": code, "extendedErrorDetails": None}
    return {"success": False, "created": False, "id": None, "errors": [error]}


def _xml(ok: int, record_id: str, said: str) -> str:
    if ok:
        inside = f"<id>{record_id}</id><success>true</success><created>{said}</created>"
    else:
        code, message, fields = untold(said)
        named = "".join(f"<fields>{escape(field)}</fields>" for field in fields)
        error = f"{named}<message>{escape(message)}</message><statusCode>{code}</statusCode>"
        inside = f"<errors>{error}</errors><success>false</success><created>false</created>"
    return f"<result>{inside}</result>"
