"""One bulk job: what was asked for, and how far it has come.

States and fields: Bulk API 2.0 guide. A query job is never Open. A job of Bulk API 1.0 does
nothing itself: each of its batches is a job here, whose `parent` it is.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Kind(StrEnum):
    INGEST = "ingest"
    QUERY = "query"
    CLASSIC = "classic"


class State(StrEnum):
    OPEN = "Open"
    UPLOAD_COMPLETE = "UploadComplete"
    IN_PROGRESS = "InProgress"
    JOB_COMPLETE = "JobComplete"
    FAILED = "Failed"
    ABORTED = "Aborted"
    CLOSED = "Closed"


UNFINISHED = (State.UPLOAD_COMPLETE, State.IN_PROGRESS)
ENDED = (State.JOB_COMPLETE, State.FAILED, State.ABORTED)


@dataclass(frozen=True)
class Job:
    """As stored; the names of the fields are the columns of the table.

    `call` is the call whose doing the changes are: the one that closed the upload.
    `position` is the byte of the upload at which the next unread row begins, 0 before
    the header was read. Times are seconds of the org's clock. The last ones belong to Bulk API
    1.0; a query with a `chunk_size` is one that is still to be cut into batches.
    """

    number: int
    id: str
    kind: Kind
    owner: str
    object: str
    operation: str
    api_version: str
    delimiter: str
    line_ending: str
    state: State
    created_at: float
    changed_at: float
    external_id: str | None = None
    assignment_rule: str | None = None
    soql: str = ""
    uploaded: bool = False
    call: int | None = None
    due_at: float = 0.0
    position: int = 0
    processed: int = 0
    failed: int = 0
    size: int = 0
    active: float = 0.0
    error: str | None = None
    deleted: bool = False
    parent: int | None = None
    content_type: str = "CSV"
    serial: bool = False
    chunk_size: int = 0
    start_row: str = ""

    @property
    def ended(self) -> bool:
        return self.state in ENDED
