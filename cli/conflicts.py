"""`license-sync conflicts`: what only a person can decide, what was refused, who is parked."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from itertools import chain
from pathlib import Path
from typing import Annotated

import typer

from cli.filters import LicenseOption, UserOption, a_license, before, license_named, orgs
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
from sync import rows
from sync.errors import NotAllowed, UnknownReference
from sync.model import FindingKind, License, Licenses
from sync.ports.browse import EntryQuery, EntrySort, Orgs, ParkedQuery, every
from sync.ports.conflict_log import LIVE_STATUSES, Entry, EntryStatus, Resolution
from sync.ports.review import ParkedUser

app = typer.Typer(no_args_is_help=True, help=__doc__)

AllFlag = Annotated[bool, typer.Option("--all", help="Resolved ones too.")]
EntryId = Annotated[int, typer.Argument(metavar="ID", min=1, max=2**53)]
EntryIds = Annotated[list[int], typer.Argument(metavar="ID ...", min=1, max=2**53)]


class Kind(StrEnum):
    """What waits for somebody."""

    CONFLICT = "conflict"
    REFUSAL = "refusal"
    PARKED = "parked"


KindOption = Annotated[Kind | None, typer.Option("--kind", help="Only these.")]
AgeOption = Annotated[
    str | None, typer.Option("--older-than", help="Only what waits longer: 3d, 12h, 30min.")
]


@app.command("list")
def list_(
    org: OrgOption = None,
    user: UserOption = "",
    license: LicenseOption = None,
    kind: KindOption = None,
    older_than: AgeOption = None,
    all_: AllFlag = False,
    json: JsonFlag = False,
) -> None:
    """List what waits: conflicts, refusals and parked users."""
    now = runtime().store.now()
    wanted = _Wanted(
        orgs(an_org(org)), user, a_license(license), kind, before(older_than, now), all_
    )
    found = wanted.found()
    if json:
        print_json_array(found)
        return
    several = len(runtime().org_names) > 1
    print_table(
        ("id", "user", "what", "for", "says"),
        (_cells(row, now, several=several) for row in found),
        empty="Nothing waits for anybody.",
    )


@app.command()
def show(entry_id: EntryId, json: JsonFlag = False) -> None:
    """Show one entry: both sets of flags, who decided what, and what went before."""
    entry = runtime().store.entry(entry_id)
    if json:
        print_json(rows.of_entry(entry))
        return
    for line in _description(entry):
        say(line)


@app.command()
def resolve(
    entry_ids: EntryIds,
    keep: Annotated[str, typer.Option(help="The license that stays requested, or `none`.")],
    note: Annotated[str, typer.Option(help="Why.")] = "",
    yes: Yes = False,
) -> None:
    """Decide conflicts, all alike. The worker unticks the other side's requests in Salesforce."""
    entries = [runtime().store.entry(entry_id) for entry_id in dict.fromkeys(entry_ids)]
    sides = [_kept(entry, keep) for entry in entries]
    if not yes:
        for line in chain.from_iterable(map(_description, entries)):
            say(line)
        whose = ", ".join(plain(entry.username) for entry in entries)
        typer.confirm(f"Keep {names(sides[0])} for {whose}?", abort=True)
    for entry, kept in zip(entries, sides, strict=True):
        _resolve(entry, kept, note)
    if not anybody_works():
        say("But no worker gives a sign of life: start `license-sync up`, or worker and beat.")


def _resolve(entry: Entry, kept: Licenses, note: str) -> None:
    resolution = Resolution(
        keep=kept,
        decided_by=person(),
        decided_at=runtime().store.now(),
        seen_requested=entry.requested,
        seen_held=entry.held,
        note=note,
    )
    decided = runtime().store.resolve(entry.id, resolution)
    what = names(kept) if kept else "none of them"
    say(
        f"{decided.username} keeps {what}. The worker carries it out within seconds, "
        f"unless the record has moved: see `license-sync conflicts show {entry.id}`."
    )


@app.command()
def dismiss(
    entry_ids: EntryIds,
    note: Annotated[str, typer.Option(help="Why it may stay as it is.")],
) -> None:
    """Put entries aside until the user's request or the policy changes."""
    for entry_id in dict.fromkeys(entry_ids):
        entry = runtime().store.dismiss(entry_id, person(), note)
        say(f"Entry {entry.id} of {entry.username} is dismissed until its request changes.")


@app.command()
def export(
    file: Annotated[
        Path, typer.Option("--csv", help="The file to write; `-` for standard output.")
    ],
    org: OrgOption = None,
    all_: AllFlag = False,
) -> None:
    """Write the log as CSV. Cells that a spreadsheet would run are made harmless."""
    wanted = _Wanted(orgs(an_org(org)), is_all=all_)
    with opened(file) as target:
        count = write_rows(target, rows.ENTRY_FIELDS, wanted.found())
    if str(file) != "-":
        say(f"{count} written to {file}: entries of the log and parked users.")


@dataclass(frozen=True, slots=True)
class _Wanted:
    """Which rows of the listing: those of the log, then parked users."""

    orgs: Orgs
    search: str = ""
    license: License | None = None
    kind: Kind | None = None
    opened_before: datetime | None = None
    is_all: bool = False

    def found(self) -> Iterator[rows.Row]:
        if self.kind is not Kind.PARKED:
            yield from map(rows.of_entry, self._entries())
        if self.kind in (None, Kind.PARKED):
            yield from map(rows.of_parked, self._parked())

    def _entries(self) -> Iterator[Entry]:
        query = EntryQuery(
            orgs=self.orgs,
            kind=FindingKind(self.kind) if self.kind else None,
            statuses=() if self.is_all else LIVE_STATUSES,
            license=self.license,
            opened_before=self.opened_before,
            search=self.search,
            sort=EntrySort.OLDEST,
        )
        return every(runtime().store.list_entries, query)

    def _parked(self) -> Iterator[ParkedUser]:
        query = ParkedQuery(orgs=self.orgs, search=self.search)
        for user in every(runtime().store.list_parked, query):
            is_old = self.opened_before is None or user.parked_at < self.opened_before
            if is_old and (self.license is None or self.license in user.hold):
                yield user


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
    kept = license_named(keep)
    if kept is None:
        raise UnknownReference(f"There is no license {keep!r}: keep one of {choices}, or none.")
    if kept not in entry.licenses:
        raise NotAllowed(f"{kept.value} is not part of entry {entry.id}: keep one of {choices}.")
    return Licenses.of(kept)
