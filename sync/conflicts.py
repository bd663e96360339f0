"""The life of a conflict: when an entry opens, what stays held meanwhile, how it ends.

An entry of the log lives exactly while the decision has its finding. Everything here is pure;
the store carries the changes out.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from sync.kept import kept_side
from sync.model import Decision, Finding, Licenses, UserRecord
from sync.ports.conflict_log import (
    CloseEntry,
    Entry,
    EntryChange,
    EntryStatus,
    OpenEntry,
    OvertakeEntry,
    SeeEntry,
)
from sync.ports.settling import UserContext
from sync.resolutions import CarryOut, Credited, Overtaken, ResolutionStep

BY_EDIT = "edited in Salesforce"
BY_PERSON = "decided in the conflict log"
BY_POLICY = "the policy or the org's features changed"
DISMISSAL_ENDED = "the dismissal ended: the flags or the policy changed"


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
    ended: frozenset[int] = frozenset(),
) -> tuple[EntryChange, ...]:
    """What a decision changes in a user's living entries.

    `record` is as it was read, `after` as this settle leaves it; `kept` is what a conflict that
    opens now finds held. `step` is what became of a person's decision. `ended` are the ids of
    entries that ended although nobody could book it: what is there now is another conflict. Where
    flags cannot be read, nothing is known of other findings, and their entries stay as they are.
    """
    findings = {finding.code: finding for finding in decision.to_log}
    before = Flagged(record.requested.on, record.held.on, after.policy)
    by = record.modified_by or "unknown"
    result: list[EntryChange] = []
    for entry in _judged(decision, context.entries):
        finding = findings.pop(entry.code, None)
        if finding is None:
            result.append(_ending(entry, after.policy, by, step))
        elif entry.id in ended:
            result.append(_ending(entry, after.policy, by, step))
            result.append(_opening(finding, after, kept_side(finding, kept), entry.id))
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
    judged = _judged(decision, entries)
    if len(findings) != len(judged) or any(e.status is EntryStatus.DECIDING for e in entries):
        return False
    return all(
        entry.code in findings and _is_settled(entry, findings[entry.code], now) for entry in judged
    )


def _judged(decision: Decision, entries: Sequence[Entry]) -> Sequence[Entry]:
    """The entries that the decision says something about."""
    if decision.effective is not None:
        return entries
    said = {finding.code for finding in decision.findings}
    return [entry for entry in entries if entry.code in said]


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
