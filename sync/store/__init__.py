"""The store on SQL: behind the ports, on SQLite or PostgreSQL.

Decides nothing about licenses. Every error that leaves it is one of `sync.errors`.
"""

from sync.store.engine import make_engine
from sync.store.schema import is_current, require_current, upgrade
from sync.store.store import SqlStore

__all__ = ["SqlStore", "is_current", "make_engine", "require_current", "upgrade"]
