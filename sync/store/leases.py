"""Leases on claimed users: one row for a whole claim, so that renewing is one small write.

A claim holds its users as long as its row in `pending_lease` exists and has not ended.
"""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import bindparam, delete, insert, select, update
from sqlalchemy.engine import Connection

from sync.errors import LeaseLost
from sync.ports.pending import Claim
from sync.store.database import Database
from sync.store.tables import pending_lease, pending_user

LOST = "The batch took longer than its lease and was given up; its users are claimed again."
STOPPED = "The org was paused, or its rules changed: the batch was given up."

_lease = pending_lease.c
_user = pending_user.c
_IS_CLAIM = _lease.token == bindparam("of_token")
_LOCK = select(_lease.lease_until).where(_IS_CLAIM).with_for_update()
_PROLONG = update(pending_lease).where(_IS_CLAIM).values(lease_until=bindparam("until"))
_END = delete(pending_lease).where(_IS_CLAIM)
_ENDED = (
    select(_lease.token)
    .where(_lease.org == bindparam("of_org"), _lease.lease_until <= bindparam("now"))
    .with_for_update(skip_locked=True)
)
_IS_HELD = _user.lease_token.in_(bindparam("of_tokens", expanding=True))
_LOCK_USERS = select(_user.user_id).where(_IS_HELD).order_by(_user.user_id).with_for_update()
_FREE_USERS = update(pending_user).where(_IS_HELD).values(lease_token=None)


def begin_lease(connection: Connection, token: str, org: str, until: datetime) -> None:
    """Make a claim's lease."""
    values = {"token": token, "org": org, "lease_until": until}
    connection.execute(insert(pending_lease), values)


def lock_lease(database: Database, connection: Connection, claim: Claim) -> datetime:
    """Hold a claim's lease to the end of the transaction; the time, or LeaseLost."""
    until = connection.execute(_LOCK, {"of_token": claim.token}).scalar_one_or_none()
    now = database.clock_of(connection)
    if until is None or until <= now:
        raise LeaseLost(LOST)
    return now


def prolong_lease(connection: Connection, claim: Claim, until: datetime) -> None:
    """Let a locked lease end at another time."""
    connection.execute(_PROLONG, {"of_token": claim.token, "until": until})


def end_lease(connection: Connection, token: str) -> None:
    """Remove a lease whose users are all released."""
    connection.execute(_END, {"of_token": token})


def free_ended(connection: Connection, org: str, now: datetime) -> None:
    """Give back the users of claims whose lease ended. One being renewed is left alone."""
    tokens = connection.execute(_ENDED, {"of_org": org, "now": now}).scalars().all()
    if not tokens:
        return
    lock_users(connection, tokens)
    connection.execute(_FREE_USERS, {"of_tokens": tokens})
    for token in tokens:
        end_lease(connection, token)


def lock_users(connection: Connection, tokens: Sequence[str]) -> None:
    """Hold the users of leases to the end of the transaction, all in the order of their ids."""
    if connection.dialect.name != "sqlite":
        connection.execute(_LOCK_USERS, {"of_tokens": tokens}).all()
