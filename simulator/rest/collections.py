"""sObject Collections, reading: up to 2,000 records by their ids."""

from __future__ import annotations

from typing import Any

from simulator.errors import ApiError, parser_error
from simulator.rest.call import Answer, Call
from simulator.rest.objects import checked_id, named_object
from simulator.rest.rows import asked_fields
from simulator.schema.model import Field, SObject
from simulator.values import to_json

MOST_READ = 2000
Item = dict[str, Any]


def read(call: Call, name: str) -> Answer:
    """Results in the order of the ids; unknown or unreadable ones are null in place."""
    sobject = named_object(call, name)
    ids, names = _asked(call)
    if len(ids) > MOST_READ:
        raise too_many(len(ids), MOST_READ)
    fields = asked_fields(call, sobject, names)
    long = [checked_id(sobject, i) for i in ids]
    call.tally.records += len(long)
    readable = [
        i for i in dict.fromkeys(long) if not call.org.faults.take("null_record", call.target, i)
    ]
    records = _records(call, sobject, fields, readable)
    return Answer(body=[records.get(i) for i in long])


def _records(call: Call, sobject: SObject, fields: list[Field], ids: list[str]) -> dict[str, Item]:
    """By id; deleted rows are left out."""
    url = f"{call.base}sobjects/{sobject.name}/"
    shown = [(f.name, to_json(f)) for f in fields if f.name != "Id"]
    names = ["Id", "IsDeleted" if sobject.deletable else "Id", *(name for name, _ in shown)]
    records: dict[str, Item] = {}
    for record_id, deleted, *values in call.org.records.select(sobject, names, ids):
        if deleted == 1:
            continue
        record: Item = {
            "attributes": {"type": sobject.name, "url": url + record_id},
            "Id": record_id,
        }
        for (name, convert), value in zip(shown, values, strict=True):
            record[name] = convert(value) if convert else value
        records[record_id] = record
    return records


def _asked(call: Call) -> tuple[list[str], list[str]]:
    if call.method == "GET":
        ids, names = (call.params.get(key, "").split(",") for key in ("ids", "fields"))
    else:
        body = call.json_object()
        ids, names = body.get("ids", []), body.get("fields", [])
    if (
        not isinstance(ids, list)
        or not isinstance(names, list)
        or not all(isinstance(n, str) for n in names)
    ):
        raise parser_error("ids and fields must be arrays of strings")
    return [i for i in ids if i != ""], [n.strip() for n in names if n.strip()]


def too_many(count: int, most: int) -> ApiError:
    """The status is documented (400); code and wording are unconfirmed."""
    return ApiError(
        400, "LIMIT_EXCEEDED", f"record collection size of {count} exceeds the limit of {most}"
    )
