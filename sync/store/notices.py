"""Putting users into `pending_user`: one row a user, however often it is noticed."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from functools import cache
from typing import Any

from sqlalchemy import ColumnElement, and_, case, func, or_, update
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.engine import Connection
from sqlalchemy.sql import bindparam

from sync.model import NONE
from sync.ports.pending import Notice, Priority
from sync.store.database import Database
from sync.store.tables import pending_user, pending_version

_row = pending_user.c


def store_notices(
    database: Database,
    connection: Connection,
    now: datetime,
    org: str,
    notices: Sequence[Notice],
) -> int:
    """Notice users in id order; how many rows are news. Those with a delay are none.

    What was noticed already, by the same mark, changes nothing, except that LIVE is not let wait
    behind BULK, and that a run which finds what no run found is remembered. `noticed_at` stays
    what it was while the row waits: it says how long the user has been unserved. A leased row keeps
    its lease, and its new version says that it has to stay.
    """
    store_later(database, connection, now, org, [one for one in notices if one.delay])
    notices = [one for one in notices if not one.delay]
    if not notices:
        return 0
    versions = database.take_numbers(connection, pending_version, len(notices))
    ordered = sorted(notices, key=_by_id)
    rows = [
        _values(org, notice, version, now)
        for notice, version in zip(ordered, versions, strict=True)
    ]
    changed = connection.execute(_upsert(connection.dialect.name), rows).rowcount
    if changed == len(rows):
        return changed
    of_run = [
        {"of_org": org, "of_user": n.user_id, "of_seen": n.seen, "by_run": n.run_id}
        for n in ordered
        if n.run_id is not None
    ]
    if of_run:
        connection.execute(_CREDIT, of_run)
    live = [
        {"of_org": org, "of_user": notice.user_id}
        for notice in ordered
        if notice.priority is Priority.LIVE
    ]
    return changed + (connection.execute(_HURRY, live).rowcount if live else 0)


def store_later(
    database: Database,
    connection: Connection,
    now: datetime,
    org: str,
    notices: Sequence[Notice],
) -> None:
    """Ask for a look in a while at users that nobody waits to look at, in id order."""
    if not notices:
        return
    versions = database.take_numbers(connection, pending_version, len(notices))
    rows = [
        _values(org, notice, version, now) | {"due_at": now + timedelta(seconds=notice.delay)}
        for notice, version in zip(sorted(notices, key=_by_id), versions, strict=True)
    ]
    connection.execute(_later(connection.dialect.name), rows)


@cache
def _later(dialect: str) -> sqlite.Insert | postgresql.Insert:
    statement = (sqlite if dialect == "sqlite" else postgresql).insert(pending_user)
    later: sqlite.Insert | postgresql.Insert = statement.on_conflict_do_update(
        index_elements=["org", "user_id"],
        set_={"again_at": statement.excluded.due_at},
        where=_row.lease_token.is_not(None),
    )
    return later


def _by_id(notice: Notice) -> str:
    return notice.user_id


def _values(org: str, notice: Notice, version: int, now: datetime) -> dict[str, Any]:
    return {
        "org": org,
        "user_id": notice.user_id,
        "username": notice.username,
        "version": version,
        "cause": notice.cause,
        "actor": notice.actor,
        "priority": notice.priority,
        "seen": notice.seen,
        "noticed_at": now,
        "due_at": now,
        "attempts": 0,
        "error_code": "",
        "error_reason": "",
        "hold": notice.hold,
        "hold_version": version if notice.hold else 0,
        "requested": NONE,
        "held": NONE,
        "run_id": notice.run_id,
    }


@cache
def _upsert(dialect: str) -> sqlite.Insert | postgresql.Insert:
    """The one statement that says what a notice changes in a row that waits already."""
    statement = (sqlite if dialect == "sqlite" else postgresql).insert(pending_user)
    new = statement.excluded
    brings_hold = new.hold != NONE
    is_news = or_(new.seen == "", new.seen != _row.seen, and_(brings_hold, new.hold != _row.hold))
    kept = {
        "username": case((new.username != "", new.username), else_=_row.username),
        "priority": case((new.priority < _row.priority, new.priority), else_=_row.priority),
        "seen": case((new.seen != "", new.seen), else_=_row.seen),
        "noticed_at": case((_row.parked_at.is_(None), _row.noticed_at), else_=new.noticed_at),
        "run_id": case(
            (new.run_id.is_not(None), new.run_id),
            (_asks_the_same(dialect, new.seen, _row.seen), _row.run_id),
            else_=None,
        ),
        "hold": case((brings_hold, new.hold), else_=_row.hold),
        "hold_version": case((brings_hold, new.hold_version), else_=_row.hold_version),
    }
    replaced = ("version", "cause", "actor", "due_at", "attempts", *_ERROR)
    upsert: sqlite.Insert | postgresql.Insert = statement.on_conflict_do_update(
        index_elements=["org", "user_id"],
        set_=kept | {name: new[name] for name in replaced} | {"parked_at": None},
        where=is_news,
    )
    return upsert.execution_options(preserve_rowcount=True)


def _asks_the_same(
    dialect: str, new: ColumnElement[str], old: ColumnElement[str]
) -> ColumnElement[bool]:
    """Whether a look found the requests of the last one: the echo of our own write, for instance.

    A mark (`intake.seen_mark`) has them between its stamp and the next space. Where nobody had
    looked before, nobody knows of an edit.
    """
    place = func.instr if dialect == "sqlite" else func.strpos
    asked = [
        func.substr(rest, 1, place(rest, " "))
        for rest in (func.substr(seen, _AFTER_STAMP) for seen in (new, old))
    ]
    return and_(asked[0] != "", or_(old == "", asked[0] == asked[1]))


_AFTER_STAMP = len("2026-03-01T12:00:00Z ") + 1
_ERROR = ("error_code", "error_reason")

_CREDIT = (
    update(pending_user)
    .where(
        _row.org == bindparam("of_org"),
        _row.user_id == bindparam("of_user"),
        _row.seen == bindparam("of_seen"),
        _row.run_id.is_(None),
    )
    .values(run_id=bindparam("by_run"))
)
_HURRY = (
    update(pending_user)
    .where(
        _row.org == bindparam("of_org"),
        _row.user_id == bindparam("of_user"),
        _row.priority > Priority.LIVE,
    )
    .values(priority=Priority.LIVE)
)
