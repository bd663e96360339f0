"""Runs: passes over an org, resumable at the last stored page."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, and_, case, func, insert, or_, select, update
from sqlalchemy.engine import Connection

from sync.errors import LeaseLost, UnknownReference
from sync.ports.history import HistoryOutcome, Intent
from sync.ports.pending import Notice
from sync.ports.runs import PlanItem, Run, RunKind, RunStatus
from sync.store.columns import AnyRow, is_row_id
from sync.store.database import Database, after, new_token
from sync.store.history import book_outcomes, insert_intents
from sync.store.notices import store_notices
from sync.store.org_state import is_paused, set_org
from sync.store.run_items import insert_items, plan_item, say_outcomes
from sync.store.tables import run, run_item

_row = run.c
RUN = (
    _row.id,
    _row.org,
    _row.kind,
    _row.status,
    _row.fingerprint,
    _row.started_by,
    _row.created_at,
    _row.ended_at,
    _row.user_ids,
    _row.after_id,
    _row.users_read,
    _row.unsettled,
    _row.removals,
    _row.grants,
    _row.unreadable,
    _row.tries,
    _row.error,
    _row.applied_by,
    _row.applied_at,
    _row.holders,
    _row.of_run,
    _row.since,
    _row.until,
)
_LOST = "The run took longer than its lease; another worker goes on from the stored place."
_PAUSED = "The org was paused: the run stops where it is."
_COUNTS = ("users_read", "unsettled", "removals", "grants", "unreadable", "tries")
_FREE = {"lease_token": None, "lease_until": None}


class Runs(Database):
    """Implements `RunStore`."""

    def create_run(
        self,
        org: str,
        kind: RunKind,
        fingerprint: str,
        by: str,
        user_ids: Sequence[str] = (),
        *,
        of_run: int | None = None,
        since: datetime | None = None,
        until: datetime | None = None,
    ) -> int:
        """Queue a run; its id. The last three say what an undo takes back."""
        more = {"of_run": of_run, "since": since, "until": until}
        with self.writing() as connection:
            now = self.clock_of(connection)
            return insert_run(connection, now, org, kind, fingerprint, by, user_ids, **more)

    def take_run(self, run_id: int, lease_seconds: float) -> tuple[Run, str] | None:
        """Lease a due run, or a running one whose lease ended; None if it is not to be had."""
        token = new_token()
        with self.writing() as connection:
            now = self.clock_of(connection)
            free = _is_free(RunStatus.QUEUED, RunStatus.RUNNING, now)
            lease = {"lease_token": token, "lease_until": after(now, lease_seconds)}
            taken = (
                update(run)
                .where(_row.id == run_id, free, is_due(now))
                .values(status=RunStatus.RUNNING, tries=_row.tries + 1, due_at=None, **lease)
            )
            row = connection.execute(taken.returning(*RUN)).one_or_none()
        return None if row is None else (run_from(row), token)

    def advance_run(
        self,
        run_id: int,
        token: str,
        after_id: str,
        users_read: int,
        items: Sequence[PlanItem],
        notices: Sequence[Notice],
        lease_seconds: float,
        holders: int = 0,
    ) -> None:
        """Store a page of a run in one transaction; LeaseLost when the lease ended.

        `users_read` is how many it has read in all, `holders` how many of the page hold something.
        """
        with self.writing() as connection:
            now, org = self._lock_run(connection, run_id, token)
            insert_items(connection, run_id, items)
            found = {item.user_id for item in items} | {n.user_id for n in notices}
            _set_run(
                connection,
                run_id,
                after_id=after_id,
                users_read=users_read,
                holders=func.coalesce(_row.holders, 0) + holders,
                unsettled=_row.unsettled + len(found),
                removals=_row.removals + sum(len(item.removed) for item in items),
                grants=_row.grants + sum(len(item.granted) for item in items),
                unreadable=_row.unreadable + sum(item.after is None for item in items),
                tries=0,
                lease_until=after(now, lease_seconds),
            )
            store_notices(self, connection, now, org, notices)

    def end_run(
        self, run_id: int, token: str, error: str | None = None, remark: str | None = None
    ) -> None:
        """Finish a run or its carrying out, as failed if there is an error; may LeaseLost."""
        with self.writing() as connection:
            now, org = self._lock_run(connection, run_id, token)
            ended = connection.execute(select(run).where(_row.id == run_id)).one()
            is_applied = ended.status is RunStatus.APPLYING
            status = RunStatus.FAILED if error else RunStatus.DONE
            at = {"applied_at" if is_applied else "ended_at": now}
            _set_run(connection, run_id, status=status, error=error or remark, **_FREE, **at)
            if ended.kind is RunKind.RECONCILE and ended.whole_org and not error:
                set_org(connection, org, last_reconcile_at=now)

    def requeue_run(self, run_id: int, token: str, reason: str | None, delay: float) -> None:
        """Give a run back where it stands, with why it failed if so; quietly nothing if lost."""
        held = (_row.id == run_id, _row.lease_token == token)
        with self.writing() as connection:
            due = after(self.clock_of(connection), delay)
            applying = _row.status == RunStatus.APPLYING
            values = {
                "status": case((applying, RunStatus.APPLYING), else_=RunStatus.QUEUED),
                "lease_until": case((applying, due), else_=None),
                "error": reason,
                "due_at": due,
                "lease_token": None,
            }
            connection.execute(update(run).where(*held).values(**values))

    def take_to_apply(self, run_id: int, by: str, lease_seconds: float) -> str | None:
        """Lease a finished plan to carry it out, or one whose applier died: the token."""
        token = new_token()
        with self.writing() as connection:
            now = self.clock_of(connection)
            free = _is_free(RunStatus.DONE, RunStatus.APPLYING, now)
            taken = connection.execute(
                update(run)
                .where(_row.id == run_id, _row.applied_at.is_(None), free)
                .values(
                    status=RunStatus.APPLYING,
                    applied_by=by,
                    after_id=case((_row.status == RunStatus.DONE, ""), else_=_row.after_id),
                    lease_token=token,
                    lease_until=after(now, lease_seconds),
                )
            )
        return token if taken.rowcount else None

    def intend(self, run_id: int, token: str, intents: Sequence[Intent]) -> list[int]:
        """Commit history rows for an adoption's writes, and return their ids in order."""
        with self.writing() as connection:
            now, org = self._lock_run(connection, run_id, token)
            if is_paused(connection, org):
                raise LeaseLost(_PAUSED)
            return insert_intents(self, connection, now, org, intents)

    def confirm(
        self,
        run_id: int,
        token: str,
        outcomes: Mapping[int, tuple[HistoryOutcome, str | None]],
        lease_seconds: float,
        said: Mapping[str, str] | None = None,
        after_id: str | None = None,
    ) -> None:
        """Book what became of an adoption's writes; LeaseLost when the lease ended."""
        place = {} if after_id is None else {"after_id": after_id}
        with self.writing() as connection:
            now, org = self._lock_run(connection, run_id, token)
            book_outcomes(connection, now, org, outcomes)
            say_outcomes(connection, run_id, said or {})
            _set_run(connection, run_id, lease_until=after(now, lease_seconds), **place)

    def run(self, run_id: int) -> Run:
        """One run; UnknownReference."""
        if not is_row_id(run_id):
            raise UnknownReference(f"There is no run {run_id}.")
        with self.reading() as connection:
            row = connection.execute(select(*RUN).where(_row.id == run_id)).one_or_none()
        if row is None:
            raise UnknownReference(f"There is no run {run_id}.")
        return run_from(row)

    def latest_run(self, org: str, kind: RunKind, fingerprint: str) -> Run | None:
        """The newest run of that kind under that fingerprint over the whole org."""
        query = (
            select(*RUN)
            .where(_row.org == org, _row.kind == kind, _row.fingerprint == fingerprint)
            .where(_row.whole_org)
            .order_by(_row.id.desc())
            .limit(1)
        )
        with self.reading() as connection:
            row = connection.execute(query).one_or_none()
        return None if row is None else run_from(row)

    def items(self, run_id: int, after_id: str = "", limit: int = 2000) -> list[PlanItem]:
        """Items of a run by user id."""
        query = (
            select(run_item)
            .where(run_item.c.run_id == run_id, run_item.c.user_id > after_id)
            .order_by(run_item.c.user_id)
            .limit(limit)
        )
        with self.reading() as connection:
            return [plan_item(row) for row in connection.execute(query)]

    def _lock_run(self, connection: Connection, run_id: int, token: str) -> tuple[datetime, str]:
        query = select(_row.lease_until, _row.org).where(
            _row.id == run_id, _row.lease_token == token
        )
        row = connection.execute(query.with_for_update()).one_or_none()
        now = self.clock_of(connection)
        if row is None or row.lease_until <= now:
            raise LeaseLost(_LOST)
        return now, row.org


