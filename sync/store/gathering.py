"""Users that an alert has not told of yet: new conflicts, and who was parked.

Each gathered alert covers a stretch, and the next one begins where the last one ended: its key is
`from/to`, by the ids of entries or by the times of parking. The newest seconds are left to the next
look, since a transaction that took its number or time earlier may still be under way.
"""

from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, and_, func, select
from sqlalchemy.engine import Connection

from sync.model import FindingKind
from sync.ports.alerts import Alert, AlertKind, Gathered
from sync.ports.conflict_log import EntryStatus
from sync.store.alert_tables import alert
from sync.store.database import Database
from sync.store.tables import conflict, pending_user

UNDER_WAY = timedelta(seconds=10)
NAMES = 5

_entry = conflict.c
_user = pending_user.c
_WAITS = (EntryStatus.OPEN, EntryStatus.DECIDING)


class Gathering(Database):
    """With `Alerts` it implements `AlertStore`."""

    def gathered(self, kind: AlertKind, org: str) -> Gathered | None:
        """Users of an org that no alert of this kind has told of yet; None if there are none."""
        with self.reading() as connection:
            key, last_at = _last(connection, kind, org)
            start = key.partition("/")[2]
            settled = self.clock_of(connection) - UNDER_WAY
            found = (_conflicts if kind is AlertKind.CONFLICTS else _parked)(org, start, settled)
            place, at, name, where = found
            counts = select(func.count(), func.max(place), func.min(at)).where(where)
            count, end, since = connection.execute(counts).one()
            names = connection.execute(select(name).where(where).order_by(place).limit(NAMES))
            if not count:
                return None
            until = end.isoformat() if isinstance(end, datetime) else str(end)
            shown = tuple(names.scalars())
        return Gathered(org, kind, f"{start}/{until}", since, count, shown, last_at)

    def still_waiting(self, alert: Alert) -> bool:
        """Whether any user that a gathered alert tells of still waits."""
        start, _, end = alert.key.partition("/")
        if alert.kind is AlertKind.CONFLICTS:
            query = select(_entry.id).where(
                _entry.org == alert.org,
                _entry.kind == FindingKind.CONFLICT,
                _entry.status.in_(_WAITS),
                _entry.id > int(start or 0),
                _entry.id <= int(end),
            )
        else:
            query = select(_user.user_id).where(
                _user.org == alert.org,
                _after_time(start),
                _user.parked_at <= datetime.fromisoformat(end),
            )
        with self.reading() as connection:
            return connection.execute(query.limit(1)).first() is not None


def _last(connection: Connection, kind: AlertKind, org: str) -> tuple[str, datetime | None]:
    """Key and time of the newest alert of that kind."""
    query = select(alert.c.key, alert.c.begun_at).where(alert.c.org == org, alert.c.kind == kind)
    row = connection.execute(query.order_by(alert.c.id.desc()).limit(1)).one_or_none()
    return ("/", None) if row is None else (row.key, row.begun_at)


_Found = tuple[ColumnElement[Any], ColumnElement[Any], ColumnElement[str], ColumnElement[bool]]


def _conflicts(org: str, start: str, settled: datetime) -> _Found:
    """Place, time and name of open conflicts behind `start`, and which they are."""
    where = and_(
        _entry.status == EntryStatus.OPEN,
        _entry.id > int(start or 0),
        _entry.org == org,
        _entry.kind == FindingKind.CONFLICT,
        _entry.opened_at <= settled,
    )
    return _entry.id, _entry.opened_at, _entry.username, where


def _parked(org: str, start: str, settled: datetime) -> _Found:
    """The same of users that were parked after `start`."""
    where = and_(_user.org == org, _after_time(start), _user.parked_at <= settled)
    return _user.parked_at, _user.parked_at, _user.username, where


def _after_time(start: str) -> ColumnElement[bool]:
    if not start:
        return _user.parked_at.is_not(None)
    return _user.parked_at > datetime.fromisoformat(start)
