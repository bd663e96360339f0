"""Parked users with the reason, and the append-only history."""

from typing import Annotated

from fastapi import APIRouter, Body, Query
from pydantic import Field

from admin import actions
from admin.api.caller import Caller, TheServices, TokenRoute, org_to_change, orgs_to_read
from admin.api.fields import (
    MOST_USERS,
    Moment,
    Org,
    PageOf,
    RecordNumber,
    Strict,
    UserId,
    Words,
)
from admin.api.shapes import Count, HistoryShape, Page, ParkedShape, page
from sync.model import License
from sync.ports.browse import HistoryQuery, ParkedQuery, Place
from sync.ports.history import HistoryOutcome
from sync.ports.pending import Cause
from sync.rows import of_history, of_parked

router = APIRouter(route_class=TokenRoute)


class ParkedFilters(PageOf):
    """Which parked users."""

    code: Words | None = None
    search: Words = Field("", description="The beginning of a username or a name, or an id.")


class Retry(Strict):
    """Whom to try again. Nobody named: all of the org but those held back."""

    org: Org
    user_ids: list[UserId] = Field([], max_length=MOST_USERS)


class HistoryFilters(PageOf):
    """Which writes."""

    user_id: UserId | None = None
    search: Words = Field("", description="The beginning of a username or a name, or an id.")
    cause: list[Cause] = Field([], max_length=20, description="Repeat it for several.")
    actor: Words | None = Field(None, description="Who did it, as the history has it.")
    license: License | None = Field(None, description="One that was given or taken.")
    outcome: list[HistoryOutcome] = Field([], max_length=10)
    run_id: RecordNumber | None = None
    since: Moment | None = None
    until: Moment | None = None


@router.get("/parked", response_model=Page[ParkedShape], tags=["parked"])
def list_parked(
    services: TheServices, caller: Caller, filters: Annotated[ParkedFilters, Query()]
) -> object:
    """List parked users with the reason and the mend, those that wait longest first."""
    query = ParkedQuery(
        orgs=orgs_to_read(caller, filters.org), code=filters.code, search=filters.search
    )
    listing = services.store.list_parked(query, Place(after=filters.after, limit=filters.limit))
    return page(listing, of_parked)


@router.post("/parked/retry", status_code=202, response_model=Count, tags=["parked"])
def retry_parked(services: TheServices, caller: Caller, retry: Annotated[Retry, Body()]) -> object:
    """Try parked users again now.

    Who is named and parked because an adoption holds something back loses that: the rules decide,
    and may remove it.
    """
    org = org_to_change(services, caller, retry.org)
    return {"users": actions.retry_parked(services.store, caller, org, retry.user_ids)}


@router.get("/history", response_model=Page[HistoryShape], tags=["history"])
def list_history(
    services: TheServices, caller: Caller, filters: Annotated[HistoryFilters, Query()]
) -> object:
    """List what was written to whom, by whose doing and why; newest first."""
    query = HistoryQuery(
        orgs=orgs_to_read(caller, filters.org),
        user_id=filters.user_id,
        search=filters.search,
        causes=tuple(filters.cause),
        actor=filters.actor,
        license=filters.license,
        outcomes=tuple(filters.outcome),
        run_id=filters.run_id,
        since=filters.since,
        until=filters.until,
    )
    listing = services.store.list_history(query, Place(after=filters.after, limit=filters.limit))
    return page(listing, of_history)
