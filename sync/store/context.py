"""What is known of claimed users: their living entries, ended ones, and recent history."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, TypeVar

from sqlalchemy import (
    BindParameter,
    ColumnElement,
    Integer,
    ScalarSelect,
    Select,
    bindparam,
    func,
    select,
)
from sqlalchemy.engine import Connection

from sync.ports.conflict_log import LIVE_STATUSES, Entry, EntryStatus
from sync.ports.history import HistoryOutcome, HistoryRow
from sync.ports.pending import Claim
from sync.ports.settling import ApprovedItem, UserContext
from sync.store.brake_tables import approval
from sync.store.database import after, chunks
from sync.store.entries import entry_from
from sync.store.history import COLUMNS, history_row
from sync.store.tables import conflict, history, pending_user, run, run_item

_T = TypeVar("_T")

RECENT = 20
"""Rows of history to each user; fights are told by five of them that were confirmed."""

APPROVED_SECONDS = 24 * 3600.0
"""How long an approval of a plan counts: who waits longer may be another case by then."""

RATE_SECONDS = 3660.0
"""The hour of which writes are counted, and a minute more: a write arrives later than its row."""

_HELD_OR_MAY_HOLD = (
    HistoryOutcome.CONFIRMED,
    HistoryOutcome.INTENDED,
    HistoryOutcome.UNKNOWN,
)


_claimed = pending_user.c
_IS_CLAIMED = _claimed.lease_token == bindparam("of_token")
_of_user = (conflict.c.org == _claimed.org) & (conflict.c.user_id == _claimed.user_id)

_LIVING = (
    select(conflict)
    .join(pending_user, _of_user)
    .where(_IS_CLAIMED, conflict.c.status.in_(LIVE_STATUSES))
    .order_by(conflict.c.id)
)
_LAST_CLOSED = (
    select(conflict.c.user_id, conflict.c.code, func.max(conflict.c.id).label("last"))
    .join(pending_user, _of_user)
    .where(_IS_CLAIMED, conflict.c.status == EntryStatus.RESOLVED)
    .group_by(conflict.c.user_id, conflict.c.code)
)


_older = history.alias("older").c


def _newest_but(place: int | BindParameter[int], column: ColumnElement[_T]) -> ScalarSelect[_T]:
    """A column of a claimed user's row with so many newer ones; from the end of its index."""
    return (
        select(column)
        .where(
            _older.org == _claimed.org,
            _older.user_id == _claimed.user_id,
            _older.outcome.in_(_HELD_OR_MAY_HOLD),
        )
        .order_by(_older.id.desc())
        .limit(1)
        .offset(place)
        .correlate(pending_user)
        .scalar_subquery()
    )


def _recent() -> Select[Any]:
    """The newest rows of each user, found from the end of its index however long it is."""
    since = func.coalesce(_newest_but(RECENT - 1, _older.id), 0).label("since")
    claimed = select(_claimed.org, _claimed.user_id, since).where(_IS_CLAIMED).cte("claimed")
    of_user = (
        (history.c.org == claimed.c.org)
        & (history.c.user_id == claimed.c.user_id)
        & (history.c.id >= claimed.c.since)
    )
    return (
        select(*COLUMNS)
        .select_from(claimed.prefix_with("MATERIALIZED", dialect="postgresql"))
        .join(history, of_user)
        .where(history.c.outcome.in_(_HELD_OR_MAY_HOLD))
        .order_by(history.c.id.desc())
    )


_RECENT = _recent()

_BEGAN = select(
    _claimed.user_id, _newest_but(bindparam("newer", type_=Integer), _older.at).label("at")
).where(_IS_CLAIMED, _claimed.user_id.in_(bindparam("of_users", expanding=True)))

_item = run_item.c
_APPROVED = (
    select(_item.user_id, approval.c.at, _item.requested_after, _item.held, _item.after)
    .select_from(approval)
    .join(run, (run.c.id == approval.c.run_id) & (run.c.fingerprint == bindparam("of_print")))
    .join(pending_user, _claimed.org == approval.c.org)
    .join(run_item, (_item.run_id == approval.c.run_id) & (_item.user_id == _claimed.user_id))
    .where(approval.c.org == bindparam("of_org"), approval.c.at > bindparam("start"))
    .where(_IS_CLAIMED, _item.after.is_not(None))
)


def read_context(
    connection: Connection, now: datetime, claim: Claim, writes_per_hour: int
) -> Mapping[str, UserContext]:
    """What is known of the users of a claim, four queries for all of them."""
    of_claim = {"of_token": claim.token}
    living: dict[str, list[Entry]] = defaultdict(list)
    for row in connection.execute(_LIVING, of_claim):
        living[row.user_id].append(entry_from(row))
    closed: dict[str, dict[str, int]] = defaultdict(dict)
    for user_id, code, last in connection.execute(_LAST_CLOSED, of_claim):
        closed[user_id][code] = last
    recent: dict[str, list[HistoryRow]] = defaultdict(list)
    for row in connection.execute(_RECENT, of_claim):
        recent[row.user_id].append(history_row(row))
    approved = _approved_items(connection, now, claim)
    full = _full_until(connection, now, claim, recent, writes_per_hour)
    return {
        user_id: UserContext(
            tuple(living.get(user_id, ())),
            closed.get(user_id, {}),
            tuple(recent.get(user_id, ())),
            tuple(approved.get(user_id, ())),
            now,
            full.get(user_id),
        )
        for user_id in {*living, *closed, *recent, *approved}
    }


def _full_until(
    connection: Connection,
    now: datetime,
    claim: Claim,
    recent: Mapping[str, Sequence[HistoryRow]],
    most: int,
) -> dict[str, datetime]:
    """When users may be written to again who had `most` writes within the hour.

    A fifth query only for those who had more of them than `recent` can tell.
    """
    start = after(now, -RATE_SECONDS)
    began = {user_id: rows[most - 1].at for user_id, rows in recent.items() if len(rows) >= most}
    busy = [
        user_id
        for user_id, rows in recent.items()
        if len(rows) == RECENT < most and rows[-1].at > start
    ]
    for some in chunks(busy):
        wanted = {"of_token": claim.token, "of_users": some, "newer": most - 1}
        began |= {user_id: at for user_id, at in connection.execute(_BEGAN, wanted) if at}
    return {user_id: after(at, RATE_SECONDS) for user_id, at in began.items() if at > start}


def _approved_items(
    connection: Connection, now: datetime, claim: Claim
) -> dict[str, list[ApprovedItem]]:
    """What approved plans say of the users of a claim."""
    found: dict[str, list[ApprovedItem]] = defaultdict(list)
    wanted = _of(claim) | {"start": after(now, -APPROVED_SECONDS)}
    for user_id, at, requested, held, staying in connection.execute(_APPROVED, wanted):
        found[user_id].append(ApprovedItem(at, requested, held, held - staying))
    return found


def _of(claim: Claim) -> dict[str, Any]:
    return {"of_org": claim.org, "of_token": claim.token, "of_print": claim.fingerprint}
