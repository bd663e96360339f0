"""Finding the object and the record that a path names."""

from __future__ import annotations

from simulator.errors import ApiError, not_found
from simulator.ids import to_18
from simulator.records import Row
from simulator.rest.call import Call
from simulator.schema.model import SObject


def named_object(call: Call, name: str) -> SObject:
    found = call.org.schema.object(name)
    if found is None:
        raise not_found()
    return found


def checked_id(sobject: SObject, text: object) -> str:
    """The 18-character id; of another object's prefix, or no id: MALFORMED_ID (documented)."""
    long = to_18(text)
    if long is None or long[:3] != sobject.prefix:
        message = f"{sobject.label} ID: id value of incorrect type: {text}"
        raise ApiError(400, "MALFORMED_ID", message, ["Id"])
    return long


def named_record(call: Call, sobject: SObject, text: str) -> Row:
    return call.org.records.get(sobject, checked_id(sobject, text))


def fields_error(name: str, sobject: SObject) -> ApiError:
    return ApiError(
        400, "INVALID_FIELD", f"No such column '{name}' on sobject of type {sobject.name}"
    )
