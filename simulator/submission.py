"""What a request body says of a record, as values that can be stored."""

from __future__ import annotations

from typing import Any

from simulator.errors import ApiError
from simulator.references import References
from simulator.schema.access import Access
from simulator.schema.model import Field, SObject
from simulator.values import to_stored


def no_column(name: str, sobject: SObject) -> ApiError:
    message = f"No such column '{name}' on sobject of type {sobject.name}"
    return ApiError(400, "INVALID_FIELD", message)


def submitted(
    access: Access,
    references: References,
    sobject: SObject,
    body: dict[str, Any],
    *,
    creating: bool,
) -> dict[str, Any]:
    """Names and values, checked one by one: visible, writable by this user, of the right kind."""
    visible = access.visible_fields(sobject)
    writable = access.createable_fields(sobject) if creating else access.editable_fields(sobject)
    values: dict[str, Any] = {}
    for name, given in body.items():
        value, field = given, visible.get(name.lower())
        if field is None:
            field = sobject.by_relationship.get(name.lower())
            if field is None or field.name.lower() not in visible:
                raise no_column(name, sobject)
            value = _nested(references, field, given, name, sobject)
        if field.name not in writable:
            raise _not_writable(field, creating=creating)
        values[field.name] = to_stored(field, value)
    return values


def _nested(
    references: References, field: Field, value: Any, name: str, sobject: SObject
) -> str | None:
    if value is None:
        return None
    if not isinstance(value, dict):
        raise no_column(name, sobject)
    return references.resolve(field, value)


def _not_writable(field: Field, *, creating: bool) -> ApiError:
    """Real wording. Id has one of its own in an insert."""
    if creating and field.type == "id":
        message = "cannot specify Id in an insert call"
    else:
        message = (
            f"Unable to create/update fields: {field.name}. Please check the security settings "
            "of this field and verify that it is read/write for your profile or permission set."
        )
    return ApiError(400, "INVALID_FIELD_FOR_INSERT_UPDATE", message, [field.name])
