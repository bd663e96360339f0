"""Users that may be unsettled: what notices them, and what a worker claims."""

from dataclasses import dataclass
from datetime import datetime
from enum import IntEnum, StrEnum

from sync.model import NONE, Licenses


class Priority(IntEnum):
    """Which pending users come first; part of the claim's order."""

    LIVE = 0
    BULK = 1


class Cause(StrEnum):
    """Why somebody looked at a user, or wrote to one."""

    POLL = "poll"
    OVERLAP = "overlap scan"
    RECONCILE = "reconcile"
    RESOLUTION = "resolution"
    ADOPT = "adopt"
    RETRY = "retry"
    APPROVAL = "approval"
    UNDO = "undo"
    EVENT = "change event"
    OUTBOUND = "outbound message"


@dataclass(frozen=True, slots=True)
class Notice:
    """A user that may be unsettled.

    `seen` is what the record looked like (intake.seen_mark), or which message named the user
    (sync.outbound); "" when every notice counts. A notice with a `seen` that equals the pending
    row's changes nothing, so that an overlap undoes no backoff.
    `hold` are licenses that an adoption must not take away (model: held back).

    With `delay` (seconds) it only asks for a look in a while, if nothing else asks for one: it
    hurries no row that waits already, and a row under lease is looked at again after its batch.
    """

    user_id: str
    username: str
    cause: Cause
    priority: Priority
    seen: str = ""
    hold: Licenses = NONE
    actor: str = ""
    run_id: int | None = None
    delay: float = 0.0


@dataclass(frozen=True, slots=True)
class PendingUser:
    """One claimed row. `version` moves with every notice that changes the row.

    `braked` is what a brake that holds keeps this user from losing, `allowed` what a person let
    go by releasing one. `run_id` is the run that noticed the user, if one did and nobody was seen
    to edit the requests since.
    """

    user_id: str
    username: str
    version: int
    cause: Cause
    priority: Priority
    attempts: int
    noticed_at: datetime
    hold: Licenses = NONE
    actor: str = ""
    run_id: int | None = None
    braked: Licenses = NONE
    allowed: Licenses = NONE


@dataclass(frozen=True, slots=True)
class Claim:
    """Pending users of one org under one lease. `brake_id` is the brake that holds, if one does."""

    org: str
    token: str
    fingerprint: str
    users: tuple[PendingUser, ...]
    brake_id: int | None = None
