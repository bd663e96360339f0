"""`license-sync parked`: users that wait for a person, and why."""

from typing import Annotated

import typer

from cli.output import age, counted, print_json_array, print_table, say
from cli.session import JsonFlag, OrgOption, an_org, person, runtime
from sync import rows
from sync.errors import NotAllowed, UnknownReference
from sync.ports.review import ParkedUser

app = typer.Typer(no_args_is_help=True, help=__doc__)


@app.command("list")
def list_(org: OrgOption = None, json: JsonFlag = False) -> None:
    """List parked users with the reason and the mend."""
    parked = runtime().store.parked(an_org(org))
    if json:
        print_json_array(rows.of_parked(user) for user in parked)
        return
    now = runtime().store.now()
    print_table(
        ("user", "id", "for", "says"),
        ((_name(u), u.user_id, age(u.parked_at, now), u.reason) for u in parked),
        empty="Nobody is parked.",
    )


def _name(user: ParkedUser) -> str:
    return f"{user.org}: {user.username}" if len(runtime().org_names) > 1 else user.username


@app.command()
def retry(
    users: Annotated[list[str] | None, typer.Argument(metavar="USER...")] = None,
    org: OrgOption = None,
    every: Annotated[bool, typer.Option("--all", help="All but those held back.")] = False,
) -> None:
    """Try parked users again now: those named by id or username, or all.

    Who is named and parked because an adoption holds something back loses that: the rules decide,
    and may remove it. With --all those stay as they are.
    """
    if not users and not every:
        raise NotAllowed("Name the users to try again, or say --all.")
    org = an_org(org)
    count = runtime().store.retry_parked(org, _ids(org, users or []), person())
    say(f"Tried again: {counted(count, 'user')}.")


def _ids(org: str | None, named: list[str]) -> list[str]:
    """The ids of parked users; UnknownReference for who is not parked."""
    if not named:
        return []
    by_name: dict[str, str] = {}
    for user in runtime().store.parked(org):
        by_name |= {user.user_id: user.user_id, user.user_id[:15]: user.user_id}
        by_name[user.username.lower()] = user.user_id
    found = [by_name.get(name) or by_name.get(name.lower()) for name in named]
    missing = [name for name, id_ in zip(named, found, strict=True) if id_ is None]
    if missing:
        raise UnknownReference(f"Not parked: {', '.join(missing)}. `parked list` shows who is.")
    return [id_ for id_ in found if id_ is not None]
