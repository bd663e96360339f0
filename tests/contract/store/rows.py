"""Rows as they may stand in the tables, made up: few values, so that many are alike."""

from datetime import timedelta
from typing import Any

from hypothesis import strategies as st

from sync.model import NONE, FindingKind, Licenses
from sync.ports.conflict_log import EntryStatus
from sync.ports.history import HistoryOutcome
from sync.ports.pending import Cause, Priority
from sync.ports.runs import RunKind, RunStatus
from tests.contract.store.scene import BOTH, FREEDOM, START

Values = dict[str, Any]

ORGS = ("acme", "zeta")
NAMES = ("ann", "Anna", "bob", "Zoe", "Ülo", "x_y")

org = st.sampled_from(ORGS)
name = st.sampled_from(NAMES)
number = st.integers(1, 5)
time = st.integers(0, 4).map(lambda seconds: START + timedelta(seconds=seconds))
some = st.integers(0, 255).map(Licenses)


def user_id_of(number: int) -> str:
    """The id of a user by its number."""
    return f"005{number:012d}AAA"


def _username(name: str) -> str:
    """In ASCII, as Salesforce has it."""
    return f"{name.replace('Ü', 'U')}@acme.example"


def a_user(*, number: int, name: str, org: str = "acme", held: Licenses = NONE) -> Values:
    """A known user."""
    username = _username(name[::-1])
    return {
        "org": org,
        "user_id": user_id_of(number),
        "username": username,
        "name": name,
        "username_key": username.lower(),
        "name_key": name.lower(),
        "active": True,
        "requested": FREEDOM,
        "requested_unknown": NONE,
        "held": held,
        "held_unknown": NONE,
        "in_recording_group": None,
        "status": None,
        "message": None,
        "decided": None,
        "modstamp": START,
        "modified_at": START,
        "modified_by": None,
        "looked_at": START,
        "mark": "",
    }


def a_conflict(*, id: int, number: int, name: str = "ann", **more: Any) -> Values:
    """An entry of the log."""
    username = _username(name)
    return {
        "id": id,
        "org": "acme",
        "user_id": user_id_of(number),
        "username": username,
        "username_key": username.lower(),
        "kind": FindingKind.CONFLICT,
        "code": "x",
        "licenses": BOTH,
        "message": "choose one",
        "status": EntryStatus.OPEN,
        "requested": BOTH,
        "held": FREEDOM,
        "kept": FREEDOM,
        "policy": "p1",
        "opened_at": START,
        "seen_at": START,
        "seen_count": 1,
    } | more


def a_history(*, id: int, number: int = 1, name: str = "ann", **more: Any) -> Values:
    """A confirmed write."""
    username = _username(name)
    row = {
        "id": id,
        "org": "acme",
        "at": START,
        "user_id": user_id_of(number),
        "username": username,
        "username_key": username.lower(),
        "cause": Cause.POLL,
        "actor": "ada",
        "requested_before": FREEDOM,
        "requested_after": FREEDOM,
        "held_before": NONE,
        "held_after": FREEDOM,
        "status_after": "In sync",
        "why": "as requested",
        "policy": "p1",
        "run_id": None,
        "outcome": HistoryOutcome.CONFIRMED,
    } | more
    return row | {"changed": row["held_before"] ^ row["held_after"]}


def a_pending(*, number: int, name: str = "ann", **more: Any) -> Values:
    """A row that waits."""
    return {
        "org": "acme",
        "user_id": user_id_of(number),
        "username": _username(name),
        "version": 1,
        "cause": Cause.POLL,
        "actor": "",
        "priority": Priority.LIVE,
        "seen": "",
        "noticed_at": START,
        "due_at": START,
        "attempts": 1,
        "error_code": "A",
        "error_reason": "no",
        "parked_at": None,
        "hold": NONE,
        "hold_version": 0,
        "requested": NONE,
        "held": NONE,
    } | more


def a_run(*, id: int, **more: Any) -> Values:
    """A run that has read nothing."""
    return {
        "id": id,
        "org": "acme",
        "kind": RunKind.PLAN,
        "status": RunStatus.DONE,
        "fingerprint": "print",
        "started_by": "ada",
        "created_at": START,
        "user_ids": [],
        "whole_org": True,
        "after_id": "",
        "users_read": 0,
        "unsettled": 0,
        "removals": 0,
        "grants": 0,
    } | more


def an_item(*, run_id: int, number: int, name: str, **more: Any) -> Values:
    """What a plan says of a user."""
    return {
        "run_id": run_id,
        "user_id": user_id_of(number),
        "username": _username(name),
        "requested": NONE,
        "requested_after": NONE,
        "held": NONE,
        "after": NONE,
        "status": "In sync",
        "why": "",
        "hold": NONE,
    } | more


def _numbered(rows: list[Values]) -> list[Values]:
    """Ids in an order that is not that of the times."""
    return [row | {"id": id_} for id_, row in enumerate(rows, 1)]


def _once(*names: str) -> Any:
    return lambda row: tuple(row[name] for name in names)


def _living_once(rows: list[Values]) -> list[Values]:
    """At most one living entry for each user and code, as the table has it."""
    seen: set[Any] = set()
    for row in rows:
        key = (row["org"], row["user_id"], row["code"])
        if row["status"] is not EntryStatus.RESOLVED and key in seen:
            row["status"] = EntryStatus.RESOLVED
        seen.add(key)
    return rows


user_rows = st.lists(
    st.builds(a_user, org=org, number=number, name=name),
    max_size=10,
    unique_by=_once("org", "user_id"),
)
conflict_rows = (
    st.lists(
        st.builds(
            a_conflict,
            id=st.just(0),
            org=org,
            number=number,
            name=name,
            kind=st.sampled_from((FindingKind.CONFLICT, FindingKind.REFUSAL)),
            code=st.sampled_from(("x", "y")),
            licenses=some,
            status=st.sampled_from(EntryStatus),
            opened_at=time,
            seen_count=st.integers(1, 3),
        ),
        max_size=20,
    )
    .map(_numbered)
    .map(_living_once)
)
history_rows = st.lists(
    st.builds(
        a_history,
        id=st.just(0),
        org=org,
        at=time,
        number=number,
        name=name,
        cause=st.sampled_from(Cause),
        actor=st.sampled_from(("ada", "bob")),
        held_before=some,
        held_after=some,
        outcome=st.sampled_from(HistoryOutcome),
        run_id=st.sampled_from((None, 7)),
    ),
    max_size=25,
).map(_numbered)
pending_rows = st.lists(
    st.builds(
        a_pending,
        org=org,
        number=st.integers(1, 9),
        name=name,
        parked_at=st.none() | time,
        error_code=st.sampled_from(("A", "B")),
    ),
    max_size=15,
    unique_by=_once("org", "user_id"),
)
run_rows = st.lists(
    st.builds(
        a_run,
        id=st.just(0),
        org=org,
        kind=st.sampled_from(RunKind),
        status=st.sampled_from(RunStatus),
    ),
    max_size=15,
).map(_numbered)
item_rows = st.lists(
    st.builds(
        an_item,
        run_id=st.sampled_from((1, 2)),
        number=st.integers(1, 9),
        name=name,
        held=some,
        after=st.none() | some,
    ),
    max_size=15,
    unique_by=_once("run_id", "user_id"),
)
