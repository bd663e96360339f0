"""What a person decided about a conflict, and what that means for the record as it is now.

A decision is carried out only on the record that the person saw. A write whose answer was lost
is still credited to the person: its history row names the conflict.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from sync.kept import UNCERTAIN
from sync.model import INTERFACES, Licenses, UserRecord
from sync.ports.conflict_log import Entry, EntryStatus
from sync.ports.history import HistoryRow, Intent
from sync.ports.settling import UserContext


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


def resolution_step(record: UserRecord, context: UserContext) -> ResolutionStep | None:
    """What a person's decision means for the record as it is now; None if nobody decided."""
    for entry in context.entries:
        seen = entry.resolution
        if entry.status is not EntryStatus.DECIDING or seen is None:
            continue
        written = _writes(entry, context.recent)
        if any(intent.requested_after == record.requested.on for intent in written):
            return Credited(entry)
        if (record.requested.on, record.held.on) == (seen.seen_requested, seen.seen_held):
            return CarryOut(entry, record.requested.on - (entry.licenses - seen.keep))
        if any(_interfaces(intent.held_after) == _interfaces(record.held.on) for intent in written):
            return Credited(entry)
        return Overtaken(entry)
    return None


def _writes(entry: Entry, recent: Sequence[HistoryRow]) -> list[Intent]:
    """Writes that carried the decision out, and may have arrived."""
    return [
        row.intent
        for row in recent
        if row.intent.conflict_id == entry.id and row.outcome in UNCERTAIN
    ]


def _interfaces(held: Licenses) -> Licenses:
    return held & INTERFACES
