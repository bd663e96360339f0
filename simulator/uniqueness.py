"""Values that no two records of an object may share."""

from __future__ import annotations

from typing import Any

from simulator.database import Database
from simulator.errors import ApiError
from simulator.schema.model import Field, SObject

TAKEN = "Duplicate {0}.<br>Another user has already selected this {1}.<br>Please select another."
OF_USERS = {
    "Username": ("DUPLICATE_USERNAME", TAKEN.format("Username", "username")),
    "CommunityNickname": ("DUPLICATE_COMM_NICKNAME", TAKEN.format("Nickname", "nickname")),
}


def is_indexed(sobject: SObject, field: Field) -> bool:
    """What records are found by: their keys, and the parents that take them along."""
    parent = sobject.deletable and field.type == "reference" and field.child_relationship
    return field.unique or field.external_id or bool(parent)


def keyed(field: Field) -> str:
    """The column as it is compared: without regard to case, unless the field says so."""
    plain = field.case_sensitive or field.type not in ("string", "email")
    return f'"{field.name}"' + ("" if plain else " COLLATE NOCASE")


def check_unique(
    database: Database, sobject: SObject, record_id: str | None, values: dict[str, Any]
) -> None:
    """Refuses a value that another record has; deleted records do not count (unconfirmed)."""
    for field in sobject.unique_fields:
        value = values.get(field.name)
        if value is None:
            continue
        alive = " AND IsDeleted = 0" if sobject.deletable else ""
        found = database.execute(
            f"SELECT Id FROM {sobject.table} WHERE {keyed(field)} = ? AND Id IS NOT ?{alive}",
            (value, record_id),
        ).fetchone()
        if found:
            raise _duplicate(sobject, field, str(found[0]))


def _duplicate(sobject: SObject, field: Field, other: str) -> ApiError:
    """Real wording; the record is named by its 15 characters. Fields are unconfirmed."""
    if sobject.name == "User" and field.name in OF_USERS:
        return ApiError(400, *OF_USERS[field.name], [field.name])
    message = (
        f"duplicate value found: {field.name} duplicates value on record with id: {other[:15]}"
    )
    return ApiError(400, "DUPLICATE_VALUE", message, [])
