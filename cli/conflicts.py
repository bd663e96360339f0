"""`license-sync conflicts`: what only a person can decide, what was refused, who is parked."""

from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import Annotated

import typer

from cli.output import (
    age,
    counted,
    moment,
    names,
    plain,
    print_json,
    print_json_array,
    print_table,
    say,
)
from cli.session import JsonFlag, OrgOption, Yes, an_org, person, runtime
from cli.spreadsheets import opened, write_rows
from cli.status import anybody_works
from sync.errors import NotAllowed, UnknownReference
from sync.model import FindingKind, License, Licenses
from sync.ports.conflict_log import LIVE_STATUSES, Entry, EntryStatus, Resolution
from sync.ports.review import EntryFilter
from sync.rows import ENTRY_FIELDS, entry_row, parked_row

app = typer.Typer(no_args_is_help=True, help=__doc__)

AllFlag = Annotated[bool, typer.Option("--all", help="Resolved ones too.")]
EntryId = Annotated[int, typer.Argument(metavar="ID", min=1, max=2**53)]


@app.command("list")
def list_(org: OrgOption = None, every: AllFlag = False, json: JsonFlag = False) -> None:
    """List what waits: conflicts, refusals and parked users."""
    rows = _rows(an_org(org), every=every)
    if json:
        print_json_array(rows)
        return
    now = runtime().store.now()
    several = len(runtime().org_names) > 1
    print_table(
        ("id", "user", "what", "for", "says"),
        (_cells(row, now, several=several) for row in rows),
        empty="Nothing waits for anybody.",
    )


@app.command()
def show(entry_id: EntryId, json: JsonFlag = False) -> None:
    """Show one entry: both sets of flags, who decided what, and what went before."""
    entry = runtime().store.entry(entry_id)
    if json:
        print_json(entry_row(entry))
        return
    for line in _description(entry):
        say(line)


@app.command()
def resolve(
    entry_id: EntryId,
    keep: Annotated[str, typer.Option(help="The license that stays requested, or `none`.")],
    note: Annotated[str, typer.Option(help="Why.")] = "",
    yes: Yes = False,
) -> None:
    """Decide a conflict. The other side's request is unticked in Salesforce by the worker."""
    entry = runtime().store.entry(entry_id)
    kept = _kept(entry, keep)
    if not yes:
        for line in _description(entry):
            say(line)
        typer.confirm(f"Keep {names(kept)} for {plain(entry.username)}?", abort=True)
    resolution = Resolution(
        keep=kept,
        decided_by=person(),
        decided_at=runtime().store.now(),
        seen_requested=entry.requested,
        seen_held=entry.held,
        note=note,
    )
    decided = runtime().store.resolve(entry_id, resolution)
    what = names(kept) if kept else "none of them"
    say(
        f"{decided.username} keeps {what}. The worker carries it out within seconds, "
        f"unless the record has moved: see `license-sync conflicts show {entry_id}`."
    )
    if not anybody_works():
        say("But no worker gives a sign of life: start `license-sync up`, or worker and beat.")


@app.command()
def dismiss(
    entry_id: EntryId,
    note: Annotated[str, typer.Option(help="Why it may stay as it is.")],
) -> None:
    """Put an entry aside until the user's request or the policy changes."""
    entry = runtime().store.dismiss(entry_id, person(), note)
    say(f"Entry {entry.id} of {entry.username} is dismissed until its request changes.")


@app.command()
def export(
    file: Annotated[
        Path, typer.Option("--csv", help="The file to write; `-` for standard output.")
    ],
    org: OrgOption = None,
    every: AllFlag = False,
) -> None:
    """Write the log as CSV. Cells that a spreadsheet would run are made harmless."""
    org = an_org(org)
    with opened(file) as target:
        count = write_rows(target, ENTRY_FIELDS, _rows(org, every=every))
    if str(file) != "-":
        say(f"{count} written to {file}: entries of the log and parked users.")


def _rows(org: str | None, *, every: bool) -> Iterator[dict[str, object]]:
    store = runtime().store
    statuses = () if every else LIVE_STATUSES
    for entry in store.entries(EntryFilter(org=org, statuses=statuses)):
        yield entry_row(entry)
    for parked in store.parked(org):
        yield parked_row(parked)


def _cells(row: dict[str, object], now: datetime, *, several: bool) -> tuple[str, ...]:
    user = str(row["username"] or row["user_id"])
    what = str(row["kind"])
    if row["status"] != EntryStatus.OPEN:
        what += f", {row['status']}"
    return (
        "–" if row["kind"] == "parked" else str(row["id"]),
        f"{row['org']}: {user}" if several else user,
        what,
        age(datetime.fromisoformat(str(row["opened_at"])), now),
        str(row["message"]),
    )


def _description(entry: Entry) -> Iterator[str]:
    yield f"{entry.kind.value} {entry.id} · {entry.code} · {entry.status.value}"
    yield f"  user       {entry.username} ({entry.user_id}) in {entry.org}"
    yield f"  says       {entry.message}"
    yield f"  requested  {names(entry.requested)}"
    yield f"  held       {names(entry.held)}"
    if entry.kind is FindingKind.CONFLICT:
        yield f"  kept       {names(entry.kept)}"
    yield f"  since      {moment(entry.opened_at)}, seen {counted(entry.seen_count, 'time')}"
    yield f"  policy     {entry.policy}"
    if entry.resolution is not None:
        decided = entry.resolution
        when = moment(decided.decided_at)
        what = f"{decided.decided_by} keeps {names(decided.keep)}"
        yield f"  decided    {what}, {when} {decided.note}".rstrip()
    if entry.status is EntryStatus.RESOLVED:
        yield f"  resolved   {moment(entry.resolved_at)} by {entry.resolved_by}: {entry.how}"
    if entry.note:
        yield f"  note       {entry.note}"
    if entry.previous_id is not None:
        yield f"  before     entry {entry.previous_id}"


def _kept(entry: Entry, keep: str) -> Licenses:
    if entry.kind is not FindingKind.CONFLICT:
        raise NotAllowed(
            f"Entry {entry.id} is a refusal: there is nothing to choose. "
            "Change the request in Salesforce, or what the org may have."
        )
    choices = ", ".join(entry.licenses.names)
    if keep.lower() == "none":
        return Licenses()
    kept = _license(keep)
    if kept is None:
        raise UnknownReference(f"There is no license {keep!r}: keep one of {choices}, or none.")
    if kept not in entry.licenses:
        raise NotAllowed(f"{kept.value} is not part of entry {entry.id}: keep one of {choices}.")
    return Licenses.of(kept)


def _license(said: str) -> License | None:
    """The license by its name or by what people call it, in capitals or not."""
    for license in License:
        if said.lower() in (license.value.lower(), license.label.lower()):
            return license
    return None
