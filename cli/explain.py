"""`license-sync explain`: what a record asks, holds and should hold, and why."""

from typing import Annotated

import typer

from cli.output import counted, moment, print_json, print_table, say
from cli.session import JsonFlag, OrgOption, runtime, the_org
from cli.users import user_id
from config.standing import waits_for
from sync.errors import UnknownReference
from sync.explaining import explain as explained
from sync.model import NONE, UserRecord
from sync.org import Org
from sync.rows import of_explanation


def explain(
    user: Annotated[str, typer.Argument(metavar="USER", help="A user id or a username.")],
    org: OrgOption = None,
    json: JsonFlag = False,
) -> None:
    """Read one user now and say what the rules make of the record."""
    chosen = runtime().org(the_org(org))
    record = _read(chosen, user)
    entries = runtime().store.living_entries(chosen.name, [record.user_id]).get(record.user_id, ())
    hold = runtime().store.holds(chosen.name, [record.user_id]).get(record.user_id, NONE)
    made = explained(record, entries, hold, chosen.rulebook)
    if json:
        print_json(of_explanation(made))
        return
    say(f"{record.username} ({record.user_id}) in {chosen.name}")
    print_table(
        ("license", "requested", "held", "should hold", "why"),
        ((r.license.label, r.requested, r.held, r.should, r.why) for r in made.rows),
        empty="",
    )
    say(made.statement)
    say("The record and the log say so already." if made.is_settled else _waits(chosen, record))


def _read(org: Org, user: str) -> UserRecord:
    record = next(iter(org.gateway.reader.read([user_id(org, user)]).records.values()), None)
    if record is None:
        raise UnknownReference(f"{org.name} has no user {user!r} that license-sync may read.")
    return record


def _waits(org: Org, record: UserRecord) -> str:
    waiting = runtime().store.waiting(org.name, record.user_id)
    if waiting is None:
        return f"Not settled, and not noticed yet: the next poll finds it. {_not_now(org)}".strip()
    if waiting.parked:
        return f"Parked: {waiting.error}"
    why = _not_now(org) or waiting.error or "due"
    tries = f"tried {counted(waiting.attempts, 'time')}"
    return f"Pending since {moment(waiting.noticed_at)}, {tries}: {why}"


def _not_now(org: Org) -> str:
    """Why nothing is written in this org at the moment; empty if it is."""
    state = runtime().store.state(org.name)
    return state.problem or waits_for(org.name, org.mode(state))
