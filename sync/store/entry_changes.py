"""What a booked batch changes in the conflict log."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any, TypeVar

from sqlalchemy import Update, case, insert, update
from sqlalchemy.engine import Connection
from sqlalchemy.exc import IntegrityError
from sqlalchemy.sql import bindparam

from sync.model import FindingKind
from sync.ports.conflict_log import (
    LIVE_STATUSES,
    CloseEntry,
    EntryStatus,
    OpenEntry,
    OvertakeEntry,
    SeeEntry,
)
from sync.ports.settling import Outcome
from sync.store.database import chunks
from sync.store.tables import conflict

_row = conflict.c
_is_living = _row.status.in_(LIVE_STATUSES)
GONE = "the user was deleted"


def apply_changes(
    connection: Connection, org: str, outcomes: Sequence[Outcome], now: datetime
) -> None:
    """Carry out the changes of all outcomes: ends first, so that what comes back may begin."""
    _run(connection, _CLOSE, [_closing(org, c, now) for _, c in _all(outcomes, CloseEntry)])
    _run(
        connection, _OVERTAKE, [_overtaking(org, c, now) for _, c in _all(outcomes, OvertakeEntry)]
    )
    _run(connection, _SEE, [_seeing(org, c, now) for _, c in _all(outcomes, SeeEntry)])
    opened = [_opening(org, o, c, now) for o, c in _all(outcomes, OpenEntry)]
    if not opened:
        return
    try:
        connection.execute(insert(conflict), opened)
    except IntegrityError as error:
        raise ValueError("an entry was opened for a finding that has a living one") from error


def end_entries(connection: Connection, org: str, user_ids: Sequence[str], now: datetime) -> None:
    """End whatever lives of users that are gone."""
    for some in chunks(user_ids):
        connection.execute(
            update(conflict)
            .where(_row.org == org, _row.user_id.in_(some), _is_living)
            .values(status=EntryStatus.RESOLVED, resolved_at=now, resolved_by=GONE, how=GONE)
        )


_Change = TypeVar("_Change", CloseEntry, OvertakeEntry, SeeEntry, OpenEntry)


def _all(outcomes: Sequence[Outcome], kind: type[_Change]) -> Iterator[tuple[Outcome, _Change]]:
    """In user order, so that two batches never wait for each other."""
    for outcome in sorted(outcomes, key=lambda outcome: outcome.user.user_id):
        for change in outcome.entries:
            if isinstance(change, kind):
                yield outcome, change


def _run(connection: Connection, statement: Update, rows: Sequence[Mapping[str, Any]]) -> None:
    if rows:
        connection.execute(statement, rows)


_ONE = (
    _row.id == bindparam("of_id"),
    _row.org == bindparam("of_org"),
    _row.status != EntryStatus.RESOLVED,  # an IN cannot stand in a statement for many rows
)
_is_dismissed = _row.status == EntryStatus.DISMISSED

_CLOSE = (
    update(conflict)
    .where(*_ONE)
    .values(
        status=EntryStatus.RESOLVED,
        resolved_at=bindparam("now"),
        resolved_by=bindparam("by"),
        how=bindparam("new_how"),
    )
)

_OVERTAKE = (
    update(conflict)
    .where(*_ONE)
    .values(
        status=EntryStatus.OPEN,
        requested=bindparam("new_requested"),
        held=bindparam("new_held"),
        note=bindparam("new_note"),
        seen_at=bindparam("now"),
        decided_by=None,
        decided_at=None,
        decided_keep=None,
        decided_requested=None,
        decided_held=None,
        decided_note=None,
        resolved_at=None,
        resolved_by=None,
        how=None,
    )
)

_SEE = (
    update(conflict)
    .where(*_ONE)
    .values(
        seen_at=bindparam("now"),
        seen_count=_row.seen_count + 1,
        licenses=bindparam("new_licenses"),
        message=bindparam("new_message"),
        requested=case(
            (_is_dismissed, _row.requested),
            else_=bindparam("new_requested", type_=_row.requested.type),
        ),
        held=case((_is_dismissed, _row.held), else_=bindparam("new_held", type_=_row.held.type)),
        policy=case(
            (_is_dismissed, _row.policy), else_=bindparam("new_policy", type_=_row.policy.type)
        ),
    )
)


def _closing(org: str, change: CloseEntry, now: datetime) -> dict[str, Any]:
    return {
        "of_id": change.entry_id,
        "of_org": org,
        "now": now,
        "by": change.by,
        "new_how": change.how,
    }


def _overtaking(org: str, change: OvertakeEntry, now: datetime) -> dict[str, Any]:
    return {
        "of_id": change.entry_id,
        "of_org": org,
        "now": now,
        "new_requested": change.requested,
        "new_held": change.held,
        "new_note": change.note,
    }


def _seeing(org: str, change: SeeEntry, now: datetime) -> dict[str, Any]:
    return {
        "of_id": change.entry_id,
        "of_org": org,
        "now": now,
        "new_licenses": change.finding.licenses,
        "new_message": change.finding.message,
        "new_requested": change.requested,
        "new_held": change.held,
        "new_policy": change.policy,
    }


def _opening(org: str, outcome: Outcome, change: OpenEntry, now: datetime) -> dict[str, Any]:
    if change.finding.kind is FindingKind.NOTICE:
        raise ValueError("a notice has no place in the conflict log")
    username = outcome.username or outcome.user.username
    return {
        "org": org,
        "user_id": outcome.user.user_id,
        "username": username,
        "username_key": username.lower(),
        "kind": change.finding.kind,
        "code": change.finding.code,
        "licenses": change.finding.licenses,
        "message": change.finding.message,
        "status": EntryStatus.OPEN,
        "requested": change.requested,
        "held": change.held,
        "kept": change.kept,
        "policy": change.policy,
        "opened_at": now,
        "seen_at": now,
        "seen_count": 1,
        "previous_id": change.previous_id,
    }
