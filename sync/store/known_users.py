"""Users as they were last seen: kept in passing, for people to find.

Nothing is decided by it, so that nothing may fail because of it.
"""

import logging
from collections import defaultdict
from collections.abc import Sequence
from datetime import datetime, timedelta
from functools import cache, partial
from hashlib import blake2b
from typing import Any

from sqlalchemy import bindparam, delete, select, update
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.engine import Connection
from sqlalchemy.exc import SQLAlchemyError

from sync.errors import StoreUnavailable
from sync.model import Flags, UserRecord
from sync.ports.browse import FIRST, KnownUser, Listing, Place, UserQuery
from sync.store.browse_tables import known_user
from sync.store.columns import AnyRow
from sync.store.database import Database, chunks
from sync.store.filters import begins, found_by, is_storable, is_text, of_orgs
from sync.store.paging import Order, read_page

log = logging.getLogger(__name__)

REFRESH = timedelta(hours=12)
"""How old `looked_at` gets where a look finds nothing new: a write each time would be wasted."""

_row = known_user.c
_ORDER = Order((_row.username_key, _row.org, _row.user_id))
_BY_USERNAME = partial(begins, _row.username_key)
_BY_NAME = partial(begins, _row.name_key)
_FAILED = (StoreUnavailable, SQLAlchemyError)
_NOT_STORED = "%s: what was seen of %d users is not kept this time (%s)"


class KnownUsers(Database):
    """Remembers users, and finds them."""

    def remember(self, org: str, records: Sequence[UserRecord]) -> None:
        """Keep what records look like, unless something newer is known. Never fails."""
        try:
            self._remember(org, sorted(records, key=lambda record: record.user_id))
        except _FAILED as error:
            log.warning(_NOT_STORED, org, len(records), type(error).__name__)

    def forget(self, org: str, user_ids: Sequence[str]) -> None:
        """Drop users that are gone. Never fails."""
        if not user_ids:
            return
        try:
            with self.writing() as connection:
                for some in chunks(sorted(user_ids)):
                    gone = (_row.org == org, _row.user_id.in_(some))
                    connection.execute(delete(known_user).where(*gone))
        except _FAILED as error:
            log.warning(_NOT_STORED, org, len(user_ids), type(error).__name__)

    def _remember(self, org: str, records: Sequence[UserRecord]) -> None:
        """Read first: most pages say what is known already."""
        if not records:
            return
        with self.reading() as connection:
            known = _marks(connection, org, [record.user_id for record in records])
            now = self.clock_of(connection)
        changed, stale = [], []
        for record in records:
            mark, before = _mark(record), known.get(record.user_id)
            if before is None or (before.mark != mark and before.modstamp <= record.modstamp):
                changed.append(_values(org, record, mark, now))
            elif before.mark == mark and before.looked_at < now - REFRESH:
                stale.append(record.user_id)
        if not changed and not stale:
            return
        with self.writing() as connection:
            if changed:
                connection.execute(_upsert(connection.dialect.name), changed)
            for some in chunks(stale):
                values = {"of_org": org, "of_users": some, "now": now}
                connection.execute(_LOOKED, values)

    def known_user(self, org: str, user_id: str) -> KnownUser | None:
        """One user as it was last seen."""
        wanted = select(known_user).where(*is_text(_row.org, org), *is_text(_row.user_id, user_id))
        with self.reading() as connection:
            row = connection.execute(wanted).one_or_none()
        return None if row is None else _known_user(row)

    def names_of(self, users: Sequence[tuple[str, str]]) -> dict[tuple[str, str], str]:
        """The names of (org, user id) pairs; users that were never seen are missing."""
        by_org: dict[str, set[str]] = defaultdict(set)
        for org, user_id in users:
            if is_storable(org) and is_storable(user_id):
                by_org[org].add(user_id)
        names: dict[tuple[str, str], str] = {}
        with self.reading() as connection:
            for org, ids in by_org.items():
                for some in chunks(sorted(ids)):
                    values = {"of_org": org, "of_users": some}
                    found = connection.execute(_NAMES, values)
                    names |= {(org, user_id): name for user_id, name in found}
        return names

    def list_users(self, query: UserQuery, place: Place = FIRST) -> Listing[KnownUser]:
        """Users by username, then org."""
        wanted = select(known_user).where(*of_orgs(_row.org, query.orgs))
        found = found_by(query.search, _row.org, _row.user_id, _BY_USERNAME, _BY_NAME)
        parts = [wanted.where(one) for one in found]
        with self.reading() as connection:
            return read_page(connection, parts, _ORDER, place, _known_user)


_OF_USERS = (
    _row.user_id.in_(bindparam("of_users", expanding=True)),
    _row.org == bindparam("of_org"),
)
_MARKS = select(_row.user_id, _row.mark, _row.modstamp, _row.looked_at).where(*_OF_USERS)
_NAMES = select(_row.user_id, _row.name).where(*_OF_USERS)
_LOOKED = update(known_user).where(*_OF_USERS).values(looked_at=bindparam("now"))


def _marks(connection: Connection, org: str, user_ids: Sequence[str]) -> dict[str, AnyRow]:
    return {
        row.user_id: row
        for some in chunks(user_ids)
        for row in connection.execute(_MARKS, {"of_org": org, "of_users": some})
    }


@cache
def _upsert(dialect: str) -> sqlite.Insert | postgresql.Insert:
    """Between reading and writing somebody may have seen something newer: that stays."""
    statement = (sqlite if dialect == "sqlite" else postgresql).insert(known_user)
    new = statement.excluded
    keys = ("org", "user_id")
    upsert: sqlite.Insert | postgresql.Insert = statement.on_conflict_do_update(
        index_elements=list(keys),
        set_={column.name: new[column.name] for column in _row if column.name not in keys},
        where=_row.modstamp <= new.modstamp,
    )
    return upsert


def _mark(record: UserRecord) -> str:
    """A short text for all that a record says."""
    parts = (
        record.username, record.name, record.active, record.requested.on.bits,
        record.requested.unknown.bits, record.held.on.bits, record.held.unknown.bits,
        record.in_recording_group, record.status, record.message, record.decided,
        record.modstamp.timestamp(), record.modified_at.timestamp(), record.modified_by,
    )  # fmt: skip
    return blake2b(repr(parts).encode("utf-8", "replace"), digest_size=12).hexdigest()


def _values(org: str, record: UserRecord, mark: str, now: datetime) -> dict[str, Any]:
    username, name = _text(record.username), _text(record.name)
    return {
        "org": org,
        "user_id": record.user_id,
        "username": username,
        "name": name,
        "username_key": username.lower(),
        "name_key": name.lower(),
        "active": record.active,
        "requested": record.requested.on,
        "requested_unknown": record.requested.unknown,
        "held": record.held.on,
        "held_unknown": record.held.unknown,
        "in_recording_group": record.in_recording_group,
        "status": record.status and _text(record.status),
        "message": record.message and _text(record.message),
        "decided": record.decided and _text(record.decided),
        "modstamp": record.modstamp,
        "modified_at": record.modified_at,
        "modified_by": record.modified_by,
        "looked_at": now,
        "mark": mark,
    }


def _text(text: str) -> str:
    """A text as a database can keep it: a record may say what none can."""
    return text.replace("\0", "").encode("utf-8", "replace").decode()


def _known_user(row: AnyRow) -> KnownUser:
    record = UserRecord(
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
    )
    return KnownUser(row.org, record, row.looked_at)
