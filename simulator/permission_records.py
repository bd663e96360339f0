"""Permission sets and their assignments as records that can be read and queried.

The truth is the schema and the `assignment` table; the rows here mirror it, so that a
client that looks for PermissionSetAssignment finds what access really is.
"""

from __future__ import annotations

from simulator import ids
from simulator.database import Database
from simulator.records import Records, Row
from simulator.schema.model import SObject


def mirror_permission_sets(database: Database, records: Records) -> None:
    """Makes the rows anew from the truth; needs an open transaction."""
    sets = records.schema.objects["permissionset"]
    assignments = records.schema.objects["permissionsetassignment"]
    now = int(database.setting("schema_date", "0"))
    pod, by = database.setting("pod", "5f"), database.setting("admin_id")
    made = {name: ids.make(sets.prefix, pod, n) for n, name in enumerate(_names(records), 1)}
    _replace(
        database,
        records,
        sets,
        [
            _row(sets, made[s.name], now, by)
            | {"Name": s.name, "Label": s.label, "IsCustom": 1, "Type": "Regular"}
            for s in records.schema.permission_sets.values()
        ],
    )
    given = database.execute("SELECT user_id, permission_set FROM assignment ORDER BY 1, 2")
    _replace(
        database,
        records,
        assignments,
        [
            _row(assignments, ids.make(assignments.prefix, pod, n), now, by)
            | {"PermissionSetId": made[name], "AssigneeId": user_id, "IsActive": 1}
            for n, (user_id, name) in enumerate(given.fetchall(), 1)
            if name in made
        ],
    )


def _names(records: Records) -> list[str]:
    return sorted(records.schema.permission_sets)


def _row(sobject: SObject, record_id: str, now: int, by: str) -> Row:
    blank = {f.name: f.stored_default for f in sobject.fields}
    stamps = dict.fromkeys(("CreatedDate", "LastModifiedDate", "SystemModstamp"), now)
    return blank | stamps | {"Id": record_id, "CreatedById": by, "LastModifiedById": by}


def _replace(database: Database, records: Records, sobject: SObject, rows: list[Row]) -> None:
    database.execute(f"DELETE FROM {sobject.table}")
    records.insert(sobject, rows)
