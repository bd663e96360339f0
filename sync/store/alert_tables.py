"""The tables of the alerts."""

from sqlalchemy import JSON, Column, Index, Integer, Table, Text, text

from sync.ports.alerts import AlertKind
from sync.store.columns import Ident, RowId, UtcTime, Word
from sync.store.tables import metadata

alert = Table(
    "alert",
    metadata,
    Column("id", RowId, primary_key=True),
    Column("org", Ident, nullable=False),
    Column("kind", Word(AlertKind), nullable=False),
    Column("key", Ident, nullable=False),
    Column("since", UtcTime, nullable=False),
    Column("begun_at", UtcTime, nullable=False),
    Column("summary", Text, nullable=False),
    Column("due_at", UtcTime, nullable=False),
    Column("told_at", UtcTime),
    Column("over_at", UtcTime),
    Column("over_told_at", UtcTime),
    Column("tries", Integer, nullable=False),
    Column("error", Text),
    Column("taken", JSON, nullable=False),
    Index("ix_alert_org", "org", "kind", "id"),
)

_STANDING = text("over_at IS NULL")
_UNFINISHED = text("over_told_at IS NULL")

Index(
    "uq_alert_standing",
    alert.c.org,
    alert.c.kind,
    alert.c.key,
    unique=True,
    sqlite_where=_STANDING,
    postgresql_where=_STANDING,
)
Index(
    "ix_alert_unfinished",
    alert.c.due_at,
    alert.c.id,
    sqlite_where=_UNFINISHED,
    postgresql_where=_UNFINISHED,
)

# One row: whoever holds it tells.
alert_lease = Table(
    "alert_lease",
    metadata,
    Column("name", Ident, primary_key=True),
    Column("token", Ident),
    Column("lease_until", UtcTime),
)
