"""The tables. What they mean is in the ports; `migrations/` makes them.

Locks are always taken in this order, so that nobody waits in a circle: lease, cursor or run;
pending users by id; entries of the conflict log; the org.
"""

from sqlalchemy import (
    JSON,
    BigInteger,
    Boolean,
    Column,
    ForeignKey,
    Index,
    Integer,
    MetaData,
    Sequence,
    Table,
    Text,
    text,
)

from sync.model import FindingKind
from sync.ports.conflict_log import EntryStatus
from sync.ports.history import HistoryOutcome
from sync.ports.pending import Cause
from sync.ports.runs import RunKind, RunStatus
from sync.store.columns import Ident, LicenseSet, Rank, RowId, UtcTime, Word

metadata = MetaData(
    naming_convention={
        "pk": "pk_%(table_name)s",
        "fk": "fk_%(table_name)s_%(column_0_name)s",
        "ix": "ix_%(table_name)s_%(column_0_name)s",
        "uq": "uq_%(table_name)s_%(column_0_name)s",
    }
)

pending_version = Sequence("pending_version", metadata=metadata)
history_id = Sequence("history_id", metadata=metadata)

# What the sequences are on PostgreSQL; only SQLite has this table.
counter = Table(
    "counter",
    metadata,
    Column("name", Text, primary_key=True),
    Column("value", BigInteger, nullable=False),
)

pending_user = Table(
    "pending_user",
    metadata,
    Column("org", Ident, primary_key=True),
    Column("user_id", Ident, primary_key=True),
    Column("username", Text, nullable=False),
    Column("version", BigInteger, nullable=False),
    Column("cause", Word(Cause), nullable=False),
    Column("actor", Text, nullable=False),
    Column("priority", Rank, nullable=False),
    Column("seen", Text, nullable=False),
    Column("noticed_at", UtcTime, nullable=False),
    Column("due_at", UtcTime, nullable=False),
    Column("attempts", Integer, nullable=False),
    Column("lease_token", Ident),
    Column("error_code", Text, nullable=False),
    Column("error_reason", Text, nullable=False),
    Column("parked_at", UtcTime),
    Column("hold", LicenseSet, nullable=False),
    Column("hold_version", BigInteger, nullable=False),
    Column("requested", LicenseSet, nullable=False),
    Column("held", LicenseSet, nullable=False),
    Column("braked", LicenseSet, nullable=False, server_default="-"),
    Column("allowed", LicenseSet, nullable=False, server_default="-"),
    Column("brake_id", BigInteger),
    Column("run_id", BigInteger),
    Column("again_at", UtcTime),
)

_FREE = text("lease_token IS NULL")
_LEASED = text("lease_token IS NOT NULL")
_PARKED = text("parked_at IS NOT NULL")

Index(
    "ix_pending_user_free",
    pending_user.c.org,
    pending_user.c.priority,
    pending_user.c.due_at,
    pending_user.c.user_id,
    sqlite_where=_FREE,
    postgresql_where=_FREE,
)
Index(
    "ix_pending_user_leased",
    pending_user.c.lease_token,
    pending_user.c.user_id,
    sqlite_where=_LEASED,
    postgresql_where=_LEASED,
)
Index(
    "ix_pending_user_parked",
    pending_user.c.parked_at,
    pending_user.c.org,
    pending_user.c.user_id,
    sqlite_where=_PARKED,
    postgresql_where=_PARKED,
)

# One row a claim, so that renewing the lease of 2,000 users writes one row.
pending_lease = Table(
    "pending_lease",
    metadata,
    Column("token", Ident, primary_key=True),
    Column("org", Ident, nullable=False),
    Column("lease_until", UtcTime, nullable=False),
    Index("ix_pending_lease_org", "org", "lease_until"),
)

scan_cursor = Table(
    "scan_cursor",
    metadata,
    Column("org", Ident, primary_key=True),
    Column("source", Ident, primary_key=True),
    Column("modstamp", UtcTime),
    Column("user_id", Ident, nullable=False),
    Column("floor", UtcTime),
    Column("lease_token", Ident),
    Column("lease_until", UtcTime),
    Column("finished_at", UtcTime),
)

conflict = Table(
    "conflict",
    metadata,
    Column("id", RowId, primary_key=True),
    Column("org", Ident, nullable=False),
    Column("user_id", Ident, nullable=False),
    Column("username", Text, nullable=False),
    Column("username_key", Ident, nullable=False, server_default=text("''")),
    Column("kind", Word(FindingKind), nullable=False),
    Column("code", Ident, nullable=False),
    Column("licenses", LicenseSet, nullable=False),
    Column("message", Text, nullable=False),
    Column("status", Word(EntryStatus), nullable=False),
    Column("requested", LicenseSet, nullable=False),
    Column("held", LicenseSet, nullable=False),
    Column("kept", LicenseSet, nullable=False),
    Column("policy", Text, nullable=False),
    Column("opened_at", UtcTime, nullable=False),
    Column("seen_at", UtcTime, nullable=False),
    Column("seen_count", Integer, nullable=False),
    Column("decided_by", Text),
    Column("decided_at", UtcTime),
    Column("decided_keep", LicenseSet),
    Column("decided_requested", LicenseSet),
    Column("decided_held", LicenseSet),
    Column("decided_note", Text),
    Column("resolved_at", UtcTime),
    Column("resolved_by", Text),
    Column("how", Text),
    Column("note", Text),
    Column("previous_id", RowId, ForeignKey("conflict.id")),
)

