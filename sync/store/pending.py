"""Claiming pending users, and giving them back."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime

from sqlalchemy import Integer, Update, bindparam, case, select, update
from sqlalchemy.engine import Connection

from sync.errors import Braked, LeaseLost
from sync.model import NONE, Licenses
from sync.ports.brake import NO_LIMITS, Limits
from sync.ports.history import Intent
from sync.ports.pending import Claim, Notice, PendingUser, Priority
from sync.ports.settling import WRITES_PER_HOUR, UserContext
from sync.store.brake import holding_brake, released_among, stopped_by_brake
from sync.store.columns import AnyRow
from sync.store.context import read_context
from sync.store.database import Database, after, chunks, new_token
from sync.store.history import insert_intents
from sync.store.leases import (
    STOPPED,
    begin_lease,
    end_lease,
    free_ended,
    lock_lease,
    lock_users,
    prolong_lease,
)
from sync.store.notices import store_notices
from sync.store.org_state import may_write
from sync.store.tables import pending_user

_row = pending_user.c
RELEASED = "released"
"""The error code of a user that was given back untried."""


class PendingUsers(Database):
    """Claims and notices: with `Booking` it implements `SettleStore`."""

    def notice(self, org: str, notices: Sequence[Notice]) -> int:
        """Store notices that no cursor found; how many rows changed."""
        with self.writing() as connection:
            now = self.clock_of(connection)
            return store_notices(self, connection, now, org, notices)

    def holds(self, org: str, user_ids: Sequence[str]) -> Mapping[str, Licenses]:
        """What an adoption holds back of these users; users without a hold are missing."""
        query = select(_row.user_id, _row.hold).where(_row.org == org, _row.hold != NONE)
        found: dict[str, Licenses] = {}
        with self.reading() as connection:
            for some in chunks(user_ids):
                rows = connection.execute(query.where(_row.user_id.in_(some)))
                found |= {row.user_id: row.hold for row in rows}
        return found

    def claim(
        self,
        org: str,
        fingerprint: str,
        priority: Priority,
        limit: int,
        lease_seconds: float,
    ) -> Claim | None:
        """Lease due users, oldest first; None while there are none, or none may be written."""
        token = new_token()
        with self.writing() as connection:
            if not may_write(connection, org, fingerprint):
                return None
            now = self.clock_of(connection)
            free_ended(connection, org, now)
            whose = {"of_org": org, "of_priority": priority, "now": now}
            taken = connection.execute(_TAKE, whose | {"token": token, "at_most": limit})
            brake_id = holding_brake(connection, org)
            users = _users(connection, taken.all())
            if not users:
                return None
            begin_lease(connection, token, org, after(now, lease_seconds))
        return Claim(org, token, fingerprint, tuple(users), brake_id)

    def renew(self, claim: Claim, lease_seconds: float) -> None:
        """Prolong the lease; LeaseLost if it ended, the org is paused or no longer armed so."""
        with self.writing() as connection:
            now = self._may_go_on(connection, claim)
            prolong_lease(connection, claim, after(now, lease_seconds))

    def context(
        self, claim: Claim, writes_per_hour: int = WRITES_PER_HOUR
    ) -> Mapping[str, UserContext]:
        """What is known of the claimed users; users without anything known are missing."""
        with self.reading() as connection:
            return read_context(connection, self.clock_of(connection), claim, writes_per_hour)

    def record_intents(
        self, claim: Claim, intents: Sequence[Intent], limits: Limits = NO_LIMITS
    ) -> list[int]:
        """Commit history rows for these writes, and return their ids; LeaseLost as `renew`.

        Braked, and only the tripped brake is committed, where a brake stands against them.
        """
        with self.writing() as connection:
            self._may_go_on(connection, claim)
            brake_id = stopped_by_brake(self, connection, claim.org, intents, limits)
            if brake_id is None:
                now = self.clock_of(connection)
                return insert_intents(self, connection, now, claim.org, intents)
        raise Braked(brake_id)

    def release(self, claim: Claim, delay: float, reason: str) -> None:
        """Give all users back untried, due after `delay` seconds; quietly nothing if lost."""
        with self.writing() as connection:
            try:
                now = lock_lease(self, connection, claim)
            except LeaseLost:
                return
            lock_users(connection, [claim.token])
            connection.execute(_give_back(claim, after(now, delay), reason))
            end_lease(connection, claim.token)

    def _may_go_on(self, connection: Connection, claim: Claim) -> datetime:
        now = lock_lease(self, connection, claim)
        if not may_write(connection, claim.org, claim.fingerprint):
            raise LeaseLost(STOPPED)
        return now


def _take() -> Update:
    """Mark due users of one priority; a range of one index, whatever else waits."""
    due = (
        select(_row.user_id)
        .where(
            _row.org == bindparam("of_org"),
            _row.priority == bindparam("of_priority"),
            _row.lease_token.is_(None),
            _row.due_at <= bindparam("now"),
        )
        .order_by(_row.due_at, _row.user_id)
        .limit(bindparam("at_most", type_=Integer))
        .with_for_update(skip_locked=True)
        .cte("due")
    )
    return (
        update(pending_user)
        .where(_row.org == bindparam("of_org"), _row.user_id.in_(select(due.c.user_id)))
        .values(lease_token=bindparam("token"), again_at=None)
        .returning(
            _row.user_id,
            _row.username,
            _row.version,
            _row.cause,
            _row.priority,
            _row.attempts,
            _row.noticed_at,
            _row.hold,
            _row.actor,
            _row.run_id,
            _row.braked,
            _row.allowed,
            _row.brake_id,
            _row.due_at,
        )
    )


_TAKE = _take()


def _users(connection: Connection, rows: Sequence[AnyRow]) -> list[PendingUser]:
    """Claimed rows as users: what a released brake held is allowed now."""
    released = released_among(connection, sorted({row.brake_id for row in rows if row.braked}))
    ordered = sorted(rows, key=lambda row: (row.due_at, row.user_id))
    return [_user(row, is_released=row.brake_id in released) for row in ordered]


def _user(row: AnyRow, *, is_released: bool) -> PendingUser:
    user = PendingUser(*row[:-2])
    if not is_released:
        return user
    return replace(user, braked=NONE, allowed=user.allowed | user.braked)


def _give_back(claim: Claim, due_at: datetime, reason: str) -> Update:
    """A parked user keeps its reason: nobody looked at it."""
    is_parked = _row.parked_at.is_not(None)
    code = RELEASED if reason else ""
    return (
        update(pending_user)
        .where(_row.lease_token == claim.token)
        .values(
            lease_token=None,
            due_at=due_at,
            error_code=case((is_parked, _row.error_code), else_=code),
            error_reason=case((is_parked, _row.error_reason), else_=reason),
        )
    )
