"""The tables of listening: one row for each org's stream, and what was measured."""

from sqlalchemy import BigInteger, Column, Float, Integer, LargeBinary, Table, Text

from sync.store.columns import Ident, UtcTime
from sync.store.tables import metadata

event_stream = Table(
    "event_stream",
    metadata,
    Column("org", Ident, primary_key=True),
    Column("organization_id", Text, nullable=False),
    Column("topic", Text, nullable=False),
    Column("position", LargeBinary),
    Column("position_at", UtcTime),
    Column("holder", Ident),
    Column("lease_token", Ident),
    Column("lease_until", UtcTime),
    Column("opened_at", UtcTime),
    Column("heard_at", UtcTime),
    Column("problem", Text),
    Column("events", BigInteger, nullable=False),
    Column("mattered", BigInteger, nullable=False),
    Column("restarts", Integer, nullable=False),
)

# `below` is an upper limit in milliseconds, 0 for none: numbers that are compared should be whole.
delay = Table(
    "delay",
    metadata,
    Column("org", Ident, primary_key=True),
    Column("measure", Ident, primary_key=True),
    Column("below", Integer, primary_key=True),
    Column("times", BigInteger, nullable=False),
    Column("seconds", Float(53), nullable=False),
)
