"""`license-sync orgs`: whether license-sync may write to an org, and what it would do there."""

from collections.abc import Iterable, Iterator
from datetime import datetime
from pathlib import Path
from typing import Annotated

import typer

from cli.adopting import adopt_org
from cli.brakes import brake_json
from cli.output import age, isoformat, moment, print_json_array, print_table, say
from cli.plans import make_plan, show_plan
from cli.session import JsonFlag, Yes, person, runtime, the_org
from sync.arming import Mode
from sync.commands import approve_plan
from sync.errors import SyncError
from sync.ports.brake import Scope
from sync.ports.orgs import OrgState
from sync.ports.runs import RunKind, RunStatus

app = typer.Typer(no_args_is_help=True, help=__doc__)

OrgName = Annotated[str | None, typer.Argument(metavar="ORG")]
CsvFile = Annotated[Path | None, typer.Option("--csv", help="Write the plan to this file.")]


@app.command("list")
def list_(json: JsonFlag = False) -> None:
    """List the configured orgs: armed, observing or paused, and what is wrong."""
    rows = org_rows()
    if json:
        print_json_array(rows)
        return
    listed = list(rows)
    now = runtime().store.now()
    print_table(
        ("org", "mode", "organization", "armed", "last poll", "last reconcile"),
        (_cells(row, now) for row in listed),
        empty="No org is configured: the README shows the four settings.",
    )
    say_what_is_wrong(listed)


def say_what_is_wrong(rows: Iterable[dict[str, object]]) -> None:
    """A sentence for each org that is in trouble or waits for a person."""
    for row in rows:
        brake = row["brake"]
        held = str(brake["sentence"]) if isinstance(brake, dict) else None
        for sentence in (held, row["problem"], row["run_problem"], row["waits_for"]):
            if sentence:
                say(f"{row['org']}: {str(sentence).removeprefix(str(row['org']) + ': ')}")


def _cells(row: dict[str, object], now: datetime) -> tuple[str, ...]:
    state = runtime().store.state(str(row["org"]))
    armed = f"by {state.armed_by}, {moment(state.armed_at)}" if state.armed_by else "–"
    return (
        state.org,
        str(row["mode"]),
        state.organization_id or "–",
        armed,
        age(state.last_poll_at, now),
        age(state.last_reconcile_at, now),
    )


def org_rows() -> Iterator[dict[str, object]]:
    """The configured orgs as programs see them; no network."""
    brakes = {brake.org: brake for brake in runtime().store.brakes()}
    for name in runtime().org_names:
        state = runtime().store.state(name)
        mode, problem = _mode(name, state)
        yield {
            "org": name,
            "mode": "unusable" if mode is None else mode.value,
            "organization_id": state.organization_id,
            "armed_by": state.armed_by,
            "armed_at": isoformat(state.armed_at),
            "paused_by": state.paused_by,
            "paused_at": isoformat(state.paused_at),
            "last_poll_at": isoformat(state.last_poll_at),
            "last_reconcile_at": isoformat(state.last_reconcile_at),
            "api_used": state.api_used,
            "api_allowed": state.api_allowed,
            "problem": problem or state.problem,
            "run_problem": _run_problem(state),
            "waits_for": "" if mode is None else waits_for(name, mode),
            "brake": brake_json(brakes[name]) if name in brakes else None,
        }


def _mode(name: str, state: OrgState) -> tuple[Mode | None, str | None]:
    """The org's mode, or why its settings cannot be used: that is no other org's trouble."""
    try:
        return runtime().org(name).mode(state), None
    except SyncError as error:
        return None, str(error)


def _run_problem(state: OrgState) -> str | None:
    """Why the last reconcile of the whole org failed, or waits to be tried again."""
    if state.armed_fingerprint is None:
        return None
    run = runtime().store.latest_run(state.org, RunKind.RECONCILE, state.armed_fingerprint)
    if run is None or run.error is None or run.status is RunStatus.RUNNING:
        return None
    what = "failed" if run.status is RunStatus.FAILED else "waits"
    return f"reconcile {run.id} {what}: {run.error}"


def waits_for(name: str, mode: Mode) -> str:
    """Why an org in this mode is not written to, and what ends that; empty if it is."""
    match mode:
        case Mode.OBSERVING:
            return (
                "observed: nothing is written until a person approves: look at `license-sync orgs "
                f"plan {name}`, then `orgs approve {name}` or `orgs adopt {name}`."
            )
        case Mode.PAUSED:
            return f"paused: nothing is written until `license-sync orgs resume` (or `… {name}`)."
        case Mode.ARMED:
            return ""


@app.command()
def plan(name: OrgName = None, file: CsvFile = None, json: JsonFlag = False) -> None:
    """Read every user and say who would gain or lose what. Writes nothing."""
    org = runtime().org(the_org(name))
    show_plan(make_plan(org, RunKind.PLAN, person()), json=json, file=file)


@app.command()
def approve(
    name: OrgName = None,
    yes: Yes = False,
    file: CsvFile = None,
    only_grants: Annotated[
        bool, typer.Option("--only-grants", help="Hold every removal until it is approved too.")
    ] = False,
) -> None:
    """Plan once more, show who would lose what, and after a yes let license-sync write.

    With --only-grants what is granted is carried out, and what is removed waits under the brake.
    """
    org = runtime().org(the_org(name))
    plan = make_plan(org, RunKind.PLAN, person())
    show_plan(plan, json=False, file=file)
    if not yes:
        what = "only the grants" if only_grants else "it all"
        typer.confirm(f"Approve {what} for {org.name}?", abort=True)
    scope = Scope.GRANTS if only_grants else Scope.ALL
    organization_id = org.gateway.organization_id()
    approve_plan(runtime().store, org, plan.id, person(), scope, organization_id)
    say(f"{org.name} is armed: workers start within seconds.")
    if only_grants:
        say(f"Removals wait: `license-sync brake show {org.name}`, then `brake release`.")


@app.command()
def adopt(name: OrgName = None, yes: Yes = False, file: CsvFile = None) -> None:
    """Take over what users hold as what they request, so that nobody loses anything; then arm."""
    adopt_org(runtime().org(the_org(name)), yes=yes, file=file)


@app.command()
def pause(name: OrgName = None) -> None:
    """Stop all writes to an org (to all orgs if none is named) within five seconds."""
    org = None if name is None else the_org(name)
    runtime().store.pause(org, person())
    say(f"{org or 'Every org'} is paused. Changes are still noticed, and wait.")


@app.command()
def resume(name: OrgName = None) -> None:
    """Let writes go on in an org (all if none is named), and try one in trouble at once."""
    org = None if name is None else the_org(name)
    runtime().store.resume(org, person())
    say(f"{org or 'Every org'} goes on.")
    rest = runtime().org_names if org is None else [org]
    for still in rest:
        state = runtime().store.state(still)
        if state.paused_at is not None:
            mend = f"orgs resume {still}" if org is None else "orgs resume"
            say(f"But {still} was paused otherwise too: `license-sync {mend}` ends that.")
