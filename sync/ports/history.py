"""What was written to whom, by whose doing and why: known before it is written."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from sync.model import NONE, Licenses
from sync.ports.pending import Cause


@dataclass(frozen=True, slots=True)
class Intent:
    """A write that is about to happen; its history row exists before it does.

    `held_before` and `requested_before` are the record as read, `..._after` as it will be.
    `unapproved` is what it removes without a person having said so: what the brake counts.
    """

    user_id: str
    username: str
    cause: Cause
    actor: str
    requested_before: Licenses
    requested_after: Licenses
    held_before: Licenses
    held_after: Licenses
    status_after: str
    why: str
    policy: str
    conflict_id: int | None = None
    run_id: int | None = None
    unapproved: Licenses = NONE


class HistoryOutcome(StrEnum):
    """What is known of an intent's write."""

    INTENDED = "intended"
    CONFIRMED = "confirmed"
    REFUSED = "refused"
    UNKNOWN = "unknown"
    NOT_SENT = "not sent"


@dataclass(frozen=True, slots=True)
class HistoryRow:
    """One row of the append-only history (only its outcome is filled in later)."""

    id: int
    org: str
    at: datetime
    intent: Intent
    outcome: HistoryOutcome
    error: str | None = None
