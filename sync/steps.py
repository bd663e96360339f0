"""What one settle does about one user: from the record and what is known, to a write.

Pure: `settle` carries steps out.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from functools import partial

from sync.approvals import approved_removals
from sync.brake import braked_reason, braked_target
from sync.fights import Rest, rest
from sync.findings import KEPT_FOR_SWAP
from sync.holds import held_back, said_on_record
from sync.intake import case_of
from sync.kept import ended_unseen, held_when_opened
from sync.model import (
    INTERFACES,
    NONE,
    Decision,
    FindingKind,
    Flags,
    License,
    Licenses,
    Status,
    UserRecord,
)
from sync.ports.conflict_log import Entry, EntryStatus
from sync.ports.history import Intent
from sync.ports.pending import Cause, PendingUser
from sync.ports.salesforce import RecordWrite
from sync.ports.settling import UserContext
from sync.resolutions import CarryOut, Credited, ResolutionStep, resolution_step
from sync.rules import Case, Rulebook
from sync.statement import failed_message, reason_of, same_text

BLIND_SECONDS = 2.0
"""If-Unmodified-Since compares whole seconds: a record this young cannot be guarded by it."""


@dataclass(frozen=True, slots=True)
class Step:
    """What is to be done about one user.

    `target` are the flags the record shall hold, None where nothing may be written. `held_back`
    are those of them that the rules would take away, `braked` those that the brake keeps, and
    `unapproved` what goes without a person having said so. `kept` is what a conflict that opens now
    finds held; `ended` are entries that ended unseen. `write` is None when the record is as it
    should be.
    """

    user: PendingUser
    record: UserRecord
    context: UserContext
    decision: Decision
    requested: Licenses
    target: Licenses | None
    held_back: Licenses
    braked: Licenses
    unapproved: Licenses
    kept: Licenses
    ended: frozenset[int]
    resolution: ResolutionStep | None
    write: RecordWrite | None
    policy: str

    @property
    def is_conditional(self) -> bool:
        """Whether the write carries out a person's decision."""
        return self.write is not None and bool(self.write.requested)

    @property
    def waits_to_be_read(self) -> bool:
        """Whether something is kept for this user until its flags can be read again."""
        deciding = any(e.status is EntryStatus.DECIDING for e in self.context.entries)
        return bool(self.user.hold) or deciding

    def is_too_young(self, server_time: datetime) -> bool:
        """Whether the record's last change is too recent for a conditional write."""
        age = server_time - self.record.modified_at
        return self.is_conditional and age < timedelta(seconds=BLIND_SECONDS)

    def rest(self) -> Rest | None:
        """How long the write has to wait, because of what was written before; None: not at all."""
        if self.write is None:
            return None
        insists = self.user.cause is Cause.RETRY
        return rest(self.intent(), self.context, insists=insists)

    def intent(self) -> Intent:
        """The history row of this step's write."""
        carried = self.resolution if isinstance(self.resolution, CarryOut) else None
        decided = carried.entry.resolution if carried else None
        return Intent(
            user_id=self.record.user_id,
            username=self.record.username,
            cause=Cause.RESOLUTION if carried else self.user.cause,
            actor=decided.decided_by if decided else self._actor(),
            requested_before=self.record.requested.on,
            requested_after=self.requested,
            held_before=self.record.held.on,
            held_after=self.record.held.on if self.target is None else self.target,
            status_after=(self.write.status if self.write else None) or self.record.status or "",
            why=self._why(),
            policy=self.policy,
            conflict_id=carried.entry.id if carried else None,
            run_id=self.user.run_id,
            unapproved=self.unapproved,
        )

    def _actor(self) -> str:
        """Who moved what: a message that told of a change says nothing of that, the record does."""
        return self.user.actor or self.record.modified_by or ""

    def _why(self) -> str:
        if self.braked:
            return braked_reason(self.braked)
        return reason_of(self.decision) or "as requested"

    def failed_intent(self, write: RecordWrite) -> Intent:
        """The history row of the write that says on the record that the user is parked."""
        return replace(
            self.intent(),
            cause=self.user.cause,
            actor=self._actor(),
            requested_after=self.record.requested.on,
            held_after=self.record.held.on,
            status_after=write.status or self.record.status or "",
            conflict_id=None,
            unapproved=NONE,
        )


