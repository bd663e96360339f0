"""Deleted records, gone for good.

A purged row is in no answer any more, getDeleted's included, as the documentation warns.
"""

from __future__ import annotations

from collections.abc import Iterable

from simulator.database import Database
from simulator.schema.model import SObject


def purge(database: Database, objects: Iterable[SObject], record_id: str | None = None) -> int:
    """How many rows left the bin, or with an id that one row. The journal has no entry of it."""
    purged = 0
    for sobject in objects:
        if not sobject.deletable:
            continue
        sql = f"DELETE FROM {sobject.table} WHERE IsDeleted = 1 AND Id = ifnull(?, Id)"
        purged += database.execute(sql, (record_id,)).rowcount
    return purged
