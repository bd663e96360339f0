"""What a client may say when it makes or ends a job.

The guide lists the words; the codes with which anything else is refused are the guide's
names of errors in the capitals in which the REST front prints them. Unconfirmed in detail.
"""

from __future__ import annotations

from typing import Any

from simulator.bulk.dialect import DELIMITERS, LINE_ENDINGS
from simulator.bulk.job import Job, State
from simulator.errors import ApiError
from simulator.rest.call import Call


def dialect(order: dict[str, Any]) -> dict[str, str]:
    """Delimiter and line ending of the job, COMMA and LF by default."""
    if order.get("contentType", "CSV") != "CSV":
        raise ApiError(400, "INVALIDJOB", "InvalidJob : contentType must be CSV")
    return {
        "delimiter": _word(order, "columnDelimiter", DELIMITERS, "COMMA"),
        "line_ending": _word(order, "lineEnding", LINE_ENDINGS, "LF"),
    }


def text(order: dict[str, Any], name: str) -> str:
    """A value that must be there."""
    found = order.get(name)
    if not isinstance(found, str) or not found:
        raise ApiError(400, "INVALIDJOB", f"InvalidJob : {name} is required")
    return found


def new_state(call: Call, job: Job) -> State:
    """Where a PATCH takes the job: UploadComplete from Open, Aborted from any unfinished state."""
    wanted = text(call.json_object(), "state")
    if wanted == State.UPLOAD_COMPLETE and job.state is State.OPEN:
        return State.UPLOAD_COMPLETE
    if wanted == State.ABORTED and not job.ended:
        return State.ABORTED
    raise ApiError(400, "INVALIDJOBSTATE", f"Job state {wanted} is not allowed from {job.state}")


def need_ended(job: Job) -> None:
    """Results before that are refused with 400; the code is unconfirmed."""
    if not job.ended:
        raise ApiError(400, "INVALIDJOBSTATE", f"Results are not available: job is {job.state}")


def _word(order: dict[str, Any], name: str, known: dict[str, str], default: str) -> str:
    found = order.get(name) or default
    if found not in known:
        message = f"InvalidJob : {name} must be one of {', '.join(known)}"
        raise ApiError(400, "INVALIDJOB", message)
    return str(found)
