"""Entries of the conflict log, and what can happen to one."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from sync.model import Finding, FindingKind, Licenses


class EntryStatus(StrEnum):
    """Where an entry of the log is in its life. `DECIDING`: a person has decided, not yet done."""

    OPEN = "open"
    DECIDING = "deciding"
    DISMISSED = "dismissed"
    RESOLVED = "resolved"


LIVE_STATUSES = (EntryStatus.OPEN, EntryStatus.DECIDING, EntryStatus.DISMISSED)


@dataclass(frozen=True, slots=True)
class Resolution:
    """What a person decided about a conflict, and what they saw when they did.

    `keep` are the licenses of the conflict that stay requested (none: neither).
    """

    keep: Licenses
    decided_by: str
    decided_at: datetime
    seen_requested: Licenses
    seen_held: Licenses
    note: str = ""


@dataclass(frozen=True, slots=True)
class Entry:
    """An entry of the conflict log.

    `requested` and `held` are all flags of the record as the last settle left them (a dismissed
    entry keeps those it was dismissed with). `kept` is what of `licenses` was held when a conflict
    opened: decisions take that as held while the entry lives. `policy` is the policy's version.
    """

    id: int
    org: str
    user_id: str
    username: str
    kind: FindingKind
    code: str
    licenses: Licenses
    message: str
    status: EntryStatus
    requested: Licenses
    held: Licenses
    kept: Licenses
    policy: str
    opened_at: datetime
    seen_at: datetime
    seen_count: int
    resolution: Resolution | None = None
    resolved_at: datetime | None = None
    resolved_by: str | None = None
    how: str | None = None
    note: str | None = None
    previous_id: int | None = None


@dataclass(frozen=True, slots=True)
class OpenEntry:
    """A finding is new: an entry begins. `previous_id` is the last one it comes back from."""

    finding: Finding
    requested: Licenses
    held: Licenses
    kept: Licenses
    policy: str
    previous_id: int | None = None


@dataclass(frozen=True, slots=True)
class SeeEntry:
    """The finding is still there: flags, licenses and message are brought up to date."""

    entry_id: int
    finding: Finding
    requested: Licenses
    held: Licenses
    policy: str


@dataclass(frozen=True, slots=True)
class CloseEntry:
    """The finding is gone, or its entry has to end. `by` is a person, a user id, or a reason."""

    entry_id: int
    by: str
    how: str


@dataclass(frozen=True, slots=True)
class OvertakeEntry:
    """The record moved before a resolution was carried out: open again, and it says so."""

    entry_id: int
    requested: Licenses
    held: Licenses
    note: str


EntryChange = OpenEntry | SeeEntry | CloseEntry | OvertakeEntry
