"""The brake, approvals, stopped runs and undo."""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

revision: str = "0005"
down_revision: str | None = "0004"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None

IDENT = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")
ROW_ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
TIME = sa.DateTime(timezone=True)

HOLDS = sa.text("released_at IS NULL")
BRAKED = sa.text("braked <> '-'")
UNAPPROVED = sa.text("unapproved <> '-'")
OF_RUN = sa.text("run_id IS NOT NULL")

COLUMNS = {
    "pending_user": ("run_id", "braked", "brake_id", "allowed"),
    "history": ("unapproved",),
    "run": ("holders", "of_run", "since", "until"),
    "run_item": ("outcome",),
}


def _licenses(name: str) -> sa.Column[str]:
    return sa.Column(name, sa.Text(), nullable=False, server_default="-")


def upgrade() -> None:
    """Make the tables and add the columns."""
    _tables()
    for column in (_licenses("braked"), _licenses("allowed")):
        op.add_column("pending_user", column)
    op.add_column("pending_user", sa.Column("brake_id", sa.BigInteger()))
    op.add_column("pending_user", sa.Column("run_id", sa.BigInteger()))
    op.add_column("history", _licenses("unapproved"))
    op.add_column("run", sa.Column("holders", sa.Integer()))
    op.add_column("run", sa.Column("of_run", sa.BigInteger()))
    op.add_column("run", sa.Column("since", TIME))
    op.add_column("run", sa.Column("until", TIME))
    op.add_column(
        "run_item", sa.Column("outcome", sa.Text(), nullable=False, server_default=sa.text("''"))
    )
    _index("ix_pending_user_braked", "pending_user", ["org", "user_id"], BRAKED)
    _index("ix_history_unapproved", "history", ["org", "at"], UNAPPROVED)
    _index("ix_history_run_user", "history", ["run_id", "user_id", "id"], OF_RUN)


def downgrade() -> None:
    """Take all of it away."""
    op.drop_index("ix_history_run_user", "history")
    op.drop_index("ix_history_unapproved", "history")
    op.drop_index("ix_pending_user_braked", "pending_user")
    for table, columns in COLUMNS.items():
        for column in columns:
            op.drop_column(table, column)
    op.drop_table("approval")
    op.drop_table("brake")


def _index(name: str, table: str, columns: list[str], where: sa.TextClause) -> None:
    op.create_index(name, table, columns, sqlite_where=where, postgresql_where=where)


def _tables() -> None:
    op.create_table(
        "brake",
        sa.Column("id", ROW_ID, nullable=False),
        sa.Column("org", IDENT, nullable=False),
        sa.Column("tripped_at", TIME, nullable=False),
        sa.Column("tripped_by", sa.Text(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("released_at", TIME),
        sa.Column("released_by", sa.Text()),
        sa.Column("users", sa.Integer(), nullable=False),
        sa.Column("licenses", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_brake"),
    )
    op.create_index("ix_brake_org", "brake", ["org", "id"])
    op.create_index(
        "uq_brake_holds", "brake", ["org"], unique=True, sqlite_where=HOLDS, postgresql_where=HOLDS
    )
    op.create_table(
        "approval",
        sa.Column("org", IDENT, nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("run_id", ROW_ID, nullable=False),
        sa.Column("by", sa.Text(), nullable=False),
        sa.Column("at", TIME, nullable=False),
        sa.PrimaryKeyConstraint("org", "kind", name="pk_approval"),
    )
