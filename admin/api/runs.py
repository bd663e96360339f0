"""Runs: plans and reconciles, how far they are, and what they do to whom."""

from dataclasses import asdict
from typing import Annotated

from fastapi import APIRouter, Body, Query
from pydantic import Field

from admin import run_actions
from admin.access import SignedIn
from admin.actions import check_sight
from admin.api.caller import Caller, TheServices, TokenRoute, orgs_to_read
from admin.api.fields import LONGEST_LISTING, Mark, NumberPath, PageOf, Strict, Words
from admin.api.shapes import ItemShape, Page, RunDocument, RunShape, page
from admin.services import Services
from sync.model import License
from sync.ports.browse import Change, ItemQuery, Place, RunQuery
from sync.ports.runs import Run, RunKind, RunStatus
from sync.rows import of_item, of_run

router = APIRouter(prefix="/runs", tags=["runs"], route_class=TokenRoute)


class Filters(PageOf):
    """Which runs."""

    kind: list[RunKind] = Field([], max_length=10, description="Repeat it for several.")
    status: list[RunStatus] = Field([], max_length=10)


class Approval(Strict):
    """What of a plan is approved."""

    only_grants: bool = False


class ItemFilters(Strict):
    """Which users of a plan, and which page of them."""

    change: Change | None = None
    license: License | None = Field(None, description="One that is gained or lost.")
    search: Words = Field("", description="The beginning of a username, or an id.")
    after: Mark | None = Field(None, description="`following` of the page before this one.")
    limit: int = Field(50, ge=1, le=LONGEST_LISTING)


@router.get("", response_model=Page[RunShape])
def list_runs(
    services: TheServices, caller: Caller, filters: Annotated[Filters, Query()]
) -> object:
    """List runs, newest first."""
    query = RunQuery(
        orgs=orgs_to_read(caller, filters.org),
        kinds=tuple(filters.kind),
        statuses=tuple(filters.status),
    )
    listing = services.store.list_runs(query, Place(after=filters.after, limit=filters.limit))
    return page(listing, of_run)


@router.get("/{run_id}", response_model=RunDocument)
def show_run(services: TheServices, caller: Caller, run_id: NumberPath) -> object:
    """Show how far a run is, and what it does license by license."""
    run = _run(services, caller, run_id)
    totals = [asdict(total) for total in services.store.totals(run.id)]
    return of_run(run) | {"totals": totals}


@router.get("/{run_id}/items", response_model=Page[ItemShape])
def list_items(
    services: TheServices,
    caller: Caller,
    run_id: NumberPath,
    filters: Annotated[ItemFilters, Query()],
) -> object:
    """List what a plan would do to whom, by user id."""
    run = _run(services, caller, run_id)
    query = ItemQuery(run.id, filters.change, filters.license, filters.search)
    listing = services.store.list_items(query, Place(after=filters.after, limit=filters.limit))
    return page(listing, of_item)


@router.post("/{run_id}/approve", status_code=202, response_model=RunShape)
def approve_run(
    services: TheServices, caller: Caller, run_id: NumberPath, wanted: Annotated[Approval, Body()]
) -> object:
    """Let the workers carry out a finished plan: whole, or only what it grants."""
    run_id = _run(services, caller, run_id).id
    applying = run_actions.approve(services, caller, run_id, only_grants=wanted.only_grants)
    return of_run(services.store.run(applying))


@router.post("/{run_id}/stop", response_model=RunShape)
def stop_run(services: TheServices, caller: Caller, run_id: NumberPath) -> object:
    """Stop a run. Users that it noticed and nobody has begun with are parked."""
    run_id = _run(services, caller, run_id).id
    run_actions.stop_run(services, caller, run_id)
    return of_run(services.store.run(run_id))


@router.post("/{run_id}/undo", status_code=202, response_model=RunShape)
def undo_run(services: TheServices, caller: Caller, run_id: NumberPath) -> object:
    """Plan how to take a run back: nothing is written until that plan is approved."""
    run_id = _run(services, caller, run_id).id
    return of_run(services.store.run(run_actions.undo_run(services, caller, run_id)))


def _run(services: Services, caller: SignedIn, run_id: int) -> Run:
    run = services.store.run(run_id)
    check_sight(caller, run.org)
    return run
