"""`license-sync users`: users as they were last seen."""

from itertools import islice
from typing import Annotated

import typer

from cli.filters import LimitOption, orgs
from cli.output import Cell, age, names, print_json_array, print_table, say
from cli.session import JsonFlag, OrgOption, an_org, runtime
from sync import rows
from sync.ports.browse import KnownUser, UserQuery, every

app = typer.Typer(no_args_is_help=True, help=__doc__)

SHOWN = 50

Text = Annotated[
    str, typer.Argument(metavar="TEXT", help="The beginning of a username or a name, or an id.")
]


@app.callback()
def _group() -> None:
    """Keep `find` a word of its own, also while it is the only one."""


@app.command()
def find(
    text: Text, org: OrgOption = None, limit: LimitOption = SHOWN, json: JsonFlag = False
) -> None:
    """Find users of any org: what they request and have, and when that was looked at.

    `license-sync explain USER` reads the record now, and says why.
    """
    query = UserQuery(orgs(an_org(org)), text)
    found = islice(every(runtime().store.list_users, query), limit + 1)
    if json:
        print_json_array(rows.of_user(user) for user in islice(found, limit))
        return
    users, now = list(found), runtime().store.now()
    print_table(
        ("org", "user", "name", "id", "requests", "has", "status", "looked at"),
        ((*_cells(user), f"{age(user.looked_at, now)} ago") for user in users[:limit]),
        empty="Nobody was seen whose username, name or id begins so.",
    )
    if len(users) > limit:
        say(f"There are more: these are the first {limit}. Write more of the name, or --limit.")


def _cells(user: KnownUser) -> tuple[Cell, ...]:
    record = user.record
    return (
        user.org,
        record.username,
        record.name if record.active is not False else f"{record.name} (inactive)",
        record.user_id,
        names(record.requested.on),
        names(record.held.on),
        record.status or "–",
    )
