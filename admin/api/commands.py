"""What the API asks of runs and brakes: the one place to change when how that is done changes."""

from collections.abc import Sequence

from admin import run_actions
from admin.access import SignedIn
from admin.actions import check_change
from admin.services import Services
from sync.arming import Mode
from sync.errors import NotAllowed, UnknownReference
from sync.ports.runs import Run, RunKind


def start_run(
    services: Services, person: SignedIn, org: str, *, plan: bool, user_ids: Sequence[str]
) -> Run:
    """Queue a plan or a reconcile; NotAllowed where nothing may be written anyhow."""
    check_change(person, org)
    if not plan:
        _require_armed(services, org)
    ids = _known(services, org, user_ids)
    kind = RunKind.PLAN if plan else RunKind.RECONCILE
    return services.store.run(run_actions.start_run(services, person, org, kind, ids))


def release_brake(services: Services, person: SignedIn, org: str) -> int:
    """Approve what the org's brake holds; how many users."""
    check_change(person, org)
    return services.store.release_brake(org, person.username)


def _require_armed(services: Services, org: str) -> None:
    view = services.org(org)
    if view.mode is None:
        raise NotAllowed(f"The settings of {org} cannot be used: {view.problem}")
    if view.mode is Mode.OBSERVING:
        raise NotAllowed(f"{org} is observed only: make a plan, look at it, and approve it first.")
    if view.mode is Mode.PAUSED:
        raise NotAllowed(f"{org} is paused: POST /api/orgs/{org}/resume first.")


def _known(services: Services, org: str, user_ids: Sequence[str]) -> list[str]:
    """The users, each once; UnknownReference for who was never seen."""
    ids = list(dict.fromkeys(user_ids))
    known = services.store.names_of([(org, user_id) for user_id in ids])
    missing = [user_id for user_id in ids if (org, user_id) not in known]
    if missing:
        raise UnknownReference(
            f"{org} has no users that license-sync has seen as {', '.join(missing[:5])}."
        )
    return ids
