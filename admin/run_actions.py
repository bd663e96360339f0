"""Starting, approving, stopping and undoing runs: recorded here, carried out by the worker."""

from collections.abc import Sequence

from admin.access import SignedIn
from admin.actions import check_change
from admin.services import Services
from sync.errors import NotAllowed, SyncError
from sync.ports.browse import RunQuery
from sync.ports.runs import Run, RunKind, RunStatus


def start_run(
    services: Services, person: SignedIn, org: str, kind: RunKind, user_ids: Sequence[str] = ()
) -> int:
    """Queue a run over the org, or some users; its id. NotAllowed if nobody knows who answers."""
    check_change(person, org)
    fingerprint = _fingerprint(services, org)
    if fingerprint is None:
        raise NotAllowed(f"{org} has not answered yet: start a run once it has been polled.")
    return services.store.create_run(org, kind, fingerprint, person.username, user_ids)


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
