"""Alerts: which stand, what was told of them, and a lease so that one worker tells."""

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Update, and_, delete, or_, select, update
from sqlalchemy.engine import Connection

from sync.errors import LeaseLost
from sync.ports.alerts import Alert, Condition
from sync.store.alert_tables import alert, alert_lease
from sync.store.columns import AnyRow
from sync.store.database import Database, after, insert_on, new_token

GIVEN_UP = timedelta(days=2)
"""The end of an alert is not told any more when it is so long ago."""

_row = alert.c
_lease = alert_lease.c
_ALERTS = "alerts"
_LOST = "Telling took longer than its lease; another worker goes on."
_COLUMNS = [column for column in _row if column.name != "begun_at"]


class Alerts(Database):
    """With `Gathering` it implements `AlertStore`."""

    def take_alerts(self, lease_seconds: float) -> str | None:
        """Lease all alerts: the token; None while somebody else has them."""
        token = new_token()
        with self.writing() as connection:
            new = insert_on(connection, alert_lease).values(name=_ALERTS)
            connection.execute(new.on_conflict_do_nothing())
            connection.execute(select(_lease.name).with_for_update()).all()
            now = self.clock_of(connection)
            is_free = or_(_lease.token.is_(None), _lease.lease_until <= now)
            taken = update(alert_lease).where(_lease.name == _ALERTS, is_free)
            values = {"token": token, "lease_until": after(now, lease_seconds)}
            return token if connection.execute(taken.values(values)).rowcount else None

    def renew_alerts(self, token: str, lease_seconds: float) -> None:
        """Prolong the lease; LeaseLost if it ended."""
        with self.writing() as connection:
            now = self._hold(connection, token)
            until = after(now, lease_seconds)
            connection.execute(_of(token).values(lease_until=until))

    def drop_alerts(self, token: str) -> None:
        """End the lease; quietly nothing if it is lost."""
        with self.writing() as connection:
            connection.execute(_of(token).values(token=None, lease_until=None))

    def standing_alerts(self) -> list[Alert]:
        """Alerts that are not over, oldest first."""
        query = select(*_COLUMNS).where(_row.over_at.is_(None)).order_by(_row.id)
        with self.reading() as connection:
            return [_alert(row) for row in connection.execute(query)]

    def change_alerts(
        self,
        token: str,
        begun: Iterable[Condition],
        over: Iterable[Alert],
        replaced: Iterable[Alert],
        dropped: Iterable[Alert],
    ) -> None:
        """Store new alerts, end others, and forget some, in one transaction; may LeaseLost."""
        with self.writing() as connection:
            now = self._hold(connection, token)
            anew = {"due_at": now, "tries": 0, "error": None, "taken": []}
            _update(connection, over, over_at=now, **anew)
            _update(connection, replaced, over_at=now, over_told_at=now)
            for one in dropped:
                connection.execute(delete(alert).where(_row.id == one.id))
            for condition in begun:
                new = insert_on(connection, alert).values(**_begin(condition, now))
                connection.execute(new.on_conflict_do_nothing())

    def due_alerts(self, limit: int = 100) -> list[Alert]:
        """Alerts with something to tell that is due, those due longest first."""
        with self.reading() as connection:
            now = self.clock_of(connection)
            begins = and_(_row.over_at.is_(None), _row.told_at.is_(None))
            query = (
                select(*_COLUMNS)
                .where(_row.over_told_at.is_(None), _row.due_at <= now)
                .where(or_(begins, _row.over_at > now - GIVEN_UP))
                .order_by(_row.due_at, _row.id)
                .limit(limit)
            )
            return [_alert(row) for row in connection.execute(query)]

    def book_told(self, token: str, alert: Alert) -> None:
        """Note that every target took the alert, or its end if it is over; may LeaseLost."""
        told = "told_at" if alert.over_at is None else "over_told_at"
        with self.writing() as connection:
            now = self._hold(connection, token)
            _update(connection, [alert], **{told: now}, tries=0, error=None, taken=[])

    def book_untold(
        self, token: str, alert: Alert, taken: Sequence[str], error: str, delay: float
    ) -> None:
        """Note which targets took it, why others did not, and when to try again."""
        with self.writing() as connection:
            due = after(self._hold(connection, token), delay)
            values = {"taken": sorted(taken), "error": error, "due_at": due}
            _update(connection, [alert], tries=alert.tries + 1, **values)

    def alerts(self, *, standing: bool = False, limit: int = 100) -> list[Alert]:
        """The newest alerts, newest first; only those not over if `standing`."""
        query = select(*_COLUMNS).order_by(_row.id.desc()).limit(limit)
        if standing:
            query = query.where(_row.over_at.is_(None))
        with self.reading() as connection:
            return [_alert(row) for row in connection.execute(query)]

    def _hold(self, connection: Connection, token: str) -> datetime:
        """Hold the lease to the end of the transaction; the time, or LeaseLost."""
        held = (_lease.name == _ALERTS, _lease.token == token)
        query = select(_lease.lease_until).where(*held).with_for_update()
        until = connection.execute(query).scalar_one_or_none()
        now = self.clock_of(connection)
        if until is None or until <= now:
            raise LeaseLost(_LOST)
        return now


def _of(token: str) -> Update:
    return update(alert_lease).where(_lease.name == _ALERTS, _lease.token == token)


def _update(connection: Connection, alerts: Iterable[Alert], **values: Any) -> None:
    for one in alerts:
        connection.execute(update(alert).where(_row.id == one.id).values(**values))


def _begin(condition: Condition, now: datetime) -> dict[str, Any]:
    return {
        "org": condition.org,
        "kind": condition.kind,
        "key": condition.key,
        "since": condition.since,
        "begun_at": now,
        "summary": condition.summary,
        "due_at": after(now, condition.grace),
        "tries": 0,
        "taken": [],
    }


def _alert(row: AnyRow) -> Alert:
    values = dict(row._mapping)
    return Alert(**values | {"taken": tuple(values["taken"])})
