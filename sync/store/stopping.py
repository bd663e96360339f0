"""Runs that a person stops: nobody goes on with them, and whom they noticed is not forgotten."""

from datetime import datetime

from sqlalchemy import case, delete, exists, literal, select, update
from sqlalchemy.engine import Connection

from sync.errors import NotAllowed, UnknownReference
from sync.model import NONE
from sync.ports.pending import Priority
from sync.ports.runs import RunKind, RunStatus
from sync.store.brake_tables import approval, brake
from sync.store.columns import AnyRow, LicenseSet
from sync.store.database import Database, after
from sync.store.tables import pending_user, run

STOPPED = "stopped"
RESTS_SECONDS = 24 * 3600.0
"""How long users of a stopped run rest, unless an edit or a person says otherwise."""

_GOES_ON = (RunStatus.QUEUED, RunStatus.RUNNING, RunStatus.APPLYING)
_user = pending_user.c
_IS_RELEASED = exists().where(brake.c.id == _user.brake_id, brake.c.released_at.is_not(None))


class Stopping(Database):
    """The part of `RunStore` that ends a run early."""

    def stop_run(self, run_id: int, by: str) -> None:
        """Stop a run that has not ended, and park whom it noticed and nobody has begun with.

        A reconcile that has read all is over, but what it found may wait still: that stops too.
        What was approved with the run, or with the plan that it carries out, is so no more.
        """
        with self.writing() as connection:
            found = connection.execute(
                select(run).where(run.c.id == run_id).with_for_update()
            ).one_or_none()
            if found is None:
                raise UnknownReference(f"There is no run {run_id}.")
            now = self.clock_of(connection)
            parked = _park(connection, now, run_id, by)
            ended = _end_approval(connection, found)
            if found.status in _GOES_ON:
                values = {
                    "status": RunStatus.STOPPED,
                    "ended_at": now,
                    "error": f"Stopped by {by}.",
                }
                lease = {"lease_token": None, "lease_until": None, "due_at": None}
                connection.execute(update(run).where(run.c.id == run_id).values(**values, **lease))
            elif not parked and not ended:
                raise NotAllowed(
                    f"Run {run_id} is {found.status.value} and nobody waits for it: "
                    "there is nothing to stop."
                )


def _end_approval(connection: Connection, stopped: AnyRow) -> int:
    """Let nothing pass the brake for this run any more; whether something could."""
    run_ids = [stopped.id]
    if stopped.kind is RunKind.RECONCILE and stopped.of_run is not None:
        run_ids.append(stopped.of_run)
    approved = approval.c.org == stopped.org, approval.c.run_id.in_(run_ids)
    return connection.execute(delete(approval).where(*approved)).rowcount


def _park(connection: Connection, now: datetime, run_id: int, by: str) -> int:
    """Park users that wait because of this run alone; how many.

    Dropping them would leave them unsettled and unseen until the next pass over the org. What a
    released brake let go of theirs is not let go any more.
    """
    waiting = (
        select(_user.org, _user.user_id)
        .where(
            _user.run_id == run_id,
            _user.priority == Priority.BULK,
            _user.lease_token.is_(None),
            _user.parked_at.is_(None),
        )
        .order_by(_user.user_id)
        .with_for_update()
    )
    users = connection.execute(waiting).all()
    if not users:
        return 0
    reason = (
        f"{by} stopped run {run_id} before it came to this user: try again with "
        "`license-sync parked retry`, or edit the user."
    )
    parked = (
        update(pending_user)
        .where(_user.run_id == run_id, _user.priority == Priority.BULK)
        .where(_user.lease_token.is_(None), _user.parked_at.is_(None))
        .values(
            parked_at=now,
            due_at=after(now, RESTS_SECONDS),
            error_code=STOPPED,
            error_reason=reason,
            allowed=NONE,
            braked=case((_IS_RELEASED, literal(NONE, LicenseSet)), else_=_user.braked),
        )
    )
    return connection.execute(parked).rowcount
