"""`/jobs/query`: the resources of a query job."""

from __future__ import annotations

from simulator.bulk import info, ordering
from simulator.bulk.allotments import check_query_jobs
from simulator.bulk.job import Kind, State
from simulator.bulk.listing import list_jobs
from simulator.bulk.selection import Selection, chunked_by_key
from simulator.bulk.working import resume
from simulator.errors import ApiError
from simulator.rest.call import Answer, Call

OPERATIONS = ("query", "queryAll")


def create(call: Call) -> Answer:
    """A job that waits to be run; a query that cannot be run is refused here."""
    order = call.json_object()
    operation, soql = ordering.text(order, "operation"), ordering.text(order, "query")
    if operation not in OPERATIONS:
        message = f"InvalidJob : operation must be one of {', '.join(OPERATIONS)}"
        raise ApiError(400, "INVALIDJOB", message)
    check_query_jobs(call.org)
    deleted = operation == "queryAll"
    moment = call.org.queries.moment(call.access, call.at)
    selection = Selection(call.org.db, call.org.schema, call.access, soql, moment, deleted=deleted)
    job = call.org.jobs.add(
        call.at,
        kind=Kind.QUERY,
        owner=call.access.user_id,
        object=selection.object,
        operation=operation,
        api_version=call.version,
        soql=soql,
        state=State.UPLOAD_COMPLETE,
        **ordering.dialect(order),
    )
    resume(call.org)
    return Answer(body=info.brief(job))


def read(call: Call, job_id: str) -> Answer:
    resume(call.org)
    job = call.org.jobs.get(Kind.QUERY, job_id)
    return Answer(body=info.whole(job, chunked_by_key=chunked_by_key(job.soql)))


def change(call: Call, job_id: str) -> Answer:
    """A query job can only be aborted."""
    job = call.org.jobs.get(Kind.QUERY, job_id)
    state = ordering.new_state(call, job)
    return Answer(body=info.brief(call.org.jobs.change(job, call.at, state=state)))


def delete(call: Call, job_id: str) -> Answer:
    call.org.jobs.remove(call.org.jobs.get(Kind.QUERY, job_id), call.at)
    return Answer(204)


def listing(call: Call) -> Answer:
    return list_jobs(call, Kind.QUERY)
