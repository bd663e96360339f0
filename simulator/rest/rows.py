"""One record: read, update, create, delete."""

from __future__ import annotations

from typing import Any

from simulator.errors import ApiError, not_found
from simulator.records import Row
from simulator.rest.call import Answer, Call
from simulator.rest.conditions import check_conditions, headers_of
from simulator.rest.objects import fields_error, named_object, named_record
from simulator.schema.model import Field, SObject
from simulator.values import to_json


def read(call: Call, name: str, record_id: str) -> Answer:
    sobject = named_object(call, name)
    row = named_record(call, sobject, record_id)
    if call.org.faults.take("null_record", call.target, row["Id"]):
        raise not_found()
    return read_row(call, sobject, row)


def read_row(call: Call, sobject: SObject, row: Row) -> Answer:
    """One record, with the headers that later conditions refer to."""
    unchanged = check_conditions(call, sobject, row)
    if unchanged:
        return unchanged
    call.tally.records += 1
    wanted = call.params.get("fields")
    names = [n.strip() for n in wanted.split(",") if n.strip()] if wanted else None
    body = shown(call, sobject, row, asked_fields(call, sobject, names))
    return Answer(body=body, headers=headers_of(sobject, row))


def update(call: Call, name: str, record_id: str) -> Answer:
    sobject = named_object(call, name)
    body = without_attributes(call.json_object())
    row = named_record(call, sobject, record_id)
    unchanged = check_conditions(call, sobject, row)
    if unchanged:
        return unchanged
    _check_no_id(body)
    call.tally.records += 1
    call.org.records.update(call.author(), sobject, row, body)
    return Answer(204)


def create(call: Call, name: str) -> Answer:
    sobject = named_object(call, name)
    body = without_attributes(call.json_object())
    _check_no_id(body)
    record_id = call.org.records.create(call.author(), sobject, body)
    call.tally.records += 1
    body = {"id": record_id, "success": True, "errors": []}
    return Answer(201, body, location(call, sobject, record_id))


def location(call: Call, sobject: SObject, record_id: str) -> dict[str, str]:
    return {"Location": f"{call.base}sobjects/{sobject.name}/{record_id}"}


def delete(call: Call, name: str, record_id: str) -> Answer:
    sobject = named_object(call, name)
    call.org.records.delete(call.author(), sobject, named_record(call, sobject, record_id))
    call.tally.records += 1
    return Answer(204)


def _check_no_id(body: dict[str, Any]) -> None:
    if any(key.lower() == "id" for key in body):
        raise ApiError(
            400, "INVALID_FIELD", "The Id field should not be specified in the sobject data."
        )


def without_attributes(body: dict[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in body.items() if key != "attributes"}


def asked_fields(call: Call, sobject: SObject, names: list[str] | None) -> list[Field]:
    """The named fields, or all that the user may read; a hidden one is INVALID_FIELD."""
    if names is None:
        return list(call.access.visible_fields(sobject).values())
    found = []
    for name in names:
        field = call.access.find_readable(sobject, name)
        if field is None:
            raise fields_error(name, sobject)
        found.append(field)
    return found


def shown(call: Call, sobject: SObject, row: Row, fields: list[Field]) -> dict[str, Any]:
    record_id = row["Id"]
    url = f"{call.base}sobjects/{sobject.name}/{record_id}"
    record: dict[str, Any] = {"attributes": {"type": sobject.name, "url": url}}
    for field in fields:
        convert = to_json(field)
        record[field.name] = convert(row[field.name]) if convert else row[field.name]
    record.setdefault("Id", record_id)
    return record
