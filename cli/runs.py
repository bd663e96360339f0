"""`license-sync runs`: plans and passes over an org, under way and past."""

from typing import Annotated

import typer

from cli.output import (
    age,
    counted,
    isoformat,
    moment,
    print_json,
    print_json_array,
    print_table,
    say,
)
from cli.plans import plan_json, show_plan
from cli.session import JsonFlag, OrgOption, an_org, person, runtime
from sync.commands import stop_run
from sync.ports.runs import Run, RunKind

app = typer.Typer(no_args_is_help=True, help=__doc__)

RunId = Annotated[int, typer.Argument(metavar="RUN")]


@app.command("list")
def list_(
    org: OrgOption = None,
    limit: Annotated[int, typer.Option(min=1, help="How many.")] = 20,
    json: JsonFlag = False,
) -> None:
    """List runs, newest first."""
    runs = runtime().store.newest_runs(an_org(org), limit)
    if json:
        print_json_array(run_json(run) for run in runs)
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


def run_json(run: Run) -> dict[str, object]:
    """A run as programs see it."""
    return {
        "run": run.id,
        "org": run.org,
        "kind": run.kind.value,
        "status": run.status.value,
        "started_by": run.started_by,
        "created_at": isoformat(run.created_at),
        "ended_at": isoformat(run.ended_at),
        "applied_by": run.applied_by,
        "applied_at": isoformat(run.applied_at),
        "users_read": run.users_read,
        "unsettled": run.unsettled,
        "removals": run.removals,
        "grants": run.grants,
        "error": run.error,
        "of_run": run.of_run,
    }


@app.command()
def show(run_id: RunId, json: JsonFlag = False) -> None:
    """Show a run; of a plan, what it would do."""
    run = runtime().store.run(run_id)
    if json:
        items = {} if run.kind is RunKind.RECONCILE else {"items": plan_json(run)["items"]}
        print_json(run_json(run) | items)
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
def stop(run_id: RunId) -> None:
    """Stop a run. Users that it noticed and nobody has begun with are parked, as stopped."""
    stop_run(runtime().store, run_id, person())
    say(f"Run {run_id} is stopped. Who waited for it is listed by `license-sync parked list`.")
