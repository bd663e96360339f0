"""What a person decided about a conflict, and what that means for the record as it is now.

A decision is carried out only on the record that the person saw. A write whose answer was lost
is still credited to the person if the record shows it: what it was decided on is written with it.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta

from sync.kept import UNCERTAIN
from sync.model import Licenses, UserRecord
from sync.ports.conflict_log import Entry, EntryStatus, Resolution
from sync.ports.history import HistoryRow
from sync.ports.settling import UserContext

_BLUR = timedelta(seconds=2)
"""How far off a time of the org's may be in the database's time: answers are dated in seconds."""


@dataclass(frozen=True, slots=True)
class CarryOut:
    """A resolution to carry out: the requested flags that the record should get."""

    entry: Entry
    requested: Licenses


@dataclass(frozen=True, slots=True)
class Credited:
    """A resolution whose write arrived although its answer was lost."""

    entry: Entry


@dataclass(frozen=True, slots=True)
class Overtaken:
    """A resolution that the record no longer is what the person saw for."""

    entry: Entry


ResolutionStep = CarryOut | Credited | Overtaken


def resolution_step(
    record: UserRecord, context: UserContext, org_ahead: timedelta = timedelta(0)
) -> ResolutionStep | None:
    """What a person's decision means for the record as it is now; None if nobody decided.

    `org_ahead` is the org's clock, which dates records, less the database's.
    Also None for a record with a flag that cannot be read: the decision waits until it can.
    """
    if record.requested.unknown or record.held.unknown:
        return None
    for entry in context.entries:
        seen = entry.resolution
        if entry.status is not EntryStatus.DECIDING or seen is None:
            continue
        decided = seen.seen_requested - (entry.licenses - seen.keep)
        changed_at = record.modified_at - org_ahead + _BLUR
        sent = _sent(decided, entry, seen, context.recent)
        # What the record was decided on may be as old as its last write that arrived.
        if record.decided == decided.code and any(row.at <= changed_at for row in sent):
            return Credited(entry)
        if (record.requested.on, record.held.on) == (seen.seen_requested, seen.seen_held):
            return CarryOut(entry, decided)
        return Overtaken(entry)
    return None


def _sent(
    decided: Licenses, entry: Entry, seen: Resolution, recent: Sequence[HistoryRow]
) -> list[HistoryRow]:
    """Writes that carry this decision out and may have arrived."""
    return [
        row
        for row in recent
        if row.outcome in UNCERTAIN
        and row.at >= seen.decided_at
        and row.intent.conflict_id == entry.id
        and row.intent.requested_after == decided
    ]
