"""SQL functions that SQLite lacks."""

from __future__ import annotations

from datetime import datetime
from functools import lru_cache
from zoneinfo import ZoneInfo

from simulator.database import Database


def register(database: Database) -> None:
    """`fold(text)` for letters beyond ASCII, `local_seconds(seconds, zone)` for date functions."""
    connection = database.connection
    connection.create_function("fold", 1, _fold, deterministic=True)
    connection.create_function("local_seconds", 2, _local_seconds, deterministic=True)


def _fold(text: str | None) -> str | None:
    return None if text is None else text.casefold()


@lru_cache(maxsize=65536)
def _local_seconds(seconds: int | None, zone: str) -> int | None:
    """The wall clock of a zone, written as seconds that read as UTC."""
    if seconds is None:
        return None
    offset = datetime.fromtimestamp(seconds, ZoneInfo(zone)).utcoffset()
    return seconds + int(offset.total_seconds()) if offset else seconds
