"""Users as they were last seen: what they ask, have and should have, and why."""

from typing import Annotated

from fastapi import APIRouter, Query
from pydantic import Field

from admin import actions
from admin.api.caller import Caller, TheServices, TokenRoute, org_to_change, orgs_to_read
from admin.api.fields import OrgPath, PageOf, UserPath, Words
from admin.api.shapes import Page, UserDocument, UserShape, WaitingShape, page
from admin.services import Services
from sync.errors import UnknownReference
from sync.phrases import isoformat
from sync.ports.browse import Place, UserQuery
from sync.ports.review import WaitingUser
from sync.rows import of_explanation, of_user

router = APIRouter(prefix="/users", tags=["users"], route_class=TokenRoute)


class Filters(PageOf):
    """Which users."""

    search: Words = Field("", description="The beginning of a username or a name, or an id.")


@router.get("", response_model=Page[UserShape])
def find_users(
    services: TheServices, caller: Caller, filters: Annotated[Filters, Query()]
) -> object:
    """Find users by the beginning of their username or name, or by id."""
    query = UserQuery(orgs=orgs_to_read(caller, filters.org), search=filters.search)
    listing = services.store.list_users(query, Place(after=filters.after, limit=filters.limit))
    return page(listing, of_user)


@router.get("/{org}/{user_id}", response_model=UserDocument)
def explain_user(services: TheServices, caller: Caller, org: OrgPath, user_id: UserPath) -> object:
    """Say what a record asks and has, what it should have, and why, license by license.

    It is explained as it was last seen: `looked_at` says when. Nothing is read for it.
    """
    actions.check_sight(caller, org)
    known = services.store.known_user(org, user_id)
    if known is None:
        raise UnknownReference(
            f"{org} has no user {user_id} that license-sync has seen: the next poll sees a new "
            "one, the next reconcile an old one."
        )
    return of_user(known) | {
        "explained": _explained(services, org, user_id),
        "waiting": waiting_row(services.store.waiting(org, user_id)),
    }


@router.post("/{org}/{user_id}/reconcile", status_code=202, response_model=WaitingShape | None)
def reconcile_user(
    services: TheServices, caller: Caller, org: OrgPath, user_id: UserPath
) -> object:
    """Have the worker read this user now, and write what differs."""
    org = org_to_change(services, caller, org)
    return waiting_row(actions.reconcile_user(services.store, caller, org, user_id))


def waiting_row(waiting: WaitingUser | None) -> dict[str, object] | None:
    """A user that waits."""
    if waiting is None:
        return None
    return {
        "cause": waiting.cause.value,
        "noticed_at": isoformat(waiting.noticed_at),
        "due_at": isoformat(waiting.due_at),
        "attempts": waiting.attempts,
        "leased": waiting.leased,
        "parked": waiting.parked,
        "error": waiting.error,
    }


def _explained(services: Services, org: str, user_id: str) -> dict[str, object] | None:
    made = actions.explained(services, org, user_id)
    if made is None:
        return None
    document = of_explanation(made.explanation)
    licenses = [
        {
            "license": row.license.value,
            "requested": row.requested,
            "held": row.held,
            "should": row.should,
            "why": row.why,
        }
        for row in made.explanation.rows
    ]
    return document | {"licenses": licenses}
