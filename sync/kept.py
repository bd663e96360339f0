"""What a decision takes as held: the record, or the side that an open conflict keeps.

The record alone would let a write that came late, or a hand on the effective flags, silently
pick the side of a conflict.
"""

from collections.abc import Iterable, Sequence

from sync.model import INTERFACES, NONE, Finding, FindingKind, Flags, Licenses
from sync.ports.conflict_log import Entry
from sync.ports.history import HistoryOutcome, HistoryRow
from sync.ports.settling import UserContext

UNCERTAIN = (HistoryOutcome.INTENDED, HistoryOutcome.UNKNOWN)
"""Outcomes of writes that may or may not have arrived."""


def held_for_rules(held: Flags, entries: Iterable[Entry]) -> Flags:
    """What a decision takes as held: the kept side of a living conflict, else the record."""
    on = held.on
    for entry in entries:
        if entry.kind is FindingKind.CONFLICT:
            on = (on - entry.licenses) | entry.kept
    return Flags(on, held.unknown)


def held_before_late_writes(held: Flags, recent: Sequence[HistoryRow]) -> Flags:
    """What is held when a conflict opens, not counting a write that came late.

    A worker that was paused past its lease may still write what it had decided long ago. Such a
    write is known by an unbooked history row that is older than the last confirmed one and says
    just what the record holds now. Then the confirmed row tells what was held.
    """
    confirmed = next((r for r in recent if r.outcome is HistoryOutcome.CONFIRMED), None)
    if confirmed is None:
        return held
    now, then = held.on & INTERFACES, confirmed.intent.held_after & INTERFACES
    late = any(
        row.outcome in UNCERTAIN
        and row.id < confirmed.id
        and row.intent.held_after & INTERFACES == now
        for row in recent
    )
    return Flags((held.on - INTERFACES) | then, held.unknown) if late and now != then else held


def ended_unseen(context: UserContext) -> frozenset[int]:
    """Ids of conflict entries that a worker saw end, but did not live to book.

    Its history row tells: it was about to write for a request that was no conflict. What the
    record asks by now is a new conflict, and what it holds by now is what that one keeps.
    """
    return frozenset(
        entry.id
        for entry in context.entries
        if entry.kind is FindingKind.CONFLICT
        and any(_shows_end(row, entry) for row in context.recent)
    )


def _shows_end(row: HistoryRow, entry: Entry) -> bool:
    return (
        row.outcome is HistoryOutcome.INTENDED
        and row.at >= entry.opened_at
        and row.intent.conflict_id is None
        and bool(entry.licenses - row.intent.requested_after)
    )


def kept_side(finding: Finding, held: Licenses) -> Licenses:
    """Which side of a conflict is held; nothing for a refusal."""
    return held & finding.licenses if finding.kind is FindingKind.CONFLICT else NONE
