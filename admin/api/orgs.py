"""Orgs: status, reconcile, pause, brake."""

from typing import Annotated

from fastapi import APIRouter, Body
from pydantic import Field

from admin import actions
from admin.api import commands
from admin.api.caller import Caller, TheServices, TokenRoute, org_to_change
from admin.api.fields import MOST_USERS, OrgPath, Strict, UserId
from admin.api.shapes import Count, Page, RunShape
from admin.api.standing_shapes import BrakeShape, OrgShape, StatusDocument
from config import standing
from sync.rows import of_brake, of_run

router = APIRouter(route_class=TokenRoute)


class Reconcile(Strict):
    """What to do: nobody named is the whole org; a plan writes nothing."""

    plan: bool = False
    user_ids: list[UserId] = Field([], max_length=MOST_USERS)


@router.get("/status", response_model=StatusDocument, tags=["orgs"])
def status(services: TheServices, caller: Caller) -> object:
    """Say what waits, how old it is, and whether anything is wrong."""
    return standing.status(services.runtime, caller.orgs)


@router.get("/orgs", response_model=Page[OrgShape], tags=["orgs"])
def list_orgs(services: TheServices, caller: Caller) -> object:
    """List the configured orgs: armed, observing or paused, and what is wrong."""
    names = [name for name in services.runtime.org_names if caller.sees(name)]
    return {"rows": list(standing.org_rows(services.runtime, names)), "total": len(names)}


@router.post("/orgs/{org}/reconcile", status_code=202, response_model=RunShape, tags=["runs"])
def reconcile(
    services: TheServices, caller: Caller, org: OrgPath, wanted: Annotated[Reconcile, Body()]
) -> object:
    """Start a reconcile, or a plan; GET /runs/{run_id} says how far it is."""
    org = org_to_change(services, caller, org)
    run = commands.start_run(services, caller, org, plan=wanted.plan, user_ids=wanted.user_ids)
    return of_run(run)


@router.post("/orgs/{org}/pause", response_model=OrgShape, tags=["orgs"])
def pause(services: TheServices, caller: Caller, org: OrgPath) -> object:
    """Stop writes to an org. Changes are still noticed, and wait."""
    org = org_to_change(services, caller, org)
    actions.pause(services.store, caller, org)
    return standing.org_row(services.runtime, org)


@router.post("/orgs/{org}/resume", response_model=OrgShape, tags=["orgs"])
def resume(services: TheServices, caller: Caller, org: OrgPath) -> object:
    """Let writes to an org go on."""
    org = org_to_change(services, caller, org)
    actions.resume(services.store, caller, org)
    return standing.org_row(services.runtime, org)


@router.get("/brakes", response_model=Page[BrakeShape], tags=["brakes"])
def list_brakes(services: TheServices, caller: Caller) -> object:
    """List brakes that hold removals until a person approves them."""
    held = [of_brake(one) for one in services.store.brakes() if caller.sees(one.org)]
    return {"rows": held, "total": len(held)}


@router.post("/brakes/{org}/release", status_code=202, response_model=Count, tags=["brakes"])
def release_brake(services: TheServices, caller: Caller, org: OrgPath) -> object:
    """Approve what a brake holds: the worker removes it."""
    org = org_to_change(services, caller, org)
    return {"users": actions.release_brake(services.store, caller, org)}
