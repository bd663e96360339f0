"""What the API answers, for its description. The values are those of `sync.rows`.

What a row has besides goes out as well; a test keeps the two alike.
"""

from collections.abc import Callable
from typing import Annotated, Any, Generic, TypeVar

from pydantic import BaseModel, ConfigDict, Field

from sync.model import FindingKind, License
from sync.ports.browse import Listing
from sync.ports.conflict_log import EntryStatus
from sync.ports.history import HistoryOutcome
from sync.ports.pending import Cause
from sync.ports.runs import RunKind, RunStatus

Row = TypeVar("Row", bound="Shape")
Time = Annotated[str, Field(json_schema_extra={"format": "date-time"})]
Licenses = list[License]


class Shape(BaseModel):
    """A row, with whatever it may have besides."""

    model_config = ConfigDict(extra="allow")


class Page(BaseModel, Generic[Row]):
    """A page of a listing."""

    rows: list[Row]
    total: int | None = Field(None, description="null where there are very many.")
    following: str | None = Field(None, description="`after` of the next page, if there is one.")


def page(listing: Listing[Any], row: Callable[[Any], object]) -> dict[str, object]:
    """A page of a listing, its rows as programs see them."""
    rows = [row(one) for one in listing.rows]
    return {"rows": rows, "total": listing.total, "following": listing.following}


class EntryShape(Shape):
    """An entry of the conflict log."""

    id: int
    org: str
    user_id: str
    username: str
    kind: FindingKind
    code: str
    licenses: Licenses
    status: EntryStatus
    requested: Licenses
    held: Licenses
    kept: Licenses
    message: str
    policy: str
    opened_at: Time
    seen_at: Time
    seen_count: int
    keep: Licenses | None
    decided_by: str | None
    decided_at: Time | None
    decision_note: str | None
    resolved_at: Time | None
    resolved_by: str | None
    how: str | None
    note: str | None
    previous_id: int | None


class ParkedShape(Shape):
    """A user that waits for a person."""

    id: str
    org: str
    user_id: str
    username: str
    kind: str
    code: str
    licenses: Licenses
    status: str
    requested: Licenses
    held: Licenses
    message: str
    opened_at: Time
    resolved_by: str | None
    attempts: int
    retried_at: Time


class HistoryShape(Shape):
    """A write to a user's record."""

    id: int
    at: Time
    org: str
    user_id: str
    username: str
    cause: Cause
    actor: str
    granted: Licenses
    removed: Licenses
    requested_before: Licenses
    requested_after: Licenses
    held_before: Licenses
    held_after: Licenses
    status_after: str
    why: str
    policy: str
    conflict_id: int | None
    run_id: int | None
    outcome: HistoryOutcome
    error: str | None


class UserShape(Shape):
    """A user as license-sync last saw the record, at `looked_at`."""

    org: str
    user_id: str
    username: str
    name: str
    active: bool | None
    requested: Licenses
    held: Licenses
    unknown: Licenses
    in_recording_group: bool | None
    status: str | None
    message: str | None
    modified_at: Time
    modified_by: str | None
    looked_at: Time


class FindingShape(Shape):
    """What a rule says about some licenses."""

    kind: FindingKind
    code: str
    licenses: Licenses
    message: str


class LicenseShape(Shape):
    """One license of a user, and why."""

    license: License
    requested: str
    held: str
    should: str
    why: str


class ExplanationShape(Shape):
    """What the rules make of the record; `effective` is null where nothing may be written."""

    effective: Licenses | None
    findings: list[FindingShape]
    held_back: Licenses
    status: str
    settled: bool
    licenses: list[LicenseShape]


class WaitingShape(Shape):
    """Why and since when a user waits for the worker, or for a person."""

    cause: Cause
    noticed_at: Time
    due_at: Time
    attempts: int
    leased: bool
    parked: bool
    error: str | None


class UserDocument(UserShape):
    """A user, what the rules make of it (null: the org's rules cannot be used), what waits."""

    explained: ExplanationShape | None
    waiting: WaitingShape | None


class RunShape(Shape):
    """A pass over an org, or over `users` of it."""

    id: int
    org: str
    kind: RunKind
    status: RunStatus
    started_by: str
    created_at: Time
    ended_at: Time | None
    users: list[str]
    users_read: int
    unsettled: int
    removals: int
    grants: int
    unreadable: int
    tries: int
    of_run: int | None
    error: str | None
    applied_by: str | None
    applied_at: Time | None


class TotalShape(Shape):
    """How many users of a plan gain a license, and how many lose it."""

    license: License
    gained: int
    lost: int


class RunDocument(RunShape):
    """A run with what it does, license by license."""

    totals: list[TotalShape]


class ItemShape(Shape):
    """What a plan would do to a user; `after` is null where nothing may be written."""

    user_id: str
    username: str
    requested: Licenses
    requested_after: Licenses
    held: Licenses
    after: Licenses | None
    removed: Licenses
    granted: Licenses
    held_back: Licenses
    status: str
    why: str
    outcome: str


class Count(BaseModel):
    """How many users are due at once because of this."""

    users: int
