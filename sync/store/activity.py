"""What happened in each of the last hours, for the overview's chart."""

from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, Select, String, and_, cast, func, select

from sync.model import Status
from sync.ports.browse import Activity, Orgs
from sync.ports.history import HistoryOutcome
from sync.store.database import Database
from sync.store.listings import of_orgs
from sync.store.tables import conflict, history

_CORRECTED = (Status.CORRECTED.value, Status.CONFLICT.value)


class Activities(Database):
    """Counts by the hour, in UTC."""

    def activity(self, orgs: Orgs, hours: int) -> list[Activity]:
        """The last hours, oldest first, the current one included."""
        with self.reading() as connection:
            now = self.clock_of(connection)
            this_hour = now.replace(minute=0, second=0, microsecond=0)
            starts = [this_hour - timedelta(hours=i) for i in reversed(range(hours))]
            written = {
                row[0]: (row[1], row[2])
                for row in connection.execute(self._written(orgs, starts[0]))
            }
            opened = {row[0]: row[1] for row in connection.execute(self._opened(orgs, starts[0]))}
        return [
            Activity(at, *written.get(_key(at), (0, 0)), opened.get(_key(at), 0)) for at in starts
        ]

    def _written(self, orgs: Orgs, since: datetime) -> Select[*tuple[Any, ...]]:
        row = history.c
        hour = self._hour(row.at)
        corrections = func.count().filter(row.status_after.in_(_CORRECTED))
        wanted: Select[*tuple[Any, ...]] = select(hour, func.count(), corrections).where(
            and_(row.at >= since, row.outcome == HistoryOutcome.CONFIRMED)
        )
        return of_orgs(wanted, row.org, orgs).group_by(hour)

    def _opened(self, orgs: Orgs, since: datetime) -> Select[*tuple[Any, ...]]:
        row = conflict.c
        hour = self._hour(row.opened_at)
        wanted: Select[*tuple[Any, ...]] = select(hour, func.count()).where(row.opened_at >= since)
        return of_orgs(wanted, row.org, orgs).group_by(hour)

    def _hour(self, column: ColumnElement[datetime]) -> ColumnElement[str]:
        """The hour as `2026-11-24 14`."""
        if self._is_sqlite:
            return func.substr(cast(column, String), 1, 13)
        return func.to_char(func.timezone("UTC", column), "YYYY-MM-DD HH24")


def _key(at: datetime) -> str:
    return f"{at:%Y-%m-%d %H}"
