"""Runs that a person stops: nobody goes on with them, and whom they noticed is not forgotten."""

from datetime import datetime

from sqlalchemy import select, update
from sqlalchemy.engine import Connection

from sync.errors import NotAllowed, UnknownReference
from sync.ports.pending import Priority
from sync.ports.runs import RunStatus
from sync.store.database import Database, after
from sync.store.tables import pending_user, run

STOPPED = "stopped"
RESTS_SECONDS = 24 * 3600.0
"""How long users of a stopped run rest, unless an edit or a person says otherwise."""

_GOES_ON = (RunStatus.QUEUED, RunStatus.RUNNING, RunStatus.APPLYING)
_user = pending_user.c


class Stopping(Database):
    """The part of `RunStore` that ends a run early."""

    def stop_run(self, run_id: int, by: str) -> None:
        """Stop a run that has not ended, and park whom it noticed and nobody has begun with.

        A reconcile that has read all is over, but what it found may wait still: that stops too.
        """
        with self.writing() as connection:
            found = connection.execute(
                select(run).where(run.c.id == run_id).with_for_update()
            ).one_or_none()
            if found is None:
                raise UnknownReference(f"There is no run {run_id}.")
            now = self.clock_of(connection)
            parked = _park(connection, now, run_id, by)
            if found.status in _GOES_ON:
                values = {
                    "status": RunStatus.STOPPED,
                    "ended_at": now,
                    "error": f"Stopped by {by}.",
                }
                lease = {"lease_token": None, "lease_until": None, "due_at": None}
                connection.execute(update(run).where(run.c.id == run_id).values(**values, **lease))
            elif not parked:
                raise NotAllowed(
                    f"Run {run_id} is {found.status.value} and nobody waits for it: "
                    "there is nothing to stop."
                )


def _park(connection: Connection, now: datetime, run_id: int, by: str) -> int:
    """Park users that wait because of this run alone; how many.

    Dropping them would leave them unsettled and unseen until the next pass over the org.
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
        )
    )
    return connection.execute(parked).rowcount
