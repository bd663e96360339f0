"""Which users a page of records says to look at, and why.

Intake never tells settle what to do: settle reads each user again.
"""

from collections.abc import Iterable, Mapping

from sync.conflicts import Flagged, all_settled
from sync.holds import held_back, said_on_record
from sync.kept import held_for_rules
from sync.model import NONE, Decision, Licenses, UserRecord
from sync.ports.conflict_log import Entry
from sync.ports.events import ChangeEvent
from sync.ports.pending import Cause, Notice, Priority
from sync.rules import Case, Rulebook
from sync.statement import same_text


def seen_mark(record: UserRecord) -> str:
    """What the record looked like, as one short text: stamp, flags, and what we wrote there."""
    return " ".join(
        (
            f"{record.modstamp:%Y-%m-%dT%H:%M:%SZ}",
            f"{record.requested.on.code}?{record.requested.unknown.code}",
            f"{record.held.on.code}?{record.held.unknown.code}",
            {True: "active", False: "inactive", None: "unknown"}[record.active],
            record.status or "-",
            record.decided or "",
        )
    )


def case_of(record: UserRecord, entries: Iterable[Entry]) -> Case:
    """The record as the rules see it: with the kept side of its open conflicts as held."""
    return Case(
        requested=record.requested,
        held=held_for_rules(record.held, entries),
        active=record.active is not False,
        in_recording_group=record.in_recording_group,
    )


def is_settled(
    record: UserRecord,
    decision: Decision,
    entries: tuple[Entry, ...],
    policy: str,
    hold: Licenses = NONE,
) -> bool:
    """Whether nothing is left to do: not on the record, not in the log.

    `hold` are the licenses that an adoption holds back for this user.
    """
    requested, held = record.requested.on, record.held.on
    if not all_settled(decision, entries, Flagged(requested, held, policy)):
        return False
    if decision.effective is None:
        return True
    staying = held_back(hold, record, decision)
    status, message = said_on_record(decision, staying)
    return (
        held == decision.effective | staying
        and record.status == status
        and same_text(record.message, message)
        and record.decided == requested.code
    )


def unsettled(
    records: Iterable[UserRecord],
    entries: Mapping[str, tuple[Entry, ...]],
    holds: Mapping[str, Licenses],
    rulebook: Rulebook,
    cause: Cause,
    priority: Priority,
) -> list[Notice]:
    """Notices for those of `records` that are not settled."""
    notices = []
    for record in records:
        living = entries.get(record.user_id, ())
        decision = rulebook.decide(case_of(record, living))
        hold = holds.get(record.user_id, NONE)
        if not is_settled(record, decision, living, rulebook.version, hold):
            notices.append(
                Notice(
                    user_id=record.user_id,
                    username=record.username,
                    cause=cause,
                    priority=priority,
                    seen=seen_mark(record),
                    actor=record.modified_by or "",
                )
            )
    return notices


ECHO_SECONDS = 2.0
"""After so long it is looked whether a write of ours still stands: many at once, in one call."""


def told(events: Iterable[ChangeEvent], own_id: str) -> list[Notice]:
    """A notice for each user that events say was changed in something that matters.

    The mark is the event's: one that comes twice changes nothing, and none counts as a look at
    the requests (`seen_mark`), since an event is no record. The echo of a write of ours, by the
    user `own_id`, is no news, but the proof that it took: it is looked at in a while.
    """
    found: dict[str, Notice] = {}
    for event in events:
        if not event.matters:
            continue
        is_echo = event.is_ours and event.actor == own_id
        for user_id in event.user_ids:
            if not is_echo or user_id not in found:
                found[user_id] = _told(event, user_id, ECHO_SECONDS if is_echo else 0.0)
    return list(found.values())


def _told(event: ChangeEvent, user_id: str, delay: float) -> Notice:
    return Notice(
        user_id=user_id,
        username="",
        cause=Cause.EVENT,
        priority=Priority.LIVE,
        seen=_event_mark(event),
        actor=event.actor,
        delay=delay,
    )


def _event_mark(event: ChangeEvent) -> str:
    stamp = "" if event.committed_at is None else f"{event.committed_at:%Y-%m-%dT%H:%M:%SZ}"
    return f"{stamp:<20} event:{event.position.hex()}"
