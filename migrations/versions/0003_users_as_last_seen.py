"""Users as they were last seen, and indexes for the listings that people read."""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

revision: str = "0003"
down_revision: str | None = "0002"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None

IDENT = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")


def upgrade() -> None:
    """Make the table and the indexes."""
    op.create_table(
        "known_user",
        sa.Column("org", IDENT, nullable=False),
        sa.Column("user_id", IDENT, nullable=False),
        sa.Column("username", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("find_username", IDENT, nullable=False),
        sa.Column("find_name", IDENT, nullable=False),
        sa.Column("active", sa.Boolean()),
        sa.Column("in_recording_group", sa.Boolean()),
        sa.Column("requested", sa.Text(), nullable=False),
        sa.Column("requested_unknown", sa.Text(), nullable=False),
        sa.Column("held", sa.Text(), nullable=False),
        sa.Column("held_unknown", sa.Text(), nullable=False),
        sa.Column("status", sa.Text()),
        sa.Column("message", sa.Text()),
        sa.Column("decided", sa.Text()),
        sa.Column("modstamp", sa.DateTime(timezone=True), nullable=False),
        sa.Column("modified_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("modified_by", sa.Text()),
        sa.Column("looked_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("org", "user_id", name="pk_known_user"),
    )
    for name, columns in KNOWN.items():
        op.create_index(name, "known_user", columns)
    op.create_index("ix_history_at", "history", ["at"])
    op.create_index("ix_conflict_opened", "conflict", ["opened_at"])


KNOWN = {
    "ix_known_user_username": ["find_username", "org", "user_id"],
    "ix_known_user_name": ["find_name", "org", "user_id"],
}


def downgrade() -> None:
    """Drop them."""
    op.drop_index("ix_conflict_opened", "conflict")
    op.drop_index("ix_history_at", "history")
    op.drop_table("known_user")