def step_for(
    user: PendingUser,
    record: UserRecord,
    context: UserContext,
    rulebook: Rulebook,
    own_id: str,
    *,
    brake: bool = False,
    org_ahead: timedelta = timedelta(0),
) -> Step:
    """Decide one record, and say what has to be written. `own_id` is the user that we write as.

    `org_ahead` is the org's clock less the database's. With the `brake` on, nothing is removed but
    what a person approved.
    """
    resolution = resolution_step(record, context, org_ahead)
    requested = record.requested
    if isinstance(resolution, CarryOut):
        requested = Flags(resolution.requested, requested.unknown)
    ended = ended_unseen(context)
    if isinstance(resolution, Credited):
        ended |= {resolution.entry.id}
    standing = tuple(entry for entry in context.entries if entry.id not in ended)
    when_opened = partial(held_when_opened, record, context.recent, own_id, org_ahead)
    case, decision = _decide(record, requested, standing, rulebook, when_opened)
    staying = held_back(user.hold, record, decision)
    wanted = None if decision.effective is None else decision.effective | staying
    approved = approved_removals(user, record, context, resolution)
    target = wanted
    if wanted is not None and brake:
        target = braked_target(record.held.on, wanted, approved)
    braked = _both(target, record.held.on) - _both(wanted, record.held.on)
    return Step(
        user=user,
        record=record,
        context=context,
        decision=decision,
        requested=requested.on,
        target=target,
        held_back=staying,
        braked=braked,
        unapproved=NONE if target is None else record.held.on - target - approved,
        kept=case.held.on,
        ended=ended,
        resolution=resolution,
        write=None
        if target is None
        else _write(record, requested.on, target, said_on_record(decision, staying, braked)),
        policy=rulebook.version,
    )


def _both(target: Licenses | None, held: Licenses) -> Licenses:
    return NONE if target is None else target & held


def _decide(
    record: UserRecord,
    requested: Flags,
    standing: tuple[Entry, ...],
    rulebook: Rulebook,
    when_opened: Callable[[], Flags],
) -> tuple[Case, Decision]:
    """The decision, and the case that it is for: what is held when what is held begins to count."""
    case = replace(case_of(record, standing), requested=requested)
    decision = rulebook.decide(case)
    known = {entry.code for entry in standing if entry.kind is FindingKind.CONFLICT}
    opens = any(finding.code not in known for finding in decision.conflicts)
    keeps = not known and any(finding.code == KEPT_FOR_SWAP for finding in decision.findings)
    if not opens and not keeps:
        return case, decision
    case = replace(case, held=when_opened())
    return case, rulebook.decide(case)


def _write(
    record: UserRecord,
    requested: Licenses,
    target: Licenses,
    said: tuple[Status, str],
) -> RecordWrite | None:
    status, message = said
    write = _owned_write(record, status, message, requested, differing_flags(record, target))
    if requested == record.requested.on:
        return None if write.is_empty else write
    changed = requested ^ record.requested.on
    return RecordWrite(
        user_id=record.user_id,
        effective=write.effective,
        status=write.status,
        message=write.message,
        decided=write.decided,
        requested={name: name in requested for name in changed},
        unless_modified_since=record.modified_at,
    )


def differing_flags(record: UserRecord, target: Licenses) -> dict[License, bool]:
    """The flags to write: those that differ, and all interfaces if one of them does."""
    changed = record.held.on ^ target
    if changed & INTERFACES:
        changed |= INTERFACES
    return {name: name in target for name in changed}


def failed_write(record: UserRecord, reason: str) -> RecordWrite | None:
    """What says on the record that its user is parked; None if it says so already."""
    write = _owned_write(record, Status.FAILED, failed_message(reason), record.requested.on, {})
    return None if write.is_empty else write


def _owned_write(
    record: UserRecord,
    status: Status,
    message: str,
    requested: Licenses,
    effective: dict[License, bool],
) -> RecordWrite:
    return RecordWrite(
        user_id=record.user_id,
        effective=effective,
        status=None if record.status == status else status,
        message=None if same_text(record.message, message) else message,
        decided=None if record.decided == requested.code else requested.code,
    )
