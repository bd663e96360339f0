"""What has to be woken, and when each part of the program last made progress."""

from collections import defaultdict
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from sqlalchemy import ScalarSelect, Select, and_, func, literal, or_, select
from sqlalchemy.engine import Connection

from sync.ports.pending import Priority
from sync.ports.review import DueWork
from sync.ports.runs import RunStatus
from sync.store.database import Database, insert_on
from sync.store.runs import is_due
from sync.store.tables import ALL_ORGS, beat, org_state, pending_lease, pending_user, run

CAP = 5000
"""Counting further costs time and wakes nobody more."""

_row = pending_user.c


class Sweep(Database):
    """Implements `SweepStore`."""

    def due_work(self) -> Mapping[str, DueWork]:
        """Orgs with users that are due and free, or runs that nobody holds.

        Users of orgs that are paused, not armed or in trouble do not count; counts end at `CAP`.
        """
        with self.reading() as connection:
            now = self.clock_of(connection)
            users = _due_users(connection, now)
            runs = _free_runs(connection, now)
        return {
            org: DueWork(org, *users.get(org, (0, 0)), tuple(runs.get(org, ())))
            for org in sorted({*users, *runs})
        }

    def beat(self, name: str) -> None:
        """Note that the part `name` has just made progress."""
        with self.writing() as connection:
            now = self.clock_of(connection)
            new = insert_on(connection, beat).values(name=name, at=now)
            connection.execute(new.on_conflict_do_update(index_elements=["name"], set_={"at": now}))

    def beats(self) -> Mapping[str, datetime]:
        """When each part last made progress."""
        with self.reading() as connection:
            return {row.name: row.at for row in connection.execute(select(beat))}


def _due_users(connection: Connection, now: datetime) -> dict[str, tuple[int, int]]:
    found = {}
    abandoned = _abandoned(connection, now)
    for org, live, bulk in connection.execute(_due_by_org(now)):
        all_live = live + abandoned.get((org, Priority.LIVE), 0)
        all_bulk = bulk + abandoned.get((org, Priority.BULK), 0)
        if all_live or all_bulk:
            found[org] = (min(all_live, CAP), min(all_bulk, CAP))
    return found


def _due_by_org(now: datetime) -> Select[Any]:
    everyone = org_state.alias("everyone")
    is_all_paused = (
        select(everyone.c.org)
        .where(everyone.c.org == ALL_ORGS, everyone.c.paused_at.is_not(None))
        .exists()
    )
    return select(org_state.c.org, _count(Priority.LIVE, now), _count(Priority.BULK, now)).where(
        org_state.c.armed_fingerprint.is_not(None),
        org_state.c.paused_at.is_(None),
        or_(org_state.c.problem_until.is_(None), org_state.c.problem_until <= now),
        ~is_all_paused,
    )


def _count(priority: Priority, now: datetime) -> ScalarSelect[int]:
    due = (
        select(literal(1))
        .where(
            _row.org == org_state.c.org,
            _row.priority == priority,
            _row.lease_token.is_(None),
            _row.due_at <= now,
        )
        .limit(CAP)
        .correlate(org_state)
        .subquery()
    )
    return select(func.count()).select_from(due).scalar_subquery()


def _abandoned(connection: Connection, now: datetime) -> dict[tuple[str, Priority], int]:
    """Users under leases that ended: their next claim frees them."""
    query = (
        select(pending_lease.c.org, _row.priority, func.count())
        .join(pending_user, _row.lease_token == pending_lease.c.token)
        .where(pending_lease.c.lease_until <= now, _row.due_at <= now)
        .group_by(pending_lease.c.org, _row.priority)
    )
    return {(org, priority): count for org, priority, count in connection.execute(query)}


def _free_runs(connection: Connection, now: datetime) -> dict[str, list[int]]:
    is_begun = run.c.status.in_((RunStatus.RUNNING, RunStatus.APPLYING))
    is_dead = and_(is_begun, run.c.lease_until <= now)
    is_queued = and_(run.c.status == RunStatus.QUEUED, is_due(now))
    query = select(run.c.org, run.c.id).where(or_(is_queued, is_dead))
    found = defaultdict(list)
    for org, run_id in connection.execute(query.order_by(run.c.id)):
        found[org].append(run_id)
    return found
