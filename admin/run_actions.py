"""Starting, approving, stopping and undoing runs: recorded here, carried out by the worker."""

from collections.abc import Sequence
from datetime import datetime

from admin.access import SignedIn
from admin.actions import check_change
from admin.services import Services
from sync import commands
from sync.errors import SyncError
from sync.ports.brake import Scope
from sync.ports.browse import RunQuery
from sync.ports.runs import Run, RunKind, RunStatus


def start_run(
    services: Services, person: SignedIn, org: str, kind: RunKind, user_ids: Sequence[str] = ()
) -> int:
    """Queue a run over the org, or some users; its id. NotAllowed where it cannot work."""
    check_change(person, org)
    made = services.runtime.org(org)
    return commands.start_run(services.store, made, kind, person.username, user_ids)


def approvable(services: Services, run: Run) -> bool:
    """Whether this is the newest plan of its kind, and a person may approve it now."""
    if run.status is not RunStatus.DONE or run.user_ids or run.applied_at is not None:
        return False
    fingerprint = _fingerprint(services, run.org)
    if fingerprint is None or run.kind is RunKind.RECONCILE:
        return False
    newest = services.store.latest_run(run.org, run.kind, fingerprint)
    return newest is not None and newest.id == run.id


def approve(services: Services, person: SignedIn, run_id: int, *, only_grants: bool = False) -> int:
    """Approve a plan; the run that carries it out. NotAllowed.

    Adoptions and undoings are approved as a whole: those of an org can be by their grants alone.
    """
    run, store = services.store.run(run_id), services.store
    check_change(person, run.org)
    org = services.runtime.org(run.org)
    if run.kind is RunKind.PLAN:
        scope = Scope.GRANTS if only_grants else Scope.ALL
        return commands.approve_plan(store, org, run_id, person.username, scope)
    commands.approve_run(store, org, run_id, person.username)
    return run_id


def undo_run(services: Services, person: SignedIn, run_id: int) -> int:
    """Queue the plan that takes a run back; its id. NotAllowed."""
    run = services.store.run(run_id)
    check_change(person, run.org)
    org = services.runtime.org(run.org)
    return commands.start_undo(services.store, org, person.username, run_id=run_id)


def undo_stretch(
    services: Services, person: SignedIn, org: str, since: datetime, until: datetime | None
) -> int:
    """Queue the plan that takes back a stretch of an org's history; its id. NotAllowed."""
    check_change(person, org)
    made = services.runtime.org(org)
    return commands.start_undo(services.store, made, person.username, since=since, until=until)


def stop_run(services: Services, person: SignedIn, run_id: int) -> None:
    """Stop a run; NotAllowed if it has ended."""
    check_change(person, services.store.run(run_id).org)
    commands.stop_run(services.store, run_id, person.username)


def newest_plan(services: Services, org: str) -> Run | None:
    """The newest plan of the whole org under its present rules."""
    fingerprint = _fingerprint(services, org)
    if fingerprint is None:
        return None
    return services.store.latest_run(org, RunKind.PLAN, fingerprint)


def expected_users(services: Services, run: Run) -> int:
    """How many users a run will read, as far as the last ones tell."""
    if run.user_ids:
        return len(run.user_ids)
    done = RunQuery(orgs=frozenset({run.org}), statuses=(RunStatus.DONE,))
    rows = services.store.list_runs(done).rows
    return max((r.users_read for r in rows if not r.user_ids), default=run.users_read)


def _fingerprint(services: Services, org: str) -> str | None:
    """What the org's approval would be bound to; None if nobody answered yet, or cannot."""
    organization_id = services.store.state(org).organization_id
    if organization_id is None:
        return None
    try:
        return services.runtime.org(org).fingerprint_in(organization_id)
    except SyncError:
        return None
