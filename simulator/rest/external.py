"""Records named by an external id: read, upsert, delete."""

from __future__ import annotations

from typing import Any

from simulator.errors import ApiError, not_found
from simulator.ids import to_18
from simulator.records import Row
from simulator.rest.call import Answer, Call
from simulator.rest.conditions import check_conditions
from simulator.rest.objects import checked_id, named_object
from simulator.rest.related import related
from simulator.rest.rows import location, read_row, without_attributes
from simulator.schema.model import Field, SObject

ANSWERS_UPDATES = 46  # up to 45 an update was answered with 204 and no body (documented)


def key_field(call: Call, sobject: SObject, name: str) -> Field:
    """The field, if records can be named by it and the user sees it (recorded refusal)."""
    field = call.access.find_readable(sobject, name)
    if field is None or not field.id_lookup:
        message = f"Provided external ID field does not exist or is not accessible: {name}"
        raise ApiError(404, "NOT_FOUND", message)
    return field


def read(call: Call, name: str, key: str, value: str) -> Answer:
    sobject = named_object(call, name)
    if (to_18(key) or "")[:3] == sobject.prefix:
        return related(call, sobject, key, value)
    found = _found(call, sobject, key_field(call, sobject, key), value)
    if len(found) > 1:
        return _several(call, sobject, found)
    if not found:
        raise not_found()
    return read_row(call, sobject, call.org.records.get(sobject, found[0]))


def delete(call: Call, name: str, key: str, value: str) -> Answer:
    sobject = named_object(call, name)
    found = _found(call, sobject, key_field(call, sobject, key), value)
    if len(found) > 1:
        return _several(call, sobject, found)
    if not found:
        raise not_found()
    call.tally.records += 1
    call.org.records.delete(call.author(), sobject, call.org.records.get(sobject, found[0]))
    return Answer(204)


def upsert(call: Call, name: str, key: str, value: str) -> Answer:
    sobject = named_object(call, name)
    field = key_field(call, sobject, key)
    body = without_attributes(call.json_object())
    _check_keys(field, body)
    found = _found(call, sobject, field, value)
    if len(found) > 1:
        return _several(call, sobject, found)
    call.tally.records += 1
    if not found:
        return _insert(call, sobject, body if field.type == "id" else {**body, field.name: value})
    row = call.org.records.get(sobject, found[0])
    unchanged = check_conditions(call, sobject, row)
    if unchanged:
        return unchanged
    call.org.records.update(call.author(), sobject, row, body)
    if float(call.version) < ANSWERS_UPDATES:
        return Answer(204)
    return Answer(200, _result(row["Id"], created=False), location(call, sobject, row["Id"]))


def _insert(call: Call, sobject: SObject, body: Row) -> Answer:
    """`?updateOnly=true` forbids it; its refusal is unconfirmed. No id is made to order."""
    if call.params.get("updateOnly", "").lower() == "true" or key_is_id(call):
        raise not_found()
    record_id = call.org.records.create(call.author(), sobject, body)
    return Answer(201, _result(record_id, created=True), location(call, sobject, record_id))


def key_is_id(call: Call) -> bool:
    """Whether the path names the record by `Id`, with a value."""
    return call.path.rstrip("/").split("/")[-2].lower() == "id"


def _result(record_id: str, *, created: bool) -> dict[str, Any]:
    return {"id": record_id, "success": True, "errors": [], "created": created}


def _check_keys(field: Field, body: Row) -> None:
    """Neither Id nor the key of the path may stand in the body (wording unconfirmed)."""
    for name in body:
        if name.lower() in ("id", field.name.lower()):
            message = f"The {name} field should not be specified in the sobject data."
            raise ApiError(400, "INVALID_FIELD", message)


def _found(call: Call, sobject: SObject, field: Field, value: str) -> list[str]:
    if field.type == "id":
        long = checked_id(sobject, value)
        return [long] if call.org.records.fetch(sobject, [long]) else []
    return call.org.records.references.with_key(sobject, field, value)


def _several(call: Call, sobject: SObject, found: list[str]) -> Answer:
    """300 and the records' URLs (documented)."""
    return Answer(300, [f"{call.base}sobjects/{sobject.name}/{i}" for i in found])
