"""Starting runs for programs: they name users, whom nobody has picked from a list of ours."""

from collections.abc import Sequence

from admin import run_actions
from admin.access import SignedIn
from admin.actions import check_change
from admin.services import Services
from sync.errors import UnknownReference
from sync.ports.runs import Run, RunKind

NAMED = 5
"""Users that a sentence names."""


def start_run(
    services: Services, person: SignedIn, org: str, *, plan: bool, user_ids: Sequence[str]
) -> Run:
    """Queue a plan or a reconcile; NotAllowed where it cannot work, UnknownReference."""
    check_change(person, org)
    ids = _known(services, org, user_ids)
    kind = RunKind.PLAN if plan else RunKind.RECONCILE
    return services.store.run(run_actions.start_run(services, person, org, kind, ids))


def _known(services: Services, org: str, user_ids: Sequence[str]) -> list[str]:
    """The users, each once; UnknownReference for who was never seen."""
    ids = list(dict.fromkeys(user_ids))
    known = services.store.names_of([(org, user_id) for user_id in ids])
    missing = [user_id for user_id in ids if (org, user_id) not in known]
    if missing:
        some = ", ".join(missing[:NAMED])
        raise UnknownReference(f"{org} has no users that license-sync has seen as {some}.")
    return ids
