"""`license-sync history`: what was written to whom, by whose doing, and why."""

from collections.abc import Iterator
from itertools import islice
from pathlib import Path
from typing import Annotated

import typer

from cli.filters import LicenseOption, LimitOption, UserOption, a_license, a_moment, orgs
from cli.output import Cell, moment, names, print_json_array, print_table, say
from cli.session import JsonFlag, OrgOption, an_org, runtime
from cli.spreadsheets import opened, write_rows
from sync import rows
from sync.ports.browse import HistoryQuery, every
from sync.ports.history import HistoryOutcome, HistoryRow
from sync.ports.pending import Cause

app = typer.Typer(no_args_is_help=True, help=__doc__)

SHOWN = 100

CauseOption = Annotated[Cause | None, typer.Option("--cause", help="Why somebody looked.")]
ActorOption = Annotated[str | None, typer.Option("--actor", help="Who did it, as it is shown.")]
SinceOption = Annotated[str | None, typer.Option("--since", help="A day, a time, or like 3d.")]
UntilOption = Annotated[str | None, typer.Option("--until", help="The same; not included.")]
RunOption = Annotated[int | None, typer.Option("--run", min=1, help="What this run wrote.")]
CsvOption = Annotated[
    Path | None, typer.Option("--csv", help="Write all of it to this file; `-` is the output.")
]


@app.callback()
def _group() -> None:
    """Keep `list` a word of its own, also while it is the only one."""


@app.command("list")
def list_(
    org: OrgOption = None,
    user: UserOption = "",
    cause: CauseOption = None,
    actor: ActorOption = None,
    license: LicenseOption = None,
    since: SinceOption = None,
    until: UntilOption = None,
    run: RunOption = None,
    limit: LimitOption = SHOWN,
    json: JsonFlag = False,
    file: CsvOption = None,
) -> None:
    """List writes, newest first. --csv writes all that match, whatever --limit says."""
    now = runtime().store.now()
    query = HistoryQuery(
        orgs=orgs(an_org(org)),
        search=user,
        causes=() if cause is None else (cause,),
        actor=actor,
        license=a_license(license),
        run_id=run,
        since=a_moment(since, now),
        until=a_moment(until, now),
    )
    found = every(runtime().store.list_history, query)
    if file is not None:
        _write(file, found)
    elif json:
        print_json_array(rows.of_history(row) for row in islice(found, limit))
    else:
        _show(list(islice(found, limit + 1)), limit)


def _write(file: Path, found: Iterator[HistoryRow]) -> None:
    with opened(file) as target:
        count = write_rows(target, rows.HISTORY_FIELDS, map(rows.of_history, found))
    if str(file) != "-":
        say(f"{count} written to {file}: rows of the history.")


def _show(found: list[HistoryRow], limit: int) -> None:
    several = len(runtime().org_names) > 1
    print_table(
        ("at", "user", "cause", "by", "gave", "took", "why", "outcome"),
        (_cells(row, several=several) for row in found[:limit]),
        empty="Nothing was written that matches.",
    )
    if len(found) > limit:
        say(f"There is more: these are the newest {limit}. --limit shows more, --csv writes all.")


def _cells(row: HistoryRow, *, several: bool) -> tuple[Cell, ...]:
    said = row.intent
    user = said.username or said.user_id
    outcome = row.outcome.value
    if row.outcome is not HistoryOutcome.CONFIRMED and row.error:
        outcome += f": {row.error}"
    return (
        moment(row.at),
        f"{row.org}: {user}" if several else user,
        said.cause.value,
        said.actor or "–",
        names(said.held_after - said.held_before),
        names(said.held_before - said.held_after),
        said.why,
        outcome,
    )
