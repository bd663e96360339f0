"""What people start, approve, stop and undo: recorded here, and carried out by the workers.

The command line and the review page both come through here. Nothing here talks to Salesforce:
under which rules something is asked for is told from what the store knows of the org.
"""

from collections.abc import Sequence
from datetime import datetime
from typing import Protocol

from sync.arming import Mode
from sync.errors import NotAllowed
from sync.org import Org
from sync.ports.brake import BrakeStore, Scope
from sync.ports.orgs import OrgStore
from sync.ports.runs import RunKind, RunStore


class CommandStore(BrakeStore, OrgStore, RunStore, Protocol):
    """All that these commands need of the store."""


def start_run(
    store: CommandStore, org: Org, kind: RunKind, by: str, user_ids: Sequence[str] = ()
) -> int:
    """Queue a plan, a reconcile or an adoption's plan; its id. NotAllowed where it cannot work."""
    state = store.state(org.name)
    fingerprint = _fingerprint(store, org)
    mode = org.mode(state)
    if kind is RunKind.UNDO:
        raise NotAllowed("An undo says what it takes back: a run, or a stretch of time.")
    if kind is RunKind.ADOPT and mode is Mode.ARMED:
        raise NotAllowed(f"{org.name} is armed already: there is nothing to adopt.")
    if kind is RunKind.RECONCILE:
        _require_armed(org.name, mode)
    return store.create_run(org.name, kind, fingerprint, by, user_ids)


def approve_plan(
    store: CommandStore,
    org: Org,
    run_id: int,
    by: str,
    scope: Scope,
    organization_id: str | None = None,
) -> int:
    """Approve the org's newest plan, whole or its grants alone; the run that applies it.

    NotAllowed unless it is finished, over the whole org, and made under today's rules. Who has
    asked Salesforce names the organization that is approved; else it is the one that is known.
    """
    organization_id = organization_id or _organization(store, org)
    fingerprint = org.fingerprint_in(organization_id)
    newest = store.latest_run(org.name, RunKind.PLAN, fingerprint)
    plan = store.run(run_id)
    if plan.org != org.name:
        raise NotAllowed(f"Run {run_id} is not of {org.name}.")
    if plan.user_ids:
        raise NotAllowed(f"Plan {run_id} is of some users only: make one of the whole org.")
    if plan.kind is RunKind.PLAN and plan.fingerprint != fingerprint:
        raise NotAllowed(
            f"Plan {run_id} was made under other rules, features or fields: make a new one."
        )
    if newest is not None and plan.kind is RunKind.PLAN and newest.id != run_id:
        raise NotAllowed(f"Plan {newest.id} is newer than plan {run_id}: look at that one.")
    reason = f"{by} approved only what plan {run_id} grants."
    return store.approve_plan(run_id, organization_id, by, scope, reason)


def start_undo(
    store: CommandStore,
    org: Org,
    by: str,
    *,
    run_id: int | None = None,
    since: datetime | None = None,
    until: datetime | None = None,
) -> int:
    """Queue the plan that takes back a run, or what happened in a stretch of time; its id.

    Without `until` the stretch goes to now. The plan is carried out once `approve_run` says so.
    """
    fingerprint = _fingerprint(store, org)
    _require_armed(org.name, org.mode(store.state(org.name)))
    if (run_id is None) == (since is None):
        raise NotAllowed("An undo takes back either a run, or a stretch that begins somewhere.")
    if since is not None and until is not None and until <= since:
        raise NotAllowed("The stretch to take back ends before it begins.")
    if run_id is not None and store.run(run_id).org != org.name:
        raise NotAllowed(f"Run {run_id} is not of {org.name}.")
    return store.create_run(
        org.name, RunKind.UNDO, fingerprint, by, of_run=run_id, since=since, until=until
    )


def approve_run(store: CommandStore, org: Org, run_id: int, by: str) -> None:
    """Let the workers carry out the finished plan of an adoption or an undo.

    NotAllowed if it was made under other rules, or is not the newest of its kind.
    """
    fingerprint, mode = _fingerprint(store, org), org.mode(store.state(org.name))
    plan = store.run(run_id)
    if plan.org != org.name or plan.fingerprint != fingerprint:
        raise NotAllowed(
            f"Plan {run_id} was made for another org or under other rules: make a new one."
        )
    if plan.kind is RunKind.ADOPT and mode is Mode.ARMED:
        raise NotAllowed(f"{org.name} is armed already: there is nothing to adopt.")
    if plan.kind is RunKind.UNDO:
        _require_armed(org.name, mode)
    newest = store.latest_run(org.name, plan.kind, fingerprint)
    if newest is not None and newest.id != run_id:
        raise NotAllowed(f"Plan {newest.id} is newer than plan {run_id}: look at that one.")
    store.approve_run(run_id, by)


def stop_run(store: CommandStore, run_id: int, by: str) -> None:
    """Stop a run; NotAllowed if it has ended. Whom it noticed waits, parked as stopped."""
    store.stop_run(run_id, by)


def _organization(store: CommandStore, org: Org) -> str:
    known = store.state(org.name).organization_id
    if known is None:
        raise NotAllowed(
            f"{org.name} has not answered yet, so nobody knows which organization it is: "
            "start the workers, and look at `license-sync status`."
        )
    return known


def _fingerprint(store: CommandStore, org: Org) -> str:
    return org.fingerprint_in(_organization(store, org))


def _require_armed(name: str, mode: Mode) -> None:
    if mode is Mode.OBSERVING:
        raise NotAllowed(
            f"{name} is observed only, nothing may be written: look at "
            f"`license-sync orgs plan {name}`, then approve or adopt."
        )
    if mode is Mode.PAUSED:
        raise NotAllowed(f"{name} is paused: `license-sync orgs resume {name}` first.")
