"""The brake of each org: what trips it, what it holds, and letting that go.

Whether a batch may remove is decided under the lock of its org's row, in the transaction that
commits its intents: batches side by side cannot pass the limits together.
"""

from collections import Counter
from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import (
    Select,
    and_,
    bindparam,
    delete,
    func,
    insert,
    literal_column,
    or_,
    select,
    update,
)
from sqlalchemy.engine import Connection

from sync.brake import Removal, beyond, tally
from sync.errors import NotAllowed
from sync.model import NONE
from sync.phrases import counted
from sync.ports.brake import ITSELF, Brake, BrakeRecord, HeldRemoval, Limits
from sync.ports.history import HistoryOutcome, Intent
from sync.ports.pending import Cause
from sync.ports.runs import RunKind, RunStatus
from sync.store.brake_tables import IS_BRAKED, IS_UNAPPROVED, approval, brake
from sync.store.database import Database, after, chunks
from sync.store.org_state import lock_org
from sync.store.tables import history, pending_user, pending_version, run

_row = brake.c
_user = pending_user.c
_SURE = (HistoryOutcome.CONFIRMED,)
_COUNTED = (*_SURE, HistoryOutcome.INTENDED, HistoryOutcome.UNKNOWN)

_HOLDING = select(_row.id).where(_row.org == bindparam("of_org"), _row.released_at.is_(None))
_LAST_RELEASE = select(func.max(_row.released_at)).where(_row.org == bindparam("of_org"))
_HOLDERS = (
    select(run.c.holders)
    .where(
        run.c.org == bindparam("of_org"),
        run.c.whole_org,
        run.c.kind != RunKind.UNDO,
        run.c.status == RunStatus.DONE,
        run.c.holders.is_not(None),
    )
    .order_by(run.c.id.desc())
    .limit(1)
)
_STRETCH = (
    select(history.c.user_id, history.c.unapproved, history.c.outcome)
    .where(
        history.c.org == bindparam("of_org"),
        history.c.at > bindparam("start"),
        IS_UNAPPROVED,
        history.c.outcome.in_(_COUNTED),
    )
    .order_by(history.c.id)
)
_MAKE_DUE = (
    update(pending_user)
    .where(_user.org == bindparam("of_org"), _user.user_id == bindparam("of_user"))
    .values(
        version=bindparam("new"),
        cause=Cause.APPROVAL,
        actor=bindparam("by"),
        due_at=bindparam("now"),
        noticed_at=bindparam("now"),
        attempts=0,
        error_code="",
        error_reason="",
        parked_at=None,
    )
)


def holding_brake(connection: Connection, org: str) -> int | None:
    """The id of the org's brake, if one holds."""
    return connection.execute(_HOLDING, {"of_org": org}).scalar_one_or_none()


def still_holds(connection: Connection, brake_id: int) -> bool:
    """Whether this very brake holds, and goes on doing so to the end of the transaction."""
    query = select(_row.released_at).where(_row.id == brake_id).with_for_update()
    return connection.execute(query).scalar_one() is None


def released_among(connection: Connection, brake_ids: Sequence[int]) -> frozenset[int]:
    """Which of these brakes somebody released."""
    if not brake_ids:
        return frozenset()
    query = select(_row.id).where(_row.id.in_(brake_ids), _row.released_at.is_not(None))
    return frozenset(connection.execute(query).scalars())


def stopped_by_brake(
    database: Database, connection: Connection, org: str, intents: Sequence[Intent], limits: Limits
) -> int | None:
    """The brake that keeps these intents from being committed, perhaps tripped by them."""
    removing = [intent for intent in intents if intent.unapproved]
    if not removing:
        return None
    lock_org(connection, org)
    held_by = holding_brake(connection, org)
    if held_by is not None:
        return held_by
    now = database.clock_of(connection)
    reason = _beyond_the_plan(connection, removing)
    reason = reason or _too_much(connection, now, org, removing, limits)
    return None if reason is None else trip(connection, now, org, ITSELF, reason)


def trip(connection: Connection, now: datetime, org: str, by: str, reason: str) -> int:
    """Let a brake hold from now on; its id. The org's row is locked."""
    values = {"org": org, "tripped_at": now, "tripped_by": by, "reason": reason}
    new = insert(brake).values(**values, users=0, licenses=0).returning(_row.id)
    return int(connection.execute(new).scalar_one())


def pull(database: Database, connection: Connection, org: str, by: str, reason: str) -> int:
    """Let the org's brake hold, and nothing pass it that people let go before; the brake's id.

    Users are locked before the org. What an older brake held and nobody carried out is this one's.
    """
    waiting = and_(_user.org == org, or_(_user.allowed != NONE, IS_BRAKED))
    users = select(_user.user_id).where(waiting).order_by(_user.user_id)
    connection.execute(users.with_for_update()).all()
    lock_org(connection, org)
    brake_id = holding_brake(connection, org)
    if brake_id is None:
        brake_id = trip(connection, database.clock_of(connection), org, by, reason)
    mine = update(pending_user).where(_user.org == org, IS_BRAKED, _user.brake_id != brake_id)
    connection.execute(mine.values(brake_id=brake_id))
    allowed = update(pending_user).where(_user.org == org, _user.allowed != NONE)
    connection.execute(allowed.values(allowed=NONE))
    connection.execute(delete(approval).where(approval.c.org == org))
    return brake_id


