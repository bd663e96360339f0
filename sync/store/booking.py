"""Booking a batch: history, conflict log and pending users, in one transaction."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any

from sqlalchemy import bindparam, delete, select, update
from sqlalchemy.engine import Connection

from sync import delays
from sync.model import NONE
from sync.ports.history import HistoryOutcome
from sync.ports.pending import Cause, Claim, Notice, Priority
from sync.ports.settling import Outcome, OutcomeKind
from sync.store.brake import released_among, still_holds
from sync.store.columns import AnyRow
from sync.store.database import Database, after
from sync.store.delays import note_delays
from sync.store.entry_changes import apply_changes, end_entries
from sync.store.history import book_outcomes
from sync.store.leases import end_lease, lock_lease
from sync.store.notices import store_later
from sync.store.tables import pending_user

_row = pending_user.c
_GONE = OutcomeKind.GONE
_ENDS = (OutcomeKind.SETTLED, OutcomeKind.GONE)


class Booking(Database):
    """The end of a batch."""

    def book(self, claim: Claim, outcomes: Sequence[Outcome]) -> None:
        """Book the batch and end the lease; LeaseLost books nothing.

        Allowed while the org is paused: what was written has to be booked.
        """
        with self.writing() as connection:
            now = lock_lease(self, connection, claim)
            again = _book_users(connection, claim, outcomes, now)
            store_later(self, connection, now, claim.org, again)
            _book_history(connection, claim, outcomes, now)
            apply_changes(connection, claim.org, outcomes, now)
            end_entries(connection, claim.org, _gone(outcomes), now)
            end_lease(connection, claim.token)
            took = [(now - at).total_seconds() for at in _waited_to_be_written(outcomes)]
            note_delays(connection, claim.org, delays.WRITTEN, took)


def _waited_to_be_written(outcomes: Sequence[Outcome]) -> list[datetime]:
    """Since when users had waited whose live edits are written now."""
    return [
        outcome.user.noticed_at
        for outcome in outcomes
        if outcome.user.priority is Priority.LIVE
        and any(what is HistoryOutcome.CONFIRMED for what, _ in outcome.history.values())
    ]


def _gone(outcomes: Sequence[Outcome]) -> list[str]:
    return [o.user.user_id for o in outcomes if o.kind is OutcomeKind.GONE]


def _book_history(
    connection: Connection, claim: Claim, outcomes: Sequence[Outcome], now: datetime
) -> None:
    booked = {id_: what for outcome in outcomes for id_, what in outcome.history.items()}
    book_outcomes(connection, now, claim.org, booked)


def _book_users(
    connection: Connection, claim: Claim, outcomes: Sequence[Outcome], now: datetime
) -> list[Notice]:
    """Free the rows that stay; what is still leased then is settled, and goes.

    Those of them that were asked for in a while are noticed anew.
    """
    rows = connection.execute(_LOCK, {"of_token": claim.token}).all()
    by_user = {o.user.user_id: o for o in _unless_released(connection, claim, outcomes)}
    released = released_among(connection, sorted({row.brake_id for row in rows if row.braked}))
    staying, again = [], []
    for row in rows:
        outcome = by_user.get(row.user_id)
        values = {"due_at": now} if outcome is None else _after_outcome(row, outcome, now)
        if values is not None and outcome is not None:
            values |= _of_brake(claim, outcome, row, is_released=row.brake_id in released)
        if values is not None:
            known = {name: row._mapping[name] for name in _STAYING}
            named = {f"new_{name}": value for name, value in (known | values).items()}
            staying.append(named | {"of_org": row.org, "of_user": row.user_id})
        elif row.again_at is not None and outcome is not None and outcome.kind is not _GONE:
            again.append(_look_again(row, now))
    if staying:
        connection.execute(_STAY, staying)
    if len(staying) < len(rows):
        connection.execute(_REMOVE, {"of_token": claim.token})
    return again


def _look_again(row: AnyRow, now: datetime) -> Notice:
    delay = max(0.001, (row.again_at - now).total_seconds())
    return Notice(row.user_id, row.username, Cause.EVENT, Priority.LIVE, delay=delay)


def _unless_released(
    connection: Connection, claim: Claim, outcomes: Sequence[Outcome]
) -> list[Outcome]:
    """Whom a brake held that somebody has released meanwhile is looked at again, at once."""
    is_braked = any(outcome.braked for outcome in outcomes)
    if not is_braked or claim.brake_id is None or still_holds(connection, claim.brake_id):
        return list(outcomes)
    return [_let_go(outcome) if outcome.braked else outcome for outcome in outcomes]


def _let_go(outcome: Outcome) -> Outcome:
    """Allowed is only what the person could see: what earlier batches had booked."""
    allowed = outcome.allowed | outcome.user.braked
    return replace(outcome, kind=OutcomeKind.AGAIN, delay=0.0, braked=NONE, allowed=allowed)


def _of_brake(claim: Claim, outcome: Outcome, row: AnyRow, *, is_released: bool) -> dict[str, Any]:
    """Allowed is what still was let go: somebody may have pulled the brake meanwhile."""
    let_go = row.allowed | row.braked if is_released else row.allowed
    return {
        "braked": outcome.braked,
        "allowed": outcome.allowed & let_go,
        "brake_id": claim.brake_id if outcome.braked else None,
    }


_IS_HELD = _row.lease_token == bindparam("of_token")
_LOCK = select(pending_user).where(_IS_HELD).order_by(_row.user_id).with_for_update()
_REMOVE = delete(pending_user).where(_IS_HELD)
_STAYING = (
    "due_at",
    "noticed_at",
    "username",
    "seen",
    "attempts",
    "error_code",
    "error_reason",
    "parked_at",
    "hold",
    "requested",
    "held",
    "braked",
    "allowed",
    "brake_id",
)
_STAY = (
    update(pending_user)
    .where(_row.org == bindparam("of_org"), _row.user_id == bindparam("of_user"))
    .values(lease_token=None, **{name: bindparam(f"new_{name}") for name in _STAYING})
)


def _after_outcome(row: AnyRow, outcome: Outcome, now: datetime) -> dict[str, Any] | None:
    """What an outcome changes in a row; None if the row goes."""
    if row.version != outcome.user.version:
        return _noticed_again(row, outcome, now)
    if outcome.kind in _ENDS:
        return None
    values = {"due_at": after(now, outcome.delay), "hold": outcome.hold}
    if outcome.username:
        values |= {
            "username": outcome.username,
            "requested": outcome.requested,
            "held": outcome.held,
        }
    if outcome.kind is not OutcomeKind.AGAIN:
        values |= {
            "attempts": row.attempts + 1,
            "error_code": outcome.code,
            "error_reason": outcome.reason,
            "seen": outcome.seen or row.seen,
        }
    if outcome.kind is OutcomeKind.PARKED:
        values["parked_at"] = row.parked_at or now
    return values


def _noticed_again(row: AnyRow, outcome: Outcome, now: datetime) -> dict[str, Any]:
    """Due now, as the notice left it; the hold is the outcome's unless the notice brought one.

    If the batch served the earlier notice, the row has waited since about now.
    """
    values: dict[str, Any] = {"due_at": now}
    if row.hold_version <= outcome.user.version:
        values["hold"] = outcome.hold
    if outcome.kind in _ENDS:
        values["noticed_at"] = now
    return values
