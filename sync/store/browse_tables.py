"""What only listings need: users as they were last seen, and indexes by which rows are found.

`known_user` is a projection. It may lag or be empty, and nothing is decided by it.
"""

from sqlalchemy import Boolean, Column, Index, Table, Text, text

from sync.store.columns import Ident, LicenseSet, UtcTime
from sync.store.tables import conflict, history, metadata

# The keys are in lower case, for a search by the beginning of a name. `mark` stands for the rest
# of the row, so that a page of users that did not change is told by one short column. The id comes
# first in the primary key, so that an id is found without its org.
known_user = Table(
    "known_user",
    metadata,
    Column("user_id", Ident, primary_key=True),
    Column("org", Ident, primary_key=True),
    Column("username", Text, nullable=False),
    Column("name", Text, nullable=False),
    Column("username_key", Ident, nullable=False),
    Column("name_key", Ident, nullable=False),
    Column("active", Boolean),
    Column("requested", LicenseSet, nullable=False),
    Column("requested_unknown", LicenseSet, nullable=False),
    Column("held", LicenseSet, nullable=False),
    Column("held_unknown", LicenseSet, nullable=False),
    Column("in_recording_group", Boolean),
    Column("status", Text),
    Column("message", Text),
    Column("decided", Text),
    Column("modstamp", UtcTime, nullable=False),
    Column("modified_at", UtcTime, nullable=False),
    Column("modified_by", Text),
    Column("looked_at", UtcTime, nullable=False),
    Column("mark", Ident, nullable=False),
    # The last column lets a search by name walk in the order of usernames without the rows.
    Index("ix_known_user_username", "username_key", "org", "user_id", "name_key"),
    Index("ix_known_user_name", "name_key", "org", "user_id"),
    Index("ix_known_user_org", "org", "username_key", "user_id"),
)

IS_OPEN = text("status = 'open'")
"""As the index of open entries says it: SQLite takes it by its words."""

Index(
    "ix_conflict_open",
    conflict.c.org,
    conflict.c.kind,
    sqlite_where=IS_OPEN,
    postgresql_where=IS_OPEN,
)
Index("ix_conflict_opened", conflict.c.opened_at, conflict.c.org)
Index("ix_conflict_username", conflict.c.username_key, conflict.c.id)
Index("ix_conflict_seen", conflict.c.seen_count, conflict.c.id)

NOT_CONFIRMED = text("outcome <> 'confirmed'")
OF_RUN = text("run_id IS NOT NULL")

Index("ix_history_at", history.c.at, history.c.id)
Index("ix_history_org_at", history.c.org, history.c.at, history.c.id)
Index("ix_history_user_at", history.c.user_id, history.c.at, history.c.id)
Index("ix_history_username", history.c.username_key, history.c.at, history.c.id)
Index("ix_history_changed", history.c.changed, history.c.at, history.c.id)
Index("ix_history_cause", history.c.cause, history.c.at, history.c.id)
Index("ix_history_actor", history.c.actor, history.c.at, history.c.id)
Index(
    "ix_history_run",
    history.c.run_id,
    history.c.at,
    history.c.id,
    sqlite_where=OF_RUN,
    postgresql_where=OF_RUN,
)
Index(
    "ix_history_not_confirmed",
    history.c.at,
    history.c.id,
    sqlite_where=NOT_CONFIRMED,
    postgresql_where=NOT_CONFIRMED,
)