def _beyond_the_plan(connection: Connection, removing: Sequence[Intent]) -> str | None:
    """Why not, if a run that carries out an approved plan would remove what nobody was shown.

    However few they are: they are decided anew, and shown before they are carried out.
    """
    users = Counter(intent.run_id for intent in removing if intent.run_id is not None)
    if not users:
        return None
    applying = select(run.c.id, run.c.of_run).where(
        run.c.id.in_(list(users)), run.c.kind == RunKind.RECONCILE, run.c.of_run.is_not(None)
    )
    for run_id, plan_id in connection.execute(applying.order_by(run.c.id)):
        who = counted(users[run_id], "user")
        return f"{who} would lose something that plan {plan_id}, which was approved, did not show."
    return None


def _too_much(
    connection: Connection, now: datetime, org: str, removing: Sequence[Intent], limits: Limits
) -> str | None:
    """Why the stretch up to now and these intents together remove too much."""
    if not limits.minutes:
        return None
    released = connection.execute(_LAST_RELEASE, {"of_org": org}).scalar_one_or_none()
    start = after(now, -60 * limits.minutes)
    start = start if released is None else max(start, released)
    rows = connection.execute(_STRETCH, {"of_org": org, "start": start})
    removals = [Removal(row[0], row[1], row.outcome in _SURE) for row in rows]
    removals += [Removal(intent.user_id, intent.unapproved, is_sure=False) for intent in removing]
    holders = connection.execute(_HOLDERS, {"of_org": org}).scalar_one_or_none()
    return beyond(limits, tally(removals), holders)


def make_due(
    database: Database, connection: Connection, now: datetime, wanted: Select[Any], by: str
) -> int:
    """Have the users of a query (org, user id) looked at now, whatever they wait for; how many."""
    users = connection.execute(wanted.order_by(_user.user_id).with_for_update()).all()
    for some in chunks(users):
        versions = database.take_numbers(connection, pending_version, len(some))
        common = {"now": now, "by": by}
        rows = [
            {"of_org": org, "of_user": user_id, "new": version, **common}
            for (org, user_id), version in zip(some, versions, strict=True)
        ]
        connection.execute(_MAKE_DUE, rows)
    return len(users)


class Brakes(Database):
    """With `Approvals` it implements `BrakeStore`."""

    def brakes(self) -> list[Brake]:
        """Brakes that hold, by org."""
        waiting = and_(_user.brake_id == _row.id, IS_BRAKED)
        query = (
            select(
                _row.org,
                _row.tripped_at,
                _row.tripped_by,
                _row.reason,
                func.count(_user.user_id),
                func.coalesce(func.sum(_LETTERS), 0),
            )
            .outerjoin(pending_user, and_(_user.org == _row.org, waiting))
            .where(_row.released_at.is_(None))
            .group_by(_row.id)
            .order_by(_row.org)
        )
        with self.reading() as connection:
            return [Brake(*row) for row in connection.execute(query)]

    def held_removals(self, org: str, after_id: str = "", limit: int = 2000) -> list[HeldRemoval]:
        """What waits in an org, by user id."""
        since = func.coalesce(_user.parked_at, _user.noticed_at, type_=_user.noticed_at.type)
        query = (
            select(_user.org, _user.user_id, _user.username, _user.braked, since)
            .join(brake, and_(_row.id == _user.brake_id, _row.released_at.is_(None)))
            .where(_user.org == org, _user.user_id > after_id, IS_BRAKED)
            .order_by(_user.user_id)
            .limit(limit)
        )
        with self.reading() as connection:
            return [HeldRemoval(*row) for row in connection.execute(query)]

    def brake_records(self, org: str, limit: int = 20) -> list[BrakeRecord]:
        """The newest brakes of an org, newest first."""
        query = select(brake).where(_row.org == org).order_by(_row.id.desc()).limit(limit)
        with self.reading() as connection:
            return [BrakeRecord(**row._mapping) for row in connection.execute(query)]

    def hold_removals(self, org: str, by: str, reason: str) -> None:
        """Trip the brake by hand, or leave it so: what was approved before waits with the rest."""
        with self.writing() as connection:
            pull(self, connection, org, by, reason)

    def release_brake(self, org: str, by: str) -> int:
        """Approve what waits: its users are due at once without the brake; how many.

        In two steps, since users are locked before orgs. The first is what counts: whom a released
        brake held may lose that, whenever the user is looked at.
        """
        with self.writing() as connection:
            lock_org(connection, org)
            brake_id = holding_brake(connection, org)
            if brake_id is None:
                raise NotAllowed(f"No brake holds in {org}: there is nothing to release.")
            _release(connection, self.clock_of(connection), brake_id, by)
        with self.writing() as connection:
            held = select(_user.org, _user.user_id).where(_user.org == org, IS_BRAKED)
            now = self.clock_of(connection)
            return make_due(self, connection, now, held.where(_user.brake_id == brake_id), by)


_LETTERS = func.length(literal_column("braked"))


def _release(connection: Connection, now: datetime, brake_id: int, by: str) -> None:
    """Note who let go how much; a batch that books what waits has to be through with it."""
    connection.execute(select(_row.id).where(_row.id == brake_id).with_for_update()).one()
    waiting = select(func.count(), func.coalesce(func.sum(_LETTERS), 0)).where(
        _user.brake_id == brake_id, IS_BRAKED
    )
    users, licenses = connection.execute(waiting.select_from(pending_user)).one()
    values = {"released_at": now, "released_by": by, "users": users, "licenses": licenses}
    connection.execute(update(brake).where(_row.id == brake_id).values(**values))
