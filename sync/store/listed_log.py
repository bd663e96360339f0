"""Pages of the conflict log, and of parked users."""

from functools import partial

from sqlalchemy import select

from sync.ports.browse import FIRST, EntryQuery, EntrySort, Listing, ParkedQuery, Place
from sync.ports.conflict_log import Entry
from sync.ports.review import ParkedUser
from sync.store.database import Database
from sync.store.entries import entry_from
from sync.store.filters import (
    Condition,
    begins,
    begins_in_any_case,
    found_by,
    has,
    is_one_of,
    is_text,
    of_orgs,
    utc,
)
from sync.store.paging import Order, read_page
from sync.store.review import parked_from
from sync.store.tables import conflict, pending_user

_row = conflict.c
_ORDERS = {
    EntrySort.NEWEST: Order((_row.id,), is_descending=True),
    EntrySort.OLDEST: Order((_row.id,)),
    EntrySort.USER: Order((_row.username_key, _row.id)),
    EntrySort.MOST_SEEN: Order((_row.seen_count, _row.id), is_descending=True),
}

_waits = pending_user.c
_LONGEST = Order((_waits.parked_at, _waits.org, _waits.user_id))
_BY_USERNAME = partial(begins, _row.username_key)
_WAITS_BY_USERNAME = partial(begins_in_any_case, _waits.username)


class ListedLog(Database):
    """What waits for a person, page by page."""

    def list_entries(self, query: EntryQuery, place: Place = FIRST) -> Listing[Entry]:
        """Entries of the conflict log."""
        wanted = select(conflict).where(*_conditions(query))
        found = found_by(query.search, _row.org, _row.user_id, _BY_USERNAME)
        parts = [wanted.where(one) for one in found]
        with self.reading() as connection:
            return read_page(connection, parts, _ORDERS[query.sort], place, entry_from)

    def list_parked(self, query: ParkedQuery, place: Place = FIRST) -> Listing[ParkedUser]:
        """Parked users."""
        wanted = select(pending_user).where(
            _waits.parked_at.is_not(None),
            *of_orgs(_waits.org, query.orgs),
            *is_text(_waits.error_code, query.code),
        )
        found = found_by(query.search, _waits.org, _waits.user_id, _WAITS_BY_USERNAME)
        parts = [wanted.where(one) for one in found]
        with self.reading() as connection:
            return read_page(connection, parts, _LONGEST, place, parked_from)


def _conditions(query: EntryQuery) -> list[Condition]:
    conditions = [
        *of_orgs(_row.org, query.orgs),
        *is_one_of(_row.kind, [query.kind] if query.kind else []),
        *is_text(_row.code, query.code),
        *is_one_of(_row.status, query.statuses),
        *is_text(_row.user_id, query.user_id),
    ]
    if query.license is not None:
        conditions.append(has(_row.licenses, query.license))
    if query.opened_before is not None:
        conditions.append(_row.opened_at < utc(query.opened_before))
    return conditions