def insert_run(
    connection: Connection,
    now: datetime,
    org: str,
    kind: RunKind,
    fingerprint: str,
    by: str,
    user_ids: Sequence[str] = (),
    **more: Any,
) -> int:
    """Queue a run; its id."""
    new = insert(run).values(
        org=org,
        kind=kind,
        status=RunStatus.QUEUED,
        fingerprint=fingerprint,
        started_by=by,
        created_at=now,
        user_ids=list(user_ids),
        whole_org=not user_ids,
        after_id="",
        **dict.fromkeys(_COUNTS, 0),
        **more,
    )
    return int(connection.execute(new.returning(_row.id)).scalar_one())


def _is_free(idle: RunStatus, busy: RunStatus, now: datetime) -> ColumnElement[bool]:
    return or_(_row.status == idle, and_(_row.status == busy, _row.lease_until <= now))


def is_due(now: datetime) -> ColumnElement[bool]:
    """Whether a run need not wait any more."""
    return or_(_row.due_at.is_(None), _row.due_at <= now)


def _set_run(connection: Connection, run_id: int, **values: Any) -> None:
    connection.execute(update(run).where(_row.id == run_id).values(**values))


def run_from(row: AnyRow) -> Run:
    """A run that was selected as `RUN`."""
    values = dict(row._mapping)
    return Run(**values | {"user_ids": tuple(values["user_ids"])})
