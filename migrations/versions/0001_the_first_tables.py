"""The first tables."""

from collections.abc import Sequence
from typing import Any

import sqlalchemy as sa
from alembic import op

revision: str = "0001"
down_revision: str | None = None
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None

IDENT = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")
ROW_ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
TIME = sa.DateTime(timezone=True)

FREE = "lease_token IS NULL"
LEASED = "lease_token IS NOT NULL"
PARKED = "parked_at IS NOT NULL"
LIVING = "status IN ('open', 'deciding', 'dismissed')"

SEQUENCES = ("pending_version", "history_id")


def upgrade() -> None:
    """Make the tables."""
    _numbers()
    _pending_user()
    _pending_lease()
    _scan_cursor()
    _conflict()
    _history()
    _run()
    _run_item()
    _org_state()
    _beat()


def downgrade() -> None:
    """Drop the tables."""
    for table in (
        "beat",
        "org_state",
        "run_item",
        "run",
        "history",
        "conflict",
        "scan_cursor",
        "pending_lease",
        "pending_user",
    ):
        op.drop_table(table)
    if _is_sqlite():
        op.drop_table("counter")
        return
    for name in SEQUENCES:
        op.execute(sa.schema.DropSequence(sa.Sequence(name)))


def _is_sqlite() -> bool:
    return op.get_bind().dialect.name == "sqlite"


def _where(condition: str) -> dict[str, Any]:
    text = sa.text(condition)
    return {"sqlite_where": text, "postgresql_where": text}


