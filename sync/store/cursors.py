"""Cursors of the scans: each under a lease of its own, moved together with what was found."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import func, or_, select, update
from sqlalchemy.engine import Connection

from sync.errors import LeaseLost
from sync.ports.pending import Notice
from sync.ports.salesforce import Position
from sync.ports.scans import Cursor
from sync.store.database import Database, after, insert_on, new_token
from sync.store.notices import store_notices
from sync.store.org_state import set_org
from sync.store.tables import scan_cursor

POLL = "poll"
"""The source whose end counts as the org's last good poll."""

_row = scan_cursor.c
_LOST = "The scan took longer than its lease; another one goes on from the stored place."


class Cursors(Database):
    """With `PendingUsers.notice` and `ConflictLog.living_entries` it implements `IntakeStore`."""

    def take_cursor(self, org: str, source: str, lease_seconds: float) -> Cursor | None:
        """Lease a cursor; None while somebody else holds it."""
        token = new_token()
        with self.writing() as connection:
            new = insert_on(connection, scan_cursor).values(org=org, source=source, user_id="")
            connection.execute(new.on_conflict_do_nothing())
            now = self.clock_of(connection)
            is_free = or_(_row.lease_token.is_(None), _row.lease_until <= now)
            taken = (
                update(scan_cursor)
                .where(_row.org == org, _row.source == source, is_free)
                .values(lease_token=token, lease_until=after(now, lease_seconds))
                .returning(_row.modstamp, _row.user_id, _row.floor)
            )
            row = connection.execute(taken).one_or_none()
        if row is None:
            return None
        position = None if row.modstamp is None else Position(row.modstamp, row.user_id)
        return Cursor(org, source, token, position, row.floor)

    def advance(
        self,
        cursor: Cursor,
        position: Position,
        notices: Sequence[Notice],
        *,
        floor: datetime | None = None,
        lease_seconds: float,
    ) -> int:
        """Store notices and the moved cursor in one transaction; how many rows changed.

        Prolongs the lease; LeaseLost when it ended. Without `floor` the stored one stays.
        """
        with self.writing() as connection:
            now = self._lock(connection, cursor)
            self._set(
                connection,
                cursor,
                modstamp=position.modstamp,
                user_id=position.user_id,
                floor=func.coalesce(floor, _row.floor),
                lease_until=after(now, lease_seconds),
            )
            return store_notices(self, connection, now, cursor.org, notices)

    def finish_cursor(self, cursor: Cursor) -> None:
        """End the lease after a whole scan: the org's last good poll is now. May LeaseLost."""
        with self.writing() as connection:
            now = self._lock(connection, cursor)
            self._set(connection, cursor, lease_token=None, lease_until=None, finished_at=now)
            if cursor.source == POLL:
                set_org(connection, cursor.org, last_poll_at=now)

    def finished_at(self, org: str, source: str) -> datetime | None:
        """When a whole scan was finished last; None if none ever was."""
        query = select(_row.finished_at).where(_row.org == org, _row.source == source)
        with self.reading() as connection:
            return connection.execute(query).scalar_one_or_none()

    def drop_cursor(self, cursor: Cursor) -> None:
        """End the lease after a failed scan; quietly nothing if it is lost already."""
        with self.writing() as connection:
            self._set(connection, cursor, lease_token=None, lease_until=None)

    def _lock(self, connection: Connection, cursor: Cursor) -> datetime:
        query = select(_row.lease_until).where(*_held(cursor)).with_for_update()
        until = connection.execute(query).scalar_one_or_none()
        now = self.clock_of(connection)
        if until is None or until <= now:
            raise LeaseLost(_LOST)
        return now

    def _set(self, connection: Connection, cursor: Cursor, **values: Any) -> None:
        connection.execute(update(scan_cursor).where(*_held(cursor)).values(**values))


def _held(cursor: Cursor) -> tuple[Any, ...]:
    return (
        _row.org == cursor.org,
        _row.source == cursor.source,
        _row.lease_token == cursor.token,
    )
