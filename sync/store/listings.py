"""Listings of what the log, the history, the runs and the parked users say, page by page."""

from typing import Any

from sqlalchemy import ColumnElement, Select, Text, func, or_, select, tuple_, type_coerce

from sync.model import License, Licenses
from sync.ports.browse import (
    FIRST,
    EntryQuery,
    EntrySort,
    HistoryQuery,
    Listing,
    Orgs,
    ParkedQuery,
    Place,
    RunQuery,
)
from sync.ports.conflict_log import Entry
from sync.ports.history import HistoryRow
from sync.ports.review import ParkedUser
from sync.ports.runs import Run
from sync.store.database import Database
from sync.store.entries import entry_from
from sync.store.history import COLUMNS as HISTORY
from sync.store.history import history_row
from sync.store.known_tables import known_user
from sync.store.known_users import found_by
from sync.store.paging import Order, page_of
from sync.store.review import parked_user
from sync.store.runs import RUN, run_from
from sync.store.tables import conflict, history, pending_user, run

AnySelect = Select[*tuple[Any, ...]]

_ENTRY_ORDERS = {
    EntrySort.NEWEST: Order((conflict.c.id,), is_descending=True),
    EntrySort.OLDEST: Order((conflict.c.id,)),
    EntrySort.USER: Order((conflict.c.username, conflict.c.id)),
    EntrySort.MOST_SEEN: Order((conflict.c.seen_count, conflict.c.id), is_descending=True),
}
_NEWEST_HISTORY = Order((history.c.id,), is_descending=True)
_NEWEST_RUN = Order((run.c.id,), is_descending=True)
_LONGEST_PARKED = Order((pending_user.c.parked_at, pending_user.c.org, pending_user.c.user_id))


class Listings(Database):
    """Most of `BrowseStore`."""

    def list_entries(self, query: EntryQuery, place: Place = FIRST) -> Listing[Entry]:
        """Entries of the conflict log."""
        row = conflict.c
        wanted = of_orgs(select(conflict), row.org, query.orgs)
        for column, value in ((row.kind, query.kind), (row.code, query.code)):
            if value is not None:
                wanted = wanted.where(column == value)
        if query.statuses:
            wanted = wanted.where(row.status.in_(query.statuses))
        if query.license is not None:
            wanted = wanted.where(names_license(row.licenses, query.license))
        if query.opened_before is not None:
            wanted = wanted.where(row.opened_at < query.opened_before)
        if query.user_id is not None:
            wanted = wanted.where(row.user_id == query.user_id)
        if query.search:
            wanted = wanted.where(_about(row.org, row.user_id, row.username, query.search, row.id))
        with self.reading() as connection:
            return page_of(connection, wanted, _ENTRY_ORDERS[query.sort], place, entry_from)

    def list_history(self, query: HistoryQuery, place: Place = FIRST) -> Listing[HistoryRow]:
        """Rows of the history, newest first."""
        row = history.c
        wanted = of_orgs(select(*HISTORY), row.org, query.orgs)
        for column, value in (
            (row.user_id, query.user_id),
            (row.actor, query.actor),
            (row.run_id, query.run_id),
        ):
            if value is not None:
                wanted = wanted.where(column == value)
        if query.causes:
            wanted = wanted.where(row.cause.in_(query.causes))
        if query.outcomes:
            wanted = wanted.where(row.outcome.in_(query.outcomes))
        if query.license is not None:
            before = names_license(row.held_before, query.license)
            wanted = wanted.where(before != names_license(row.held_after, query.license))
        if query.since is not None:
            wanted = wanted.where(row.at >= query.since)
        if query.until is not None:
            wanted = wanted.where(row.at < query.until)
        if query.search:
            wanted = wanted.where(_about(row.org, row.user_id, row.username, query.search))
        with self.reading() as connection:
            return page_of(connection, wanted, _NEWEST_HISTORY, place, history_row)

    def list_runs(self, query: RunQuery, place: Place = FIRST) -> Listing[Run]:
        """Runs, newest first."""
        wanted = of_orgs(select(*RUN), run.c.org, query.orgs)
        if query.kinds:
            wanted = wanted.where(run.c.kind.in_(query.kinds))
        if query.statuses:
            wanted = wanted.where(run.c.status.in_(query.statuses))
        with self.reading() as connection:
            return page_of(connection, wanted, _NEWEST_RUN, place, run_from)

    def list_parked(self, query: ParkedQuery, place: Place = FIRST) -> Listing[ParkedUser]:
        """Parked users, those that wait longest first."""
        row = pending_user.c
        wanted = of_orgs(select(pending_user), row.org, query.orgs)
        wanted = wanted.where(row.parked_at.is_not(None))
        if query.code is not None:
            wanted = wanted.where(row.error_code == query.code)
        if query.search:
            wanted = wanted.where(_about(row.org, row.user_id, row.username, query.search))
        with self.reading() as connection:
            return page_of(connection, wanted, _LONGEST_PARKED, place, parked_user)


def of_orgs(wanted: AnySelect, column: ColumnElement[str], orgs: Orgs) -> AnySelect:
    """The rows of what somebody may see."""
    return wanted if orgs is None else wanted.where(column.in_(sorted(orgs)))


def names_license(column: ColumnElement[Licenses], license: License) -> ColumnElement[bool]:
    """Whether a set has a license: sets are kept as letters."""
    return func.coalesce(func.replace(_text(column), license.letter, "") != _text(column), False)


def _text(column: ColumnElement[Any]) -> ColumnElement[str]:
    return type_coerce(column, Text)


def _about(
    org: ColumnElement[str],
    user_id: ColumnElement[str],
    username: ColumnElement[str],
    search: str,
    row_id: ColumnElement[int] | None = None,
) -> ColumnElement[bool]:
    """Whether a row is about somebody that a search means: the known ones, or by its own name."""
    ways: list[ColumnElement[bool]] = [
        user_id == search,
        func.lower(username).startswith(search.lower(), autoescape=True),
        tuple_(org, user_id).in_(
            select(known_user.c.org, known_user.c.user_id).where(found_by(search))
        ),
    ]
    if row_id is not None and search.isascii() and search.isdigit() and len(search) < 18:
        ways.append(row_id == int(search))
    return or_(*ways)
