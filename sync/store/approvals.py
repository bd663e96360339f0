"""Plans that people approve: the org is armed, and what the plan removes is no surprise."""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import select, update
from sqlalchemy.engine import Connection

from sync.errors import NotAllowed, UnknownReference
from sync.ports.brake import Scope
from sync.ports.runs import RunKind, RunStatus
from sync.store.brake import make_due, pull
from sync.store.brake_tables import IS_BRAKED, approval
from sync.store.columns import AnyRow
from sync.store.database import Database, insert_on
from sync.store.org_state import lock_org, set_org
from sync.store.runs import insert_run
from sync.store.tables import pending_user, run


class Approvals(Database):
    """The part of `BrakeStore` that is about plans."""

    def approve_plan(
        self, run_id: int, organization_id: str, by: str, scope: Scope, reason: str
    ) -> int:
        """Arm the org under a plan's fingerprint, and queue the reconcile that applies it.

        The reconcile's run. Of grants alone, the brake holds from the start, for `reason`, and
        what was approved before ends.
        """
        with self.writing() as connection:
            plan = _lock_plan(connection, run_id, (RunKind.PLAN,))
            if scope is Scope.ALL:
                braked = select(pending_user.c.org, pending_user.c.user_id)
                braked = braked.where(pending_user.c.org == plan.org, IS_BRAKED)
                make_due(self, connection, self.clock_of(connection), braked, by)
            else:
                pull(self, connection, plan.org, by, reason)
            lock_org(connection, plan.org)
            now = self.clock_of(connection)
            set_org(
                connection,
                plan.org,
                organization_id=organization_id,
                armed_fingerprint=plan.fingerprint,
                armed_by=by,
                armed_at=now,
                problem=None,
                problem_until=None,
            )
            approved = {"applied_by": by, "applied_at": now}
            connection.execute(update(run).where(run.c.id == run_id).values(**approved))
            if scope is Scope.ALL:
                remember_approval(connection, now, plan.org, plan.kind, run_id, by)
            return insert_run(
                connection, now, plan.org, RunKind.RECONCILE, plan.fingerprint, by, of_run=run_id
            )

    def approve_run(self, run_id: int, by: str) -> None:
        """Let the workers carry out a finished plan of an adoption or an undo.

        What the rules remove because of an undo was seen when it was approved.
        """
        with self.writing() as connection:
            plan = _lock_plan(connection, run_id, (RunKind.ADOPT, RunKind.UNDO))
            lock_org(connection, plan.org)
            now = self.clock_of(connection)
            remember_approval(connection, now, plan.org, plan.kind, run_id, by)
            begun = {"status": RunStatus.APPLYING, "after_id": "", "lease_until": now}
            connection.execute(update(run).where(run.c.id == run_id).values(applied_by=by, **begun))


def _lock_plan(connection: Connection, run_id: int, kinds: Sequence[RunKind]) -> AnyRow:
    """A plan that waits for approval, which it has now; NotAllowed."""
    plan = connection.execute(select(run).where(run.c.id == run_id).with_for_update()).one_or_none()
    if plan is None:
        raise UnknownReference(f"There is no run {run_id}.")
    if plan.kind not in kinds:
        raise NotAllowed(f"Run {run_id} is no plan for that: it is of the kind {plan.kind.value}.")
    if plan.status is not RunStatus.DONE:
        raise NotAllowed(f"Plan {run_id} is {plan.status.value}: only a finished one can be used.")
    if plan.applied_by is not None:
        raise NotAllowed(f"{plan.applied_by} approved plan {run_id} already: make a new one.")
    return plan


def remember_approval(
    connection: Connection, now: datetime, org: str, kind: RunKind, run_id: int, by: str
) -> None:
    """Let what a plan removes pass the brake, in the place of the last one of its kind."""
    values = {"run_id": run_id, "by": by, "at": now}
    new = insert_on(connection, approval).values(org=org, kind=kind, **values)
    connection.execute(new.on_conflict_do_update(index_elements=["org", "kind"], set_=values))
