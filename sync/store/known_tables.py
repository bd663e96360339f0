"""The table of users as they were last seen: a projection that nothing is decided by."""

from sqlalchemy import Boolean, Column, Index, Table, Text

from sync.store.columns import Ident, LicenseSet, UtcTime
from sync.store.tables import metadata

known_user = Table(
    "known_user",
    metadata,
    Column("org", Ident, primary_key=True),
    Column("user_id", Ident, primary_key=True),
    Column("username", Text, nullable=False),
    Column("name", Text, nullable=False),
    Column("find_username", Ident, nullable=False),
    Column("find_name", Ident, nullable=False),
    Column("active", Boolean),
    Column("in_recording_group", Boolean),
    Column("requested", LicenseSet, nullable=False),
    Column("requested_unknown", LicenseSet, nullable=False),
    Column("held", LicenseSet, nullable=False),
    Column("held_unknown", LicenseSet, nullable=False),
    Column("status", Text),
    Column("message", Text),
    Column("decided", Text),
    Column("modstamp", UtcTime, nullable=False),
    Column("modified_at", UtcTime, nullable=False),
    Column("modified_by", Text),
    Column("looked_at", UtcTime, nullable=False),
    Index("ix_known_user_username", "find_username", "org", "user_id"),
    Index("ix_known_user_name", "find_name", "org", "user_id"),
)
