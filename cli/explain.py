"""`license-sync explain`: what a record asks, holds and should hold, and why."""

from typing import Annotated

import typer

from cli.orgs import waits_for
from cli.output import counted, moment, print_json, print_table, say
from cli.session import JsonFlag, OrgOption, runtime, the_org
from cli.users import user_id
from sync.errors import UnknownReference
from sync.holds import held_back, said_on_record
from sync.intake import case_of, is_settled
from sync.model import CATALOGUE, NONE, Decision, License, Licenses, UserRecord
from sync.org import Org


def explain(
    user: Annotated[str, typer.Argument(metavar="USER", help="A user id or a username.")],
    org: OrgOption = None,
    json: JsonFlag = False,
) -> None:
    """Read one user now and say what the rules make of the record."""
    chosen = runtime().org(the_org(org))
    record = _read(chosen, user)
    entries = runtime().store.living_entries(chosen.name, [record.user_id]).get(record.user_id, ())
    decision = chosen.rulebook.decide(case_of(record, entries))
    hold = runtime().store.holds(chosen.name, [record.user_id]).get(record.user_id, NONE)
    settled = is_settled(record, decision, entries, chosen.rulebook.version, hold)
    staying = held_back(hold, record, decision)
    if json:
        print_json(_document(record, decision, staying, settled=settled))
        return
    say(f"{record.username} ({record.user_id}) in {chosen.name}")
    print_table(
        ("license", "requested", "held", "should hold", "why"),
        (_cells(record, decision, staying, license) for license in CATALOGUE),
        empty="",
    )
    status, message = said_on_record(decision, staying)
    say(f"{status.value}. {message}".strip())
    say("The record and the log say so already." if settled else _waits(chosen, record))


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


def _word(record: UserRecord, license: License, *, held: bool) -> str:
    flags = record.held if held else record.requested
    if license in flags.unknown:
        return "unknown"
    return "yes" if license in flags.on else "no"


def _reason(decision: Decision, license: License) -> str:
    return " ".join(f.message for f in decision.findings if license in f.licenses)


def _cells(
    record: UserRecord, decision: Decision, staying: Licenses, license: License
) -> tuple[str, ...]:
    if decision.effective is None:
        should = "not written"
    else:
        should = "yes" if license in decision.effective else "no"
        if license in staying:
            should = "held back"
    return (
        license.label,
        _word(record, license, held=False),
        _word(record, license, held=True),
        should,
        _reason(decision, license),
    )


def _document(
    record: UserRecord, decision: Decision, staying: Licenses, *, settled: bool
) -> dict[str, object]:
    return {
        "user_id": record.user_id,
        "username": record.username,
        "active": record.active,
        "requested": record.requested.on.names,
        "held": record.held.on.names,
        "unknown": (record.requested.unknown | record.held.unknown).names,
        "effective": None if decision.effective is None else decision.effective.names,
        "findings": [
            {
                "kind": f.kind.value,
                "code": f.code,
                "licenses": f.licenses.names,
                "message": f.message,
            }
            for f in decision.findings
        ],
        "held_back": staying.names,
        "status": said_on_record(decision, staying)[0].value,
        "settled": settled,
    }