_LIVING = text("status IN ('open', 'deciding', 'dismissed')")

Index(
    "uq_conflict_living",
    conflict.c.org,
    conflict.c.user_id,
    conflict.c.code,
    unique=True,
    sqlite_where=_LIVING,
    postgresql_where=_LIVING,
)
Index("ix_conflict_user", conflict.c.org, conflict.c.user_id, conflict.c.code, conflict.c.id)
Index("ix_conflict_status", conflict.c.status, conflict.c.id)

history = Table(
    "history",
    metadata,
    Column("id", RowId, primary_key=True, autoincrement=False),
    Column("org", Ident, nullable=False),
    Column("at", UtcTime, nullable=False),
    Column("user_id", Ident, nullable=False),
    Column("username", Text, nullable=False),
    Column("username_key", Ident, nullable=False, server_default=text("''")),
    Column("cause", Word(Cause), nullable=False),
    Column("actor", Text, nullable=False),
    Column("requested_before", LicenseSet, nullable=False),
    Column("requested_after", LicenseSet, nullable=False),
    Column("held_before", LicenseSet, nullable=False),
    Column("held_after", LicenseSet, nullable=False),
    Column("changed", LicenseSet, nullable=False, server_default=text("'-'")),
    Column("status_after", Text, nullable=False),
    Column("why", Text, nullable=False),
    Column("policy", Text, nullable=False),
    Column("conflict_id", BigInteger),
    Column("run_id", BigInteger),
    Column("outcome", Word(HistoryOutcome), nullable=False),
    Column("outcome_at", UtcTime),
    Column("error", Text),
    Column("unapproved", LicenseSet, nullable=False, server_default="-"),
    Index("ix_history_user", "org", "user_id", "id"),
    Index("ix_history_org", "org", "id"),
)

run = Table(
    "run",
    metadata,
    Column("id", RowId, primary_key=True),
    Column("org", Ident, nullable=False),
    Column("kind", Word(RunKind), nullable=False),
    Column("status", Word(RunStatus), nullable=False),
    Column("fingerprint", Text, nullable=False),
    Column("started_by", Text, nullable=False),
    Column("created_at", UtcTime, nullable=False),
    Column("ended_at", UtcTime),
    Column("user_ids", JSON, nullable=False),
    Column("whole_org", Boolean, nullable=False),
    Column("after_id", Ident, nullable=False),
    Column("users_read", Integer, nullable=False),
    Column("unsettled", Integer, nullable=False),
    Column("removals", Integer, nullable=False),
    Column("grants", Integer, nullable=False),
    Column("unreadable", Integer, nullable=False, server_default="0"),
    Column("tries", Integer, nullable=False, server_default="0"),
    Column("due_at", UtcTime),
    Column("error", Text),
    Column("applied_by", Text),
    Column("applied_at", UtcTime),
    Column("lease_token", Ident),
    Column("lease_until", UtcTime),
    Column("holders", Integer),
    Column("of_run", BigInteger),
    Column("since", UtcTime),
    Column("until", UtcTime),
    Index("ix_run_status", "status", "id"),
    Index("ix_run_org", "org", "kind", "id"),
)

run_item = Table(
    "run_item",
    metadata,
    Column("run_id", RowId, ForeignKey("run.id", ondelete="CASCADE"), primary_key=True),
    Column("user_id", Ident, primary_key=True),
    Column("username", Text, nullable=False),
    Column("requested", LicenseSet, nullable=False),
    Column("requested_after", LicenseSet, nullable=False),
    Column("held", LicenseSet, nullable=False),
    Column("after", LicenseSet),
    Column("status", Text, nullable=False),
    Column("why", Text, nullable=False),
    Column("hold", LicenseSet, nullable=False),
    Column("modified_at", UtcTime),
    Column("outcome", Text, nullable=False, server_default=text("''")),
)

ALL_ORGS = "*"
"""The row of `org_state` that pauses every org, known or not; no org is called that."""

org_state = Table(
    "org_state",
    metadata,
    Column("org", Ident, primary_key=True),
    Column("organization_id", Text),
    Column("armed_fingerprint", Text),
    Column("armed_by", Text),
    Column("armed_at", UtcTime),
    Column("paused_by", Text),
    Column("paused_at", UtcTime),
    Column("problem", Text),
    Column("problem_until", UtcTime),
    Column("api_used", Integer),
    Column("api_allowed", Integer),
    Column("last_poll_at", UtcTime),
    Column("last_reconcile_at", UtcTime),
)

beat = Table(
    "beat",
    metadata,
    Column("name", Ident, primary_key=True),
    Column("at", UtcTime, nullable=False),
)
