"""Users as they were last seen. Nothing is decided from here: records are read anew for that."""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import and_, delete, or_, select, tuple_, update
from sqlalchemy.engine import Connection

from sync.model import Flags, UserRecord
from sync.ports.browse import FIRST, KnownUser, Listing, Place, UserQuery
from sync.store.columns import AnyRow
from sync.store.database import Database, after, chunks, insert_on
from sync.store.known_tables import known_user
from sync.store.paging import Order, page_of

_row = known_user.c
_ORDER = Order((_row.find_username, _row.org, _row.user_id))
_KEY = ("org", "user_id")
_VALUES = tuple(column.name for column in known_user.c if column.name not in _KEY)
_COMPARED = tuple(name for name in _VALUES if name != "looked_at")

FRESH_SECONDS = 600.0
"""A look that found nothing new is noted this seldom: every night's reconcile finds millions."""

HIGHEST = "\U0010ffff"
"""Sorts after every text that goes on from a beginning."""


def found_by(search: str) -> Any:
    """What a search means: the beginning of a username or a name, in any case, or an id."""
    start = search.casefold()
    return or_(
        and_(_row.find_username >= start, _row.find_username <= start + HIGHEST),
        and_(_row.find_name >= start, _row.find_name <= start + HIGHEST),
        _row.user_id == search,
    )


class KnownUsers(Database):
    """Remembers records, and finds them again."""

    def remember(self, org: str, records: Sequence[UserRecord]) -> int:
        """Note how these users looked just now; how many rows that changed.

        An older look changes nothing: pages may be stored in another order than they were read.
        """
        changed = 0
        for some in chunks(sorted(records, key=lambda record: record.user_id)):
            changed += self._remember(org, some)
        return changed

    def _remember(self, org: str, records: Sequence[UserRecord]) -> int:
        ids = [record.user_id for record in records]
        wanted = select(known_user).where(_row.org == org, _row.user_id.in_(ids))
        with self.reading() as connection:
            known = {row.user_id: row for row in connection.execute(wanted)}
            now = self.clock_of(connection)
        new = [row for r in records if _differs(known.get(r.user_id), row := _values(org, r))]
        fresh = after(now, -FRESH_SECONDS)
        same = [
            row.user_id
            for row in known.values()
            if row.looked_at < fresh and row.user_id not in {values["user_id"] for values in new}
        ]
        if not new and not same:
            return 0
        with self.writing() as connection:
            if new:
                _store(connection, [row | {"looked_at": now} for row in new])
            if same:
                seen = update(known_user).where(_row.org == org, _row.user_id.in_(same))
                connection.execute(seen.values(looked_at=now))
        return len(new)

    def forget(self, org: str, user_ids: Sequence[str]) -> None:
        """Forget users that are gone."""
        with self.writing() as connection:
            for some in chunks(sorted(user_ids)):
                gone = delete(known_user).where(_row.org == org, _row.user_id.in_(some))
                connection.execute(gone)

    def list_users(self, query: UserQuery, place: Place = FIRST) -> Listing[KnownUser]:
        """Users by username."""
        wanted = select(known_user)
        if query.orgs is not None:
            wanted = wanted.where(_row.org.in_(sorted(query.orgs)))
        if query.search:
            wanted = wanted.where(found_by(query.search))
        with self.reading() as connection:
            return page_of(connection, wanted, _ORDER, place, known_from)

    def known_user(self, org: str, user_id: str) -> KnownUser | None:
        """One user as it was last seen."""
        wanted = select(known_user).where(_row.org == org, _row.user_id == user_id)
        with self.reading() as connection:
            row = connection.execute(wanted).one_or_none()
        return None if row is None else known_from(row)

    def names_of(self, users: Sequence[tuple[str, str]]) -> dict[tuple[str, str], str]:
        """The names of (org, user id) pairs; users that were never seen are missing."""
        found: dict[tuple[str, str], str] = {}
        with self.reading() as connection:
            for some in chunks(sorted(set(users)), 200):
                wanted = select(_row.org, _row.user_id, _row.name).where(
                    tuple_(_row.org, _row.user_id).in_(some)
                )
                found |= {(row.org, row.user_id): row.name for row in connection.execute(wanted)}
        return found


def _values(org: str, record: UserRecord) -> dict[str, Any]:
    return {
        "org": org,
        "user_id": record.user_id,
        "username": record.username,
        "name": record.name,
        "find_username": record.username.casefold(),
        "find_name": record.name.casefold(),
        "active": record.active,
        "in_recording_group": record.in_recording_group,
        "requested": record.requested.on,
        "requested_unknown": record.requested.unknown,
        "held": record.held.on,
        "held_unknown": record.held.unknown,
        "status": record.status,
        "message": record.message,
        "decided": record.decided,
        "modstamp": record.modstamp,
        "modified_at": record.modified_at,
        "modified_by": record.modified_by,
    }


def _differs(known: AnyRow | None, values: dict[str, Any]) -> bool:
    if known is None:
        return True
    if values["modstamp"] < known.modstamp:
        return False
    mapping = known._mapping
    return any(mapping[name] != values[name] for name in _COMPARED)


def _store(connection: Connection, rows: list[dict[str, Any]]) -> None:
    new = insert_on(connection, known_user)
    connection.execute(
        new.on_conflict_do_update(
            index_elements=list(_KEY),
            set_={name: new.excluded[name] for name in _VALUES},
            where=new.excluded.modstamp >= _row.modstamp,
        ),
        rows,
    )


def known_from(row: AnyRow) -> KnownUser:
    """A known user from a whole row."""
    return KnownUser(
        org=row.org,
        record=UserRecord(
            user_id=row.user_id,
            username=row.username,
            name=row.name,
            active=row.active,
            requested=Flags(row.requested, row.requested_unknown),
            held=Flags(row.held, row.held_unknown),
            in_recording_group=row.in_recording_group,
            status=row.status,
            message=row.message,
            decided=row.decided,
            modstamp=row.modstamp,
            modified_at=row.modified_at,
            modified_by=row.modified_by,
        ),
        looked_at=row.looked_at,
    )
