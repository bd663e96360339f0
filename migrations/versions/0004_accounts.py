"""Accounts, their sessions, tokens, failed sign-ins, and what happened to them."""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

revision: str = "0004"
down_revision: str | None = "0003"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None

IDENT = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")
ROW_ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
TIME = sa.DateTime(timezone=True)


def upgrade() -> None:
    """Make the tables."""
    _account()
    _session()
    _api_token()
    _sign_in_failure()
    _account_event()


def downgrade() -> None:
    """Drop the tables."""
    for table in ("account_event", "sign_in_failure", "api_token", "session", "account"):
        op.drop_table(table)


def _account() -> None:
    op.create_table(
        "account",
        sa.Column("id", ROW_ID, nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("name_key", IDENT, nullable=False),
        sa.Column("role", sa.Text(), nullable=False),
        sa.Column("orgs", sa.JSON()),
        sa.Column("password_hash", sa.Text()),
        sa.Column("subject", IDENT),
        sa.Column("stamp", sa.Integer(), nullable=False),
        sa.Column("created_at", TIME, nullable=False),
        sa.Column("created_by", sa.Text(), nullable=False),
        sa.Column("disabled_at", TIME),
        sa.PrimaryKeyConstraint("id", name="pk_account"),
    )
    op.create_index("uq_account_name", "account", ["name_key"], unique=True)
    op.create_index("uq_account_subject", "account", ["subject"], unique=True)


def _session() -> None:
    op.create_table(
        "session",
        sa.Column("digest", IDENT, nullable=False),
        sa.Column("account_id", ROW_ID, nullable=False),
        sa.Column("started_at", TIME, nullable=False),
        sa.Column("seen_at", TIME, nullable=False),
        sa.Column("ends_at", TIME, nullable=False),
        sa.Column("ended_at", TIME),
        sa.Column("ended_why", sa.Text()),
        sa.PrimaryKeyConstraint("digest", name="pk_session"),
        sa.ForeignKeyConstraint(
            ["account_id"], ["account.id"], name="fk_session_account_id", ondelete="CASCADE"
        ),
    )
    op.create_index("ix_session_account", "session", ["account_id"])
    op.create_index("ix_session_ends", "session", ["ends_at"])


def _api_token() -> None:
    op.create_table(
        "api_token",
        sa.Column("id", ROW_ID, nullable=False),
        sa.Column("digest", IDENT, nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("role", sa.Text(), nullable=False),
        sa.Column("orgs", sa.JSON()),
        sa.Column("account_id", ROW_ID),
        sa.Column("created_by", sa.Text(), nullable=False),
        sa.Column("created_at", TIME, nullable=False),
        sa.Column("last_used_at", TIME),
        sa.Column("revoked_at", TIME),
        sa.PrimaryKeyConstraint("id", name="pk_api_token"),
        sa.ForeignKeyConstraint(
            ["account_id"], ["account.id"], name="fk_api_token_account_id", ondelete="CASCADE"
        ),
    )
    op.create_index("uq_api_token_digest", "api_token", ["digest"], unique=True)


def _sign_in_failure() -> None:
    op.create_table(
        "sign_in_failure",
        sa.Column("scope", IDENT, nullable=False),
        sa.Column("key", IDENT, nullable=False),
        sa.Column("failures", sa.Integer(), nullable=False),
        sa.Column("last_at", TIME, nullable=False),
        sa.PrimaryKeyConstraint("scope", "key", name="pk_sign_in_failure"),
    )
    op.create_index("ix_sign_in_failure_last", "sign_in_failure", ["last_at"])


def _account_event() -> None:
    op.create_table(
        "account_event",
        sa.Column("id", ROW_ID, nullable=False),
        sa.Column("at", TIME, nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("name_key", IDENT, nullable=False),
        sa.Column("actor", sa.Text(), nullable=False),
        sa.Column("address", sa.Text(), nullable=False),
        sa.Column("detail", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_account_event"),
    )
    op.create_index("ix_account_event_name", "account_event", ["name_key", "kind", "id"])
