"""Pages of the history, and how much happened hour by hour."""

from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any

from sqlalchemy import Column, ColumnElement, func, select
from sqlalchemy.engine import Connection

from sync.model import Status
from sync.ports.browse import FIRST, Activity, HistoryQuery, Listing, Orgs, Place
from sync.ports.history import HistoryOutcome, HistoryRow
from sync.store.browse_tables import NOT_CONFIRMED, OF_RUN
from sync.store.database import Database
from sync.store.filters import (
    Condition,
    begins,
    found_by,
    is_number,
    is_one_of,
    is_text,
    is_with,
    of_orgs,
    utc,
)
from sync.store.history import COLUMNS, history_row
from sync.store.paging import Order, plan_for_values, read_page
from sync.store.tables import conflict, history

LONGEST_HOURS = 24 * 366

_row = history.c
_NEWEST = Order((_row.at, _row.id), is_descending=True)
_BY_USERNAME = partial(begins, _row.username_key)
_OTHERWISE = (Status.CORRECTED.value, Status.CONFLICT.value)


class ListedHistory(Database):
    """The history, page by page and in figures."""

    def list_history(self, query: HistoryQuery, place: Place = FIRST) -> Listing[HistoryRow]:
        """Rows of the history."""
        wanted = select(*COLUMNS).where(*_conditions(query))
        found = found_by(query.search, _row.org, _row.user_id, _BY_USERNAME)
        parts = [wanted.where(one) for one in found]
        with self.reading() as connection:
            return read_page(connection, parts, _NEWEST, place, history_row)

    def activity(self, orgs: Orgs, hours: int) -> list[Activity]:
        """The last hours, oldest first, the current one included."""
        hours = min(max(hours, 1), LONGEST_HOURS)
        with self.reading() as connection:
            plan_for_values(connection)
            now = self.clock_of(connection).replace(minute=0, second=0, microsecond=0)
            start = now - timedelta(hours=hours - 1)
            written = _written(connection, orgs, start)
            opened = _opened(connection, orgs, start)
        times = (start + timedelta(hours=passed) for passed in range(hours))
        return [Activity(at, *written.get(at, (0, 0)), opened.get(at, 0)) for at in times]


def _conditions(query: HistoryQuery) -> list[Condition]:
    conditions: list[Any] = [
        *of_orgs(_row.org, query.orgs),
        *is_text(_row.user_id, query.user_id),
        *is_one_of(_row.cause, query.causes),
        *is_text(_row.actor, query.actor),
        *is_one_of(_row.outcome, query.outcomes),
        *is_number(_row.run_id, query.run_id),
    ]
    if query.run_id is not None:
        conditions.append(OF_RUN)
    if query.outcomes and HistoryOutcome.CONFIRMED not in query.outcomes:
        conditions.append(NOT_CONFIRMED)
    if query.license is not None:
        conditions.append(is_with(_row.changed, query.license))
    if query.since is not None:
        conditions.append(_row.at >= utc(query.since))
    if query.until is not None:
        conditions.append(_row.at < utc(query.until))
    return conditions


def _written(
    connection: Connection, orgs: Orgs, start: datetime
) -> dict[datetime, tuple[int, int]]:
    hour = _hour(connection, _row.at)
    corrected = func.count().filter(_row.status_after.in_(_OTHERWISE))
    counts = (
        select(hour, func.count(), corrected)
        .where(
            _row.at >= start,
            _row.outcome == HistoryOutcome.CONFIRMED,
            *of_orgs(_row.org, orgs),
        )
        .group_by(hour)
    )
    return {_time(at): (writes, wrong) for at, writes, wrong in connection.execute(counts)}


def _opened(connection: Connection, orgs: Orgs, start: datetime) -> dict[datetime, int]:
    hour = _hour(connection, conflict.c.opened_at)
    counts = (
        select(hour, func.count())
        .where(conflict.c.opened_at >= start, *of_orgs(conflict.c.org, orgs))
        .group_by(hour)
    )
    return {_time(at): count for at, count in connection.execute(counts)}


def _hour(connection: Connection, time: Column[Any]) -> ColumnElement[str]:
    """The hour of a time as text."""
    if connection.dialect.name == "sqlite":
        return func.strftime("%Y-%m-%d %H", time)
    return func.to_char(func.timezone("UTC", time), "YYYY-MM-DD HH24")


def _time(hour: str) -> datetime:
    return datetime.strptime(hour, "%Y-%m-%d %H").replace(tzinfo=UTC)
