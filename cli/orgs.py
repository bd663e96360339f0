"""`license-sync orgs`: whether license-sync may write to an org, and what it would do there."""

from collections.abc import Iterable, Iterator
from datetime import datetime
from pathlib import Path
from typing import Annotated

import typer

from cli.adopting import adopt_org
from cli.output import age, moment, print_json_array, print_table, say
from cli.plans import make_plan, show_plan
from cli.session import JsonFlag, Yes, person, runtime, the_org
from config import standing, told
from sync.commands import approve_plan
from sync.ports.brake import Scope
from sync.ports.runs import RunKind

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
        listening = told.sentence(row["listening"])  # type: ignore[arg-type]
        said = (held, row["problem"], row["budget"], row["run_problem"], row["waits_for"])
        for sentence in (*said, listening):
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
    return standing.org_rows(runtime(), runtime().org_names)


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
