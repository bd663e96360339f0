"""What a decision takes as held: the record, or the side that an open conflict keeps.

The record alone would let a write that came late, or a hand on the effective flags, silently
pick the side of a conflict.
"""

from collections.abc import Iterable, Sequence
from datetime import timedelta

from sync.model import INTERFACES, NONE, Finding, FindingKind, Flags, Licenses, UserRecord
from sync.ports.conflict_log import Entry
from sync.ports.history import HistoryOutcome, HistoryRow
from sync.ports.settling import UserContext

UNCERTAIN = (HistoryOutcome.INTENDED, HistoryOutcome.UNKNOWN)
"""Outcomes of writes that may or may not have arrived."""

ARRIVED = (*UNCERTAIN, HistoryOutcome.CONFIRMED)
"""Outcomes of writes that may have arrived."""

ON_ITS_WAY = timedelta(minutes=5)
"""How long a write may take from its history row to the record."""


def held_for_rules(held: Flags, entries: Iterable[Entry]) -> Flags:
    """What a decision takes as held: the kept side of a living conflict, else the record."""
    on = held.on
    for entry in entries:
        if entry.kind is FindingKind.CONFLICT:
            on = (on - entry.licenses) | entry.kept
    return Flags(on, held.unknown)


def held_when_opened(
    record: UserRecord,
    recent: Sequence[HistoryRow],
    own_id: str,
    org_ahead: timedelta = timedelta(0),
) -> Flags:
    """What was held when the request became a conflict, not counting writes that came after it.

    `own_id` is the user that we write as; `org_ahead` is the org's clock, which dates records, less
    the database's, which dates the history. The record alone would count two kinds of writes that
    no conflict was known for: one on its way when the person edited, and one of a worker that was
    paused past its lease.
    """
    held = record.held
    before = _before_late_write(held.on, recent)
    if before is None and record.modified_by == own_id:
        before = _before_write_on_its_way(record, recent, org_ahead)
    if before is None:
        return held
    return Flags((held.on - INTERFACES) | (before & INTERFACES), held.unknown)


def _before_late_write(held: Licenses, recent: Sequence[HistoryRow]) -> Licenses | None:
    """What the last confirmed write left, if an older one, never booked, shows on the record.

    A newer one whose answer was lost explains the same record better.
    """
    confirmed = next((r for r in recent if r.outcome is HistoryOutcome.CONFIRMED), None)
    if confirmed is None or _interfaces(confirmed.intent.held_after) == _interfaces(held):
        return None
    shows = [
        row.id
        for row in recent
        if row.outcome in UNCERTAIN and _interfaces(row.intent.held_after) == _interfaces(held)
    ]
    is_late = bool(shows) and max(shows) < confirmed.id
    return confirmed.intent.held_after if is_late else None


def _before_write_on_its_way(
    record: UserRecord, recent: Sequence[HistoryRow], org_ahead: timedelta
) -> Licenses | None:
    """What our last write found, if it is the last change and was decided on another request.

    Which of our writes came last, the record says itself: with each goes what it was decided on.
    Others may write under our login, so that the time has to fit as well. One that came after a
    newer one was confirmed is late: see `_before_late_write` for its flags, if it wrote any.
    """
    if record.decided is None or record.decided == record.requested.on.code:
        return None
    for row in recent:
        if row.outcome in ARRIVED and row.intent.requested_after.code == record.decided:
            is_it = abs(record.modified_at - org_ahead - row.at) <= ON_ITS_WAY
            return row.intent.held_before if is_it else None
        if row.outcome is HistoryOutcome.CONFIRMED:
            return None
    return None


def _interfaces(held: Licenses) -> Licenses:
    return held & INTERFACES


def ended_unseen(context: UserContext) -> frozenset[int]:
    """Ids of conflict entries that a worker saw end, but did not live to book.

    Its history row tells: it was about to write for a request that was no conflict (an adoption's
    row tells what it wished for, and not what it saw). What the record asks by now is a new
    conflict, and what it holds by now is what that one keeps.
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
        and not _only_asks(row)
        and bool(entry.licenses - row.intent.requested_after)
    )


def _only_asks(row: HistoryRow) -> bool:
    """Whether it is the row of an adoption or an undo itself: settling alone changes no request."""
    return row.intent.requested_before != row.intent.requested_after


def kept_side(finding: Finding, held: Licenses) -> Licenses:
    """Which side of a conflict is held; nothing for a refusal."""
    return held & finding.licenses if finding.kind is FindingKind.CONFLICT else NONE
