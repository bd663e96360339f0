"""Runs count tries in vain, wait for the next one, and count who is unreadable."""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

revision: str = "0002"
down_revision: str | None = "0001"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None


def upgrade() -> None:
    """Add the columns."""
    with op.batch_alter_table("run") as run:
        run.add_column(sa.Column("tries", sa.Integer(), nullable=False, server_default="0"))
        run.add_column(sa.Column("due_at", sa.DateTime(timezone=True)))
        run.add_column(sa.Column("unreadable", sa.Integer(), nullable=False, server_default="0"))


def downgrade() -> None:
    """Drop the columns."""
    with op.batch_alter_table("run") as run:
        for column in ("tries", "due_at", "unreadable"):
            run.drop_column(column)
