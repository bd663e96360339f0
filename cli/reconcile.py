"""`license-sync reconcile`: bring an org, or some of its users, to what the rules say, now."""

import time
from pathlib import Path
from typing import Annotated

import typer
from rich.progress import Progress as Bar

from cli.output import console, counted, print_json, say
from cli.plans import make_plan, show_plan
from cli.session import JsonFlag, OrgOption, person, runtime, the_org
from cli.status import anybody_works
from cli.users import user_ids
from sync.arming import Mode
from sync.errors import NotAllowed
from sync.org import Org
from sync.ports.runs import RunKind

WAIT_SECONDS = 0.5
PATIENCE_SECONDS = 15.0
"""How long nobody needs to have shown itself: workers may be starting just now."""


def reconcile(
    org: OrgOption = None,
    users: Annotated[
        list[str] | None, typer.Option("--user", help="Only this user: id or username.")
    ] = None,
    plan: Annotated[
        bool, typer.Option("--plan", help="Say what would be done; write nothing.")
    ] = False,
    file: Annotated[Path | None, typer.Option("--csv", help="Write the plan to this file.")] = None,
    wait: Annotated[bool, typer.Option("--wait", help="Until what was found is settled.")] = False,
    json: JsonFlag = False,
) -> None:
    """Read every user (or those named) and hand what is not settled to the workers."""
    if file is not None and not plan:
        raise typer.BadParameter("--csv writes a plan: say --plan as well.")
    if wait and plan:
        raise typer.BadParameter("--wait has nothing to wait for: --plan writes nothing.")
    chosen = runtime().org(the_org(org))
    ids = user_ids(chosen, users or ())
    if plan:
        show_plan(make_plan(chosen, RunKind.PLAN, person(), ids), json=json, file=file)
        return
    _check_armed(chosen)
    run = make_plan(chosen, RunKind.RECONCILE, person(), ids)
    if wait:
        _drain(chosen)
    figures = runtime().store.figures().get(chosen.name)
    summary = {
        "org": chosen.name,
        "run": run.id,
        "users_read": run.users_read,
        "unsettled": run.unsettled,
        "pending": figures.pending if figures else 0,
        "parked": figures.parked if figures else 0,
    }
    if json:
        print_json(summary)
        return
    say(
        f"{counted(run.users_read, 'user')} read, {run.unsettled} were not settled; "
        f"{summary['pending']} wait for the workers, {summary['parked']} are parked."
    )


def _check_armed(org: Org) -> None:
    mode = org.mode(runtime().store.state(org.name))
    if mode is Mode.OBSERVING:
        raise NotAllowed(
            f"{org.name} is observed only, nothing may be written: look at "
            f"`license-sync orgs plan {org.name}`, then approve or adopt."
        )
    if mode is Mode.PAUSED:
        raise NotAllowed(f"{org.name} is paused: `license-sync orgs resume {org.name}` first.")


def _drain(org: Org) -> None:
    """Wait until nothing of the org is pending; NotAllowed when nobody works on it."""
    started = time.monotonic()
    with Bar(console=console, disable=not console.is_terminal, transient=True) as bar:
        figures = runtime().store.figures().get(org.name)
        total = figures.pending if figures else 0
        task = bar.add_task(f"settling {org.name}", total=total)
        while figures is not None and figures.pending:
            bar.update(task, completed=total - figures.pending)
            _check_armed(org)
            if time.monotonic() - started > PATIENCE_SECONDS and not anybody_works():
                raise NotAllowed(
                    f"No worker gives a sign of life, and {counted(figures.pending, 'user')} "
                    "wait: start `license-sync up`, or worker and beat."
                )
            time.sleep(WAIT_SECONDS)
            figures = runtime().store.figures().get(org.name)
