"""The tables of accounts. What they mean is in `sync.ports.accounts`.

Locks are taken in this order: failures by scope and key; the account; its sessions.
"""

from sqlalchemy import JSON, Column, ForeignKey, Index, Integer, Table, Text

from sync.ports.accounts import EventKind, Role
from sync.store.columns import Ident, RowId, UtcTime, Word
from sync.store.tables import metadata

_ORGS = JSON(none_as_null=True)

account = Table(
    "account",
    metadata,
    Column("id", RowId, primary_key=True),
    Column("name", Text, nullable=False),
    Column("name_key", Ident, nullable=False),
    Column("role", Word(Role), nullable=False),
    Column("orgs", _ORGS),
    Column("password_hash", Text),
    Column("subject", Ident),
    Column("stamp", Integer, nullable=False),
    Column("created_at", UtcTime, nullable=False),
    Column("created_by", Text, nullable=False),
    Column("disabled_at", UtcTime),
    Index("uq_account_name", "name_key", unique=True),
    Index("uq_account_subject", "subject", unique=True),
)

session = Table(
    "session",
    metadata,
    Column("digest", Ident, primary_key=True),
    Column("account_id", RowId, ForeignKey("account.id", ondelete="CASCADE"), nullable=False),
    Column("started_at", UtcTime, nullable=False),
    Column("seen_at", UtcTime, nullable=False),
    Column("ends_at", UtcTime, nullable=False),
    Column("ended_at", UtcTime),
    Column("ended_why", Text),
    Index("ix_session_account", "account_id"),
    Index("ix_session_ends", "ends_at"),
)

api_token = Table(
    "api_token",
    metadata,
    Column("id", RowId, primary_key=True),
    Column("digest", Ident, nullable=False),
    Column("name", Text, nullable=False),
    Column("role", Word(Role), nullable=False),
    Column("orgs", _ORGS),
    Column("account_id", RowId, ForeignKey("account.id", ondelete="CASCADE")),
    Column("created_by", Text, nullable=False),
    Column("created_at", UtcTime, nullable=False),
    Column("last_used_at", UtcTime),
    Column("revoked_at", UtcTime),
    Index("uq_api_token_digest", "digest", unique=True),
)

# By name and address together, by address, by name; a row is gone when all is forgiven.
sign_in_failure = Table(
    "sign_in_failure",
    metadata,
    Column("scope", Ident, primary_key=True),
    Column("key", Ident, primary_key=True),
    Column("failures", Integer, nullable=False),
    Column("last_at", UtcTime, nullable=False),
    Index("ix_sign_in_failure_last", "last_at"),
)

account_event = Table(
    "account_event",
    metadata,
    Column("id", RowId, primary_key=True),
    Column("at", UtcTime, nullable=False),
    Column("kind", Word(EventKind), nullable=False),
    Column("name", Text, nullable=False),
    Column("name_key", Ident, nullable=False),
    Column("actor", Text, nullable=False),
    Column("address", Text, nullable=False),
    Column("detail", Text, nullable=False),
    Index("ix_account_event_name", "name_key", "kind", "id"),
)
