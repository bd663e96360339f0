"""Listening to change events: one row for each org's stream, and what is measured."""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

revision: str = "0007"
down_revision: str | None = "0006"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None

_IDENT = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")
_TIME = sa.DateTime(timezone=True)


def upgrade() -> None:
    """Make the tables, and room for a look that waits for the end of a batch."""
    op.create_table(
        "event_stream",
        sa.Column("org", _IDENT, nullable=False),
        sa.Column("organization_id", sa.Text(), nullable=False),
        sa.Column("topic", sa.Text(), nullable=False),
        sa.Column("position", sa.LargeBinary()),
        sa.Column("position_at", _TIME),
        sa.Column("holder", _IDENT),
        sa.Column("lease_token", _IDENT),
        sa.Column("lease_until", _TIME),
        sa.Column("opened_at", _TIME),
        sa.Column("heard_at", _TIME),
        sa.Column("problem", sa.Text()),
        sa.Column("events", sa.BigInteger(), nullable=False),
        sa.Column("mattered", sa.BigInteger(), nullable=False),
        sa.Column("restarts", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("org", name="pk_event_stream"),
    )
    op.add_column("pending_user", sa.Column("again_at", _TIME))
    op.create_table(
        "delay",
        sa.Column("org", _IDENT, nullable=False),
        sa.Column("measure", _IDENT, nullable=False),
        sa.Column("below", sa.Integer(), nullable=False),
        sa.Column("times", sa.BigInteger(), nullable=False),
        sa.Column("seconds", sa.Float(53), nullable=False),
        sa.PrimaryKeyConstraint("org", "measure", "below", name="pk_delay"),
    )


def downgrade() -> None:
    """Drop what was made."""
    op.drop_table("delay")
    op.drop_column("pending_user", "again_at")
    op.drop_table("event_stream")
