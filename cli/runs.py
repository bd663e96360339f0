"""`license-sync runs`: plans and passes over an org, under way and past."""

from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import typer

from cli.output import (
    age,
    counted,
    moment,
    print_json,
    print_json_array,
    print_table,
    say,
)
from cli.plans import finished, plan_json, show_plan
from cli.session import JsonFlag, OrgOption, Yes, an_org, person, runtime, the_org
from sync import rows
from sync.commands import approve_plan, approve_run, start_undo, stop_run
from sync.errors import NotAllowed
from sync.ports.brake import Scope
from sync.ports.browse import Place, RunQuery
from sync.ports.runs import RunKind

app = typer.Typer(no_args_is_help=True, help=__doc__)

RunId = Annotated[int, typer.Argument(metavar="RUN")]
Moment = datetime | None
FORMATS = ["%Y-%m-%dT%H:%M:%SZ", "%Y-%m-%dT%H:%M:%S", "%Y-%m-%d"]


@app.command("list")
def list_(
    org: OrgOption = None,
    limit: Annotated[int, typer.Option(min=1, help="How many.")] = 20,
    json: JsonFlag = False,
) -> None:
    """List runs, newest first."""
    named = an_org(org)
    query = RunQuery(orgs=None if named is None else frozenset({named}))
    runs = runtime().store.list_runs(query, Place(limit=limit, counted=False)).rows
    if json:
        print_json_array(rows.of_run(run) for run in runs)
        return
    now = runtime().store.now()
    print_table(
        ("run", "org", "kind", "status", "by", "ago", "read", "unsettled", "removes", "grants"),
        (
            (
                str(run.id),
                run.org,
                run.kind.value,
                run.status.value,
                run.started_by,
                age(run.created_at, now),
                *map(str, (run.users_read, run.unsettled, run.removals, run.grants)),
            )
            for run in runs
        ),
        empty="No run yet: `license-sync orgs plan` makes one.",
    )


@app.command()
def show(run_id: RunId, json: JsonFlag = False) -> None:
    """Show a run; of a plan, what it would do."""
    run = runtime().store.run(run_id)
    if json:
        items = {} if run.kind is RunKind.RECONCILE else {"items": plan_json(run)["items"]}
        print_json(rows.of_run(run) | items)
        return
    say(f"Run {run.id} of {run.org}: {run.kind.value}, {run.status.value}. {run.error or ''}")
    say(f"Started by {run.started_by} at {moment(run.created_at)}; ended {moment(run.ended_at)}.")
    if run.applied_by:
        say(f"Approved by {run.applied_by}; applied {moment(run.applied_at)}.")
    if run.kind is RunKind.RECONCILE:
        say(f"{counted(run.users_read, 'user')} read, {run.unsettled} not settled.")
    else:
        show_plan(run, json=False, file=None)


@app.command()
def undo(
    run_id: Annotated[int | None, typer.Argument(metavar="[RUN]")] = None,
    since: Annotated[Moment, typer.Option(formats=FORMATS, help="From here on (UTC).")] = None,
    until: Annotated[Moment, typer.Option(formats=FORMATS, help="Up to here (UTC).")] = None,
    org: OrgOption = None,
    yes: Yes = False,
    file: Annotated[Path | None, typer.Option("--csv", help="Write the plan to this file.")] = None,
) -> None:
    """Take back a run, or what happened in a stretch of time: plan it, ask, and let workers do it.

    Users that were edited since are left out, and listed with the reason.
    """
    store = runtime().store
    chosen = runtime().org(the_org(org if run_id is None else store.run(run_id).org))
    problem = chosen.ready()
    if problem is not None:
        raise NotAllowed(problem)
    plan_id = start_undo(
        store, chosen, person(), run_id=run_id, since=_utc(since), until=_utc(until)
    )
    show_plan(finished(chosen, plan_id), json=False, file=file)
    if not yes:
        typer.confirm(f"Take that back in {chosen.name}?", abort=True)
    approve_run(store, chosen, plan_id, person())
    say(f"The workers take it back: `license-sync runs show {plan_id}` says what came of it.")


def _utc(time: datetime | None) -> datetime | None:
    return None if time is None else time.replace(tzinfo=UTC)


@app.command()
def approve(
    run_id: RunId,
    only_grants: Annotated[bool, typer.Option("--only-grants", help="Removals wait.")] = False,
) -> None:
    """Let the workers carry out a finished plan, an adoption's plan or an undo's."""
    store, by = runtime().store, person()
    run = store.run(run_id)
    chosen = runtime().org(the_org(run.org))
    if run.kind is RunKind.PLAN:
        scope = Scope.GRANTS if only_grants else Scope.ALL
        applying = approve_plan(store, chosen, run_id, by, scope)
        say(f"Approved: run {applying} applies it.")
        return
    if only_grants:
        raise typer.BadParameter("--only-grants is for plans of what the rules say.")
    approve_run(store, chosen, run_id, by)
    say(f"Approved: `license-sync runs show {run_id}` says what comes of it.")


@app.command()
def stop(run_id: RunId) -> None:
    """Stop a run. Users that it noticed and nobody has begun with are parked, as stopped."""
    stop_run(runtime().store, run_id, person())
    say(f"Run {run_id} is stopped. Who waited for it is listed by `license-sync parked list`.")
