"""What becomes of the records that point to a deleted one.

Children whose lookup cascades (master-detail, contacts of an account) go with it and come
back with it; other lookups become blank. That this moves only SystemModstamp is
unconfirmed, and so is that blanked lookups stay blank after an undelete.
"""

from __future__ import annotations

from collections.abc import Iterator

from simulator.database import Database
from simulator.schema.model import Field, Schema, SObject

Child = tuple[SObject, Field, str]


def followers(
    database: Database, schema: Schema, sobject: SObject, record_id: str, stamp: int | None
) -> Iterator[Child]:
    """The records under this one that cascade: living, or deleted at exactly `stamp`."""
    for child, field in schema.children(sobject):
        if not field.cascade or not child.deletable:
            continue
        state = "IsDeleted = 0" if stamp is None else "IsDeleted = 1 AND SystemModstamp = ?"
        rows = database.execute(
            f'SELECT Id FROM {child.table} WHERE "{field.name}" = ? AND {state}',
            (record_id,) if stamp is None else (record_id, stamp),
        ).fetchall()
        yield from ((child, field, row[0]) for row in rows)


def pointers(
    database: Database, schema: Schema, sobject: SObject, record_id: str
) -> Iterator[Child]:
    """The records whose lookup becomes blank."""
    for child, field in schema.children(sobject):
        if field.cascade or not (field.updateable and field.nillable):
            continue
        rows = database.execute(
            f'SELECT Id FROM {child.table} WHERE "{field.name}" = ?', (record_id,)
        ).fetchall()
        yield from ((child, field, row[0]) for row in rows)
