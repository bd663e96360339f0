"""Users as they were last seen, and indexes by which listings find their rows."""

from collections.abc import Sequence
from typing import Any

import sqlalchemy as sa
from alembic import op

revision: str = "0003"
down_revision: str | None = "0002"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None

IDENT = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")
TIME = sa.DateTime(timezone=True)

INDEXES: tuple[tuple[str, str, tuple[str, ...], str | None], ...] = (
    ("ix_conflict_open", "conflict", ("org", "kind"), "status = 'open'"),
    ("ix_conflict_opened", "conflict", ("opened_at", "org"), None),
    ("ix_conflict_username", "conflict", ("username_key", "id"), None),
    ("ix_conflict_seen", "conflict", ("seen_count", "id"), None),
    ("ix_history_at", "history", ("at", "id"), None),
    ("ix_history_org_at", "history", ("org", "at", "id"), None),
    ("ix_history_user_at", "history", ("user_id", "at", "id"), None),
    ("ix_history_username", "history", ("username_key", "at", "id"), None),
    ("ix_history_changed", "history", ("changed", "at", "id"), None),
    ("ix_history_cause", "history", ("cause", "at", "id"), None),
    ("ix_history_actor", "history", ("actor", "at", "id"), None),
    ("ix_history_run", "history", ("run_id", "at", "id"), "run_id IS NOT NULL"),
    ("ix_history_not_confirmed", "history", ("at", "id"), "outcome <> 'confirmed'"),
)


def upgrade() -> None:
    """Make the table, the columns to search by, and the indexes."""
    _known_user()
    for table in ("conflict", "history"):
        op.add_column(table, sa.Column("username_key", IDENT, nullable=False, server_default=""))
        rows = sa.table(table, sa.column("username"), sa.column("username_key"))
        op.execute(sa.update(rows).values(username_key=sa.func.lower(rows.c.username)))
    _changed()
    for name, table, columns, condition in INDEXES:
        op.create_index(name, table, list(columns), **_where(condition))


def downgrade() -> None:
    """Drop them."""
    for name, table, _, _ in reversed(INDEXES):
        op.drop_index(name, table)
    op.drop_column("history", "changed")
    for table in ("history", "conflict"):
        op.drop_column(table, "username_key")
    op.drop_table("known_user")


def _changed() -> None:
    """The letters of licenses that a write gave or took, in the order of the catalogue."""
    op.add_column("history", sa.Column("changed", sa.Text(), nullable=False, server_default="-"))
    one = "CASE WHEN (held_before LIKE '%{0}%') <> (held_after LIKE '%{0}%') THEN '{0}' ELSE '' END"
    letters = " || ".join(one.format(letter) for letter in "CFSBQRPI")
    op.execute(f"UPDATE history SET changed = coalesce(nullif({letters}, ''), '-')")  # noqa: S608


def _where(condition: str | None) -> dict[str, Any]:
    if condition is None:
        return {}
    text = sa.text(condition)
    return {"sqlite_where": text, "postgresql_where": text}


def _known_user() -> None:
    op.create_table(
        "known_user",
        sa.Column("user_id", IDENT, nullable=False),
        sa.Column("org", IDENT, nullable=False),
        sa.Column("username", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("username_key", IDENT, nullable=False),
        sa.Column("name_key", IDENT, nullable=False),
        sa.Column("active", sa.Boolean()),
        sa.Column("requested", sa.Text(), nullable=False),
        sa.Column("requested_unknown", sa.Text(), nullable=False),
        sa.Column("held", sa.Text(), nullable=False),
        sa.Column("held_unknown", sa.Text(), nullable=False),
        sa.Column("in_recording_group", sa.Boolean()),
        sa.Column("status", sa.Text()),
        sa.Column("message", sa.Text()),
        sa.Column("decided", sa.Text()),
        sa.Column("modstamp", TIME, nullable=False),
        sa.Column("modified_at", TIME, nullable=False),
        sa.Column("modified_by", sa.Text()),
        sa.Column("looked_at", TIME, nullable=False),
        sa.Column("mark", IDENT, nullable=False),
        sa.PrimaryKeyConstraint("user_id", "org", name="pk_known_user"),
    )
    for name, columns in (
        ("ix_known_user_username", ("username_key", "org", "user_id", "name_key")),
        ("ix_known_user_name", ("name_key", "org", "user_id")),
        ("ix_known_user_org", ("org", "username_key", "user_id")),
    ):
        op.create_index(name, "known_user", list(columns))
