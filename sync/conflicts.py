"""The life of a conflict: when an entry opens, what stays held meanwhile, how it ends.

An entry of the log lives exactly while the decision has its finding. Everything here is pure;
the store carries the changes out.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from sync.model import (
    INTERFACES,
    NONE,
    Decision,
    Finding,
    FindingKind,
    Flags,
    Licenses,
    UserRecord,
)
from sync.ports.conflict_log import (
    CloseEntry,
    Entry,
    EntryChange,
    EntryStatus,
    OpenEntry,
    OvertakeEntry,
    SeeEntry,
)
from sync.ports.history import HistoryOutcome, HistoryRow
from sync.ports.settling import UserContext

BY_EDIT = "edited in Salesforce"
BY_PERSON = "decided in the conflict log"
BY_POLICY = "the policy or the org's features changed"
DISMISSAL_ENDED = "the dismissal ended: the flags or the policy changed"

_UNCERTAIN = (HistoryOutcome.INTENDED, HistoryOutcome.UNKNOWN)


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
        row.outcome in _UNCERTAIN
        and row.id < confirmed.id
        and row.intent.held_after & INTERFACES == now
        for row in recent
    )
    return Flags((held.on - INTERFACES) | then, held.unknown) if late and now != then else held


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
        if _was_written(entry, record, context.recent):
            return Credited(entry)
        if (record.requested.on, record.held.on) != (
            seen.seen_requested,
            seen.seen_held,
        ):
            return Overtaken(entry)
        return CarryOut(entry, record.requested.on - (entry.licenses - seen.keep))
    return None


def _was_written(entry: Entry, record: UserRecord, recent: Sequence[HistoryRow]) -> bool:
    return any(
        row.intent.conflict_id == entry.id
        and row.outcome in _UNCERTAIN
        and row.intent.requested_after == record.requested.on
        for row in recent
    )


@dataclass(frozen=True, slots=True)
class Flagged:
    """A record's flags as the log tells them, and the policy they were judged by."""

    requested: Licenses
    held: Licenses
    policy: str


def changes(
    decision: Decision,
    context: UserContext,
    record: UserRecord,
    after: Flagged,
    kept: Licenses,
    step: ResolutionStep | None = None,
) -> tuple[EntryChange, ...]:
    """What a decision changes in a user's living entries.

    `record` is as it was read, `after` as this settle leaves it; `kept` is what a conflict that
    opens now finds held. `step` is what became of a person's decision.
    """
    findings = {finding.code: finding for finding in decision.to_log}
    before = Flagged(record.requested.on, record.held.on, after.policy)
    by = record.modified_by or "unknown"
    result: list[EntryChange] = []
    for entry in context.entries:
        finding = findings.pop(entry.code, None)
        if finding is None:
            result.append(_ending(entry, after.policy, by, step))
        elif isinstance(step, Overtaken) and step.entry.id == entry.id:
            result.append(_overtaken(entry, after))
        elif entry.status is not EntryStatus.DISMISSED:
            if not _is_told(entry, finding, after):
                result.append(_seen(entry, finding, after))
        elif not _is_dismissed_for(entry, before):
            result.append(CloseEntry(entry.id, by, DISMISSAL_ENDED))
            result.append(_opening(finding, after, entry.kept, entry.id))
    for finding in findings.values():
        previous = context.last_closed.get(finding.code)
        result.append(_opening(finding, after, kept_side(finding, kept), previous))
    return tuple(result)


def all_settled(decision: Decision, entries: Sequence[Entry], now: Flagged) -> bool:
    """Whether a user's living entries are those of the decision, with nothing left to do."""
    findings = {finding.code: finding for finding in decision.to_log}
    if len(findings) != len(entries):
        return False
    return all(
        entry.code in findings and _is_settled(entry, findings[entry.code], now)
        for entry in entries
    )


def kept_side(finding: Finding, held: Licenses) -> Licenses:
    """Which side of a conflict is held; nothing for a refusal."""
    return held & finding.licenses if finding.kind is FindingKind.CONFLICT else NONE


def _is_settled(entry: Entry, finding: Finding, now: Flagged) -> bool:
    if entry.status is EntryStatus.DISMISSED:
        return _is_dismissed_for(entry, now)
    return entry.status is EntryStatus.OPEN and _is_told(entry, finding, now)


def _is_dismissed_for(entry: Entry, now: Flagged) -> bool:
    """Whether the flags of the entry's licenses and the policy are those it was dismissed with."""
    moved = ((entry.requested ^ now.requested) | (entry.held ^ now.held)) & entry.licenses
    return not moved and entry.policy == now.policy


def _is_told(entry: Entry, finding: Finding, now: Flagged) -> bool:
    """Whether the log already says of this finding what there is to say."""
    return (
        entry.policy == now.policy
        and entry.licenses == finding.licenses
        and entry.message == finding.message
        and entry.requested == now.requested
        and entry.held == now.held
    )


def _opening(finding: Finding, after: Flagged, kept: Licenses, previous: int | None) -> OpenEntry:
    return OpenEntry(finding, after.requested, after.held, kept, after.policy, previous)


def _seen(entry: Entry, finding: Finding, after: Flagged) -> SeeEntry:
    return SeeEntry(entry.id, finding, after.requested, after.held, after.policy)


def _overtaken(entry: Entry, after: Flagged) -> OvertakeEntry:
    """The entry is open again, and says whose decision was not carried out."""
    by = entry.resolution.decided_by if entry.resolution else "unknown"
    note = f"overtaken: the record changed before the decision of {by} was carried out"
    return OvertakeEntry(entry.id, after.requested, after.held, note)


def _ending(entry: Entry, policy: str, by: str, step: ResolutionStep | None) -> CloseEntry:
    decided = entry.resolution
    carried_out = isinstance(step, CarryOut | Credited) and step.entry.id == entry.id
    if decided is not None and carried_out:
        return CloseEntry(entry.id, decided.decided_by, BY_PERSON)
    if entry.policy != policy:
        return CloseEntry(entry.id, policy, BY_POLICY)
    return CloseEntry(entry.id, by, BY_EDIT)
