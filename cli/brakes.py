"""`license-sync brake`: what an org would lose waits for a person, and a person lets it go."""

from collections.abc import Iterator
from typing import Annotated

import typer

from cli.output import (
    age,
    counted,
    isoformat,
    moment,
    names,
    print_json,
    print_json_array,
    print_table,
    say,
)
from cli.session import JsonFlag, Yes, an_org, person, runtime, the_org
from sync.ports.brake import BrakeRecord, HeldRemoval
from sync.rows import of_brake

app = typer.Typer(no_args_is_help=True, help=__doc__)

OrgName = Annotated[str | None, typer.Argument(metavar="ORG")]
SHOWN = 40


@app.command("list")
def list_(json: JsonFlag = False) -> None:
    """List the brakes that hold."""
    brakes = runtime().store.brakes()
    if json:
        print_json_array(of_brake(brake) for brake in brakes)
        return
    now = runtime().store.now()
    print_table(
        ("org", "holds for", "tripped by", "users", "licenses", "because"),
        (
            (
                b.org,
                age(b.tripped_at, now),
                b.tripped_by,
                str(b.users),
                str(b.licenses),
                b.reason,
            )
            for b in brakes
        ),
        empty="No brake holds: removals are carried out.",
    )


@app.command()
def show(name: OrgName = None, json: JsonFlag = False) -> None:
    """Show who would lose what if the brake were released, and the org's earlier brakes."""
    org = an_org(name) or the_org(name)
    records = runtime().store.brake_records(org)
    if json:
        print_json(
            {
                "org": org,
                "holds": any(record.released_at is None for record in records),
                "brakes": [_record_json(record) for record in records],
                "waiting": [_removal_json(removal) for removal in _removals(org)],
            }
        )
        return
    for brake in runtime().store.brakes():
        if brake.org == org:
            say(str(of_brake(brake)["sentence"]))
    now = runtime().store.now()
    first = runtime().store.held_removals(org, limit=SHOWN + 1)
    print_table(
        ("user", "id", "would lose", "waits for"),
        ((r.username, r.user_id, names(r.removed), age(r.since, now)) for r in first[:SHOWN]),
        empty=f"Nobody of {org} waits for a release.",
    )
    if len(first) > SHOWN:
        say("… and more: --json shows all.")
    for record in records:
        say(_said(record))


def _removals(org: str) -> Iterator[HeldRemoval]:
    after_id = ""
    while page := runtime().store.held_removals(org, after_id):
        yield from page
        after_id = page[-1].user_id


def _removal_json(removal: HeldRemoval) -> dict[str, object]:
    return {
        "user_id": removal.user_id,
        "username": removal.username,
        "removed": removal.removed.names,
        "since": isoformat(removal.since),
    }


def _record_json(record: BrakeRecord) -> dict[str, object]:
    return {
        "tripped_at": isoformat(record.tripped_at),
        "tripped_by": record.tripped_by,
        "reason": record.reason,
        "released_at": isoformat(record.released_at),
        "released_by": record.released_by,
        "users": record.users,
        "licenses": record.licenses,
    }


def _said(record: BrakeRecord) -> str:
    tripped = f"Tripped by {record.tripped_by} at {moment(record.tripped_at)}: {record.reason}"
    if record.released_at is None:
        return tripped
    what = f"{counted(record.licenses, 'license')} of {counted(record.users, 'user')}"
    return f"{tripped} Released by {record.released_by} at {moment(record.released_at)}: {what}."


@app.command()
def release(name: OrgName = None, yes: Yes = False) -> None:
    """Approve what waits: the workers carry it out, and the brake holds no more."""
    org = the_org(name)
    brake = next((b for b in runtime().store.brakes() if b.org == org), None)
    if brake is not None and not yes:
        what = f"{counted(brake.licenses, 'license')} of {counted(brake.users, 'user')}"
        typer.confirm(f"Let license-sync remove {what} in {org}?", abort=True)
    count = runtime().store.release_brake(org, person())
    say(f"Released: {counted(count, 'user')} of {org} will be settled within seconds.")


@app.command()
def hold(
    name: OrgName = None,
    reason: Annotated[str, typer.Option(help="Why, for the others.")] = "",
) -> None:
    """Let nothing be removed in an org until somebody releases it; grants go on."""
    org = the_org(name)
    by = person()
    runtime().store.hold_removals(org, by, reason.strip() or f"{by} asked for it.")
    say(f"The brake of {org} holds: what it would remove waits. `brake release {org}` ends that.")
