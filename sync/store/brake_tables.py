"""The tables of the brake: what was tripped and released, and the plans that people approved."""

from sqlalchemy import Column, Index, Integer, Table, Text, text

from sync.ports.runs import RunKind
from sync.store.columns import Ident, RowId, UtcTime, Word
from sync.store.tables import history, metadata, pending_user

# One row each time a brake trips; it stays when the brake is released.
brake = Table(
    "brake",
    metadata,
    Column("id", RowId, primary_key=True),
    Column("org", Ident, nullable=False),
    Column("tripped_at", UtcTime, nullable=False),
    Column("tripped_by", Text, nullable=False),
    Column("reason", Text, nullable=False),
    Column("released_at", UtcTime),
    Column("released_by", Text),
    Column("users", Integer, nullable=False),
    Column("licenses", Integer, nullable=False),
    Index("ix_brake_org", "org", "id"),
)

_HOLDS = text("released_at IS NULL")

Index("uq_brake_holds", brake.c.org, unique=True, sqlite_where=_HOLDS, postgresql_where=_HOLDS)

# The newest plan of each kind that a person approved as a whole.
approval = Table(
    "approval",
    metadata,
    Column("org", Ident, primary_key=True),
    Column("kind", Word(RunKind), primary_key=True),
    Column("run_id", RowId, nullable=False),
    Column("by", Text, nullable=False),
    Column("at", UtcTime, nullable=False),
)

# Literal conditions: a bound value would hide from PostgreSQL that a query fits the index.
IS_BRAKED = text("braked <> '-'")
Index(
    "ix_pending_user_braked",
    pending_user.c.org,
    pending_user.c.user_id,
    sqlite_where=IS_BRAKED,
    postgresql_where=IS_BRAKED,
)

IS_UNAPPROVED = text("unapproved <> '-'")
_OF_RUN = text("run_id IS NOT NULL")
Index(
    "ix_history_unapproved",
    history.c.org,
    history.c.at,
    sqlite_where=IS_UNAPPROVED,
    postgresql_where=IS_UNAPPROVED,
)
Index(
    "ix_history_run_user",
    history.c.run_id,
    history.c.user_id,
    history.c.id,
    sqlite_where=_OF_RUN,
    postgresql_where=_OF_RUN,
)
