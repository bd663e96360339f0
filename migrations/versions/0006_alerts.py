"""Alerts: what was told to whom, and who tells."""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

revision: str = "0006"
down_revision: str | None = "0005"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None

_IDENT = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")
_ROW_ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
_TIME = sa.DateTime(timezone=True)


def upgrade() -> None:
    """Make the tables."""
    op.create_table(
        "alert",
        sa.Column("id", _ROW_ID, nullable=False),
        sa.Column("org", _IDENT, nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("key", _IDENT, nullable=False),
        sa.Column("since", _TIME, nullable=False),
        sa.Column("begun_at", _TIME, nullable=False),
        sa.Column("summary", sa.Text(), nullable=False),
        sa.Column("due_at", _TIME, nullable=False),
        sa.Column("told_at", _TIME),
        sa.Column("over_at", _TIME),
        sa.Column("over_told_at", _TIME),
        sa.Column("tries", sa.Integer(), nullable=False),
        sa.Column("error", sa.Text()),
        sa.Column("taken", sa.JSON(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_alert"),
    )
    op.create_index("ix_alert_org", "alert", ["org", "kind", "id"])
    for name, columns, unique, condition in (
        ("uq_alert_standing", ["org", "kind", "key"], True, "over_at IS NULL"),
        ("ix_alert_unfinished", ["due_at", "id"], False, "over_told_at IS NULL"),
    ):
        where = sa.text(condition)
        op.create_index(
            name, "alert", columns, unique=unique, sqlite_where=where, postgresql_where=where
        )
    op.create_table(
        "alert_lease",
        sa.Column("name", _IDENT, nullable=False),
        sa.Column("token", _IDENT),
        sa.Column("lease_until", _TIME),
        sa.PrimaryKeyConstraint("name", name="pk_alert_lease"),
    )


def downgrade() -> None:
    """Drop the tables."""
    op.drop_table("alert_lease")
    op.drop_table("alert")