def _numbers() -> None:
    if not _is_sqlite():
        for name in SEQUENCES:
            op.execute(sa.schema.CreateSequence(sa.Sequence(name)))
        return
    counter = op.create_table(
        "counter",
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("value", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("name", name="pk_counter"),
    )
    op.bulk_insert(counter, [{"name": name, "value": 0} for name in SEQUENCES])


def _pending_user() -> None:
    op.create_table(
        "pending_user",
        sa.Column("org", IDENT, nullable=False),
        sa.Column("user_id", IDENT, nullable=False),
        sa.Column("username", sa.Text(), nullable=False),
        sa.Column("version", sa.BigInteger(), nullable=False),
        sa.Column("cause", sa.Text(), nullable=False),
        sa.Column("actor", sa.Text(), nullable=False),
        sa.Column("priority", sa.SmallInteger(), nullable=False),
        sa.Column("seen", sa.Text(), nullable=False),
        sa.Column("noticed_at", TIME, nullable=False),
        sa.Column("due_at", TIME, nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("lease_token", IDENT),
        sa.Column("error_code", sa.Text(), nullable=False),
        sa.Column("error_reason", sa.Text(), nullable=False),
        sa.Column("parked_at", TIME),
        sa.Column("hold", sa.Text(), nullable=False),
        sa.Column("hold_version", sa.BigInteger(), nullable=False),
        sa.Column("requested", sa.Text(), nullable=False),
        sa.Column("held", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("org", "user_id", name="pk_pending_user"),
    )
    op.create_index(
        "ix_pending_user_free",
        "pending_user",
        ["org", "priority", "due_at", "user_id"],
        **_where(FREE),
    )
    op.create_index(
        "ix_pending_user_leased", "pending_user", ["lease_token", "user_id"], **_where(LEASED)
    )
    op.create_index(
        "ix_pending_user_parked", "pending_user", ["parked_at", "org", "user_id"], **_where(PARKED)
    )


def _pending_lease() -> None:
    op.create_table(
        "pending_lease",
        sa.Column("token", IDENT, nullable=False),
        sa.Column("org", IDENT, nullable=False),
        sa.Column("lease_until", TIME, nullable=False),
        sa.PrimaryKeyConstraint("token", name="pk_pending_lease"),
    )
    op.create_index("ix_pending_lease_org", "pending_lease", ["org", "lease_until"])


def _scan_cursor() -> None:
    op.create_table(
        "scan_cursor",
        sa.Column("org", IDENT, nullable=False),
        sa.Column("source", IDENT, nullable=False),
        sa.Column("modstamp", TIME),
        sa.Column("user_id", IDENT, nullable=False),
        sa.Column("floor", TIME),
        sa.Column("lease_token", IDENT),
        sa.Column("lease_until", TIME),
        sa.Column("finished_at", TIME),
        sa.PrimaryKeyConstraint("org", "source", name="pk_scan_cursor"),
    )


def _conflict() -> None:
    op.create_table(
        "conflict",
        sa.Column("id", ROW_ID, nullable=False),
        sa.Column("org", IDENT, nullable=False),
        sa.Column("user_id", IDENT, nullable=False),
        sa.Column("username", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("code", IDENT, nullable=False),
        sa.Column("licenses", sa.Text(), nullable=False),
        sa.Column("message", sa.Text(), nullable=False),
        sa.Column("status", sa.Text(), nullable=False),
        sa.Column("requested", sa.Text(), nullable=False),
        sa.Column("held", sa.Text(), nullable=False),
        sa.Column("kept", sa.Text(), nullable=False),
        sa.Column("policy", sa.Text(), nullable=False),
        sa.Column("opened_at", TIME, nullable=False),
        sa.Column("seen_at", TIME, nullable=False),
        sa.Column("seen_count", sa.Integer(), nullable=False),
        sa.Column("decided_by", sa.Text()),
        sa.Column("decided_at", TIME),
        sa.Column("decided_keep", sa.Text()),
        sa.Column("decided_requested", sa.Text()),
        sa.Column("decided_held", sa.Text()),
        sa.Column("decided_note", sa.Text()),
        sa.Column("resolved_at", TIME),
        sa.Column("resolved_by", sa.Text()),
        sa.Column("how", sa.Text()),
        sa.Column("note", sa.Text()),
        sa.Column("previous_id", ROW_ID),
        sa.ForeignKeyConstraint(["previous_id"], ["conflict.id"], name="fk_conflict_previous_id"),
        sa.PrimaryKeyConstraint("id", name="pk_conflict"),
    )
    op.create_index("ix_conflict_status", "conflict", ["status", "id"])
    op.create_index("ix_conflict_user", "conflict", ["org", "user_id", "code", "id"])
    op.create_index(
        "uq_conflict_living", "conflict", ["org", "user_id", "code"], unique=True, **_where(LIVING)
    )


def _history() -> None:
    op.create_table(
        "history",
        sa.Column("id", ROW_ID, autoincrement=False, nullable=False),
        sa.Column("org", IDENT, nullable=False),
        sa.Column("at", TIME, nullable=False),
        sa.Column("user_id", IDENT, nullable=False),
        sa.Column("username", sa.Text(), nullable=False),
        sa.Column("cause", sa.Text(), nullable=False),
        sa.Column("actor", sa.Text(), nullable=False),
        sa.Column("requested_before", sa.Text(), nullable=False),
        sa.Column("requested_after", sa.Text(), nullable=False),
        sa.Column("held_before", sa.Text(), nullable=False),
        sa.Column("held_after", sa.Text(), nullable=False),
        sa.Column("status_after", sa.Text(), nullable=False),
        sa.Column("why", sa.Text(), nullable=False),
        sa.Column("policy", sa.Text(), nullable=False),
        sa.Column("conflict_id", sa.BigInteger()),
        sa.Column("run_id", sa.BigInteger()),
        sa.Column("outcome", sa.Text(), nullable=False),
        sa.Column("outcome_at", TIME),
        sa.Column("error", sa.Text()),
        sa.PrimaryKeyConstraint("id", name="pk_history"),
    )
    op.create_index("ix_history_org", "history", ["org", "id"])
    op.create_index("ix_history_user", "history", ["org", "user_id", "id"])


def _run() -> None:
    op.create_table(
        "run",
        sa.Column("id", ROW_ID, nullable=False),
        sa.Column("org", IDENT, nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("status", sa.Text(), nullable=False),
        sa.Column("fingerprint", sa.Text(), nullable=False),
        sa.Column("started_by", sa.Text(), nullable=False),
        sa.Column("created_at", TIME, nullable=False),
        sa.Column("ended_at", TIME),
        sa.Column("user_ids", sa.JSON(), nullable=False),
        sa.Column("whole_org", sa.Boolean(), nullable=False),
        sa.Column("after_id", IDENT, nullable=False),
        sa.Column("users_read", sa.Integer(), nullable=False),
        sa.Column("unsettled", sa.Integer(), nullable=False),
        sa.Column("removals", sa.Integer(), nullable=False),
        sa.Column("grants", sa.Integer(), nullable=False),
        sa.Column("error", sa.Text()),
        sa.Column("applied_by", sa.Text()),
        sa.Column("applied_at", TIME),
        sa.Column("lease_token", IDENT),
        sa.Column("lease_until", TIME),
        sa.PrimaryKeyConstraint("id", name="pk_run"),
    )
    op.create_index("ix_run_org", "run", ["org", "kind", "id"])
    op.create_index("ix_run_status", "run", ["status", "id"])


def _run_item() -> None:
    op.create_table(
        "run_item",
        sa.Column("run_id", ROW_ID, nullable=False),
        sa.Column("user_id", IDENT, nullable=False),
        sa.Column("username", sa.Text(), nullable=False),
        sa.Column("requested", sa.Text(), nullable=False),
        sa.Column("requested_after", sa.Text(), nullable=False),
        sa.Column("held", sa.Text(), nullable=False),
        sa.Column("after", sa.Text()),
        sa.Column("status", sa.Text(), nullable=False),
        sa.Column("why", sa.Text(), nullable=False),
        sa.Column("hold", sa.Text(), nullable=False),
        sa.Column("modified_at", TIME),
        sa.ForeignKeyConstraint(
            ["run_id"], ["run.id"], name="fk_run_item_run_id", ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("run_id", "user_id", name="pk_run_item"),
    )


def _org_state() -> None:
    op.create_table(
        "org_state",
        sa.Column("org", IDENT, nullable=False),
        sa.Column("organization_id", sa.Text()),
        sa.Column("armed_fingerprint", sa.Text()),
        sa.Column("armed_by", sa.Text()),
        sa.Column("armed_at", TIME),
        sa.Column("paused_by", sa.Text()),
        sa.Column("paused_at", TIME),
        sa.Column("problem", sa.Text()),
        sa.Column("problem_until", TIME),
        sa.Column("api_used", sa.Integer()),
        sa.Column("api_allowed", sa.Integer()),
        sa.Column("last_poll_at", TIME),
        sa.Column("last_reconcile_at", TIME),
        sa.PrimaryKeyConstraint("org", name="pk_org_state"),
    )


def _beat() -> None:
    op.create_table(
        "beat",
        sa.Column("name", IDENT, nullable=False),
        sa.Column("at", TIME, nullable=False),
        sa.PrimaryKeyConstraint("name", name="pk_beat"),
    )
