"""sObject Collections: up to 200 records written, up to 2,000 read, in one call."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from simulator.errors import ApiError, parser_error
from simulator.ids import to_18
from simulator.records import Author, Records, Row
from simulator.rest.call import Answer, Call
from simulator.rest.objects import checked_id, named_object
from simulator.rest.rows import asked_fields, without_attributes
from simulator.schema.model import Field, SObject
from simulator.values import to_json

MOST_WRITTEN = 200
MOST_READ = 2000
MOST_RUNS = 10
ROLLED_BACK = ApiError(
    400,
    "ALL_OR_NONE_OPERATION_ROLLED_BACK",
    "Record rolled back because not all records were valid and the request was using "
    "AllOrNone header",
)
Item = dict[str, Any]
Work = Callable[[Records, Author, SObject, Item, dict[str, Row]], str]


class _Failed(Exception):
    """Takes the savepoint down with it; the results are already known."""


def update(call: Call) -> Answer:
    return _write(call, _update_one)


def create(call: Call) -> Answer:
    return _write(call, _create_one)


def read(call: Call, name: str) -> Answer:
    """Results in the order of the ids; unknown or unreadable ones are null in place."""
    sobject = named_object(call, name)
    ids, names = _asked(call)
    if len(ids) > MOST_READ:
        raise _too_many(len(ids), MOST_READ)
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


def _write(call: Call, work: Work) -> Answer:
    body = call.json_object()
    records, strict = body.get("records"), bool(body.get("allOrNone"))
    if not isinstance(records, list) or not all(isinstance(r, dict) for r in records):
        raise parser_error("records must be an array of objects")
    if len(records) > MOST_WRITTEN:
        raise _too_many(len(records), MOST_WRITTEN)
    call.tally.records += len(records)
    objects = [_object_of(call, record) for record in records]
    _check_runs(objects)
    rows = _fetch_all(call, objects, records)
    results: list[Item] = []
    author = call.author()
    try:
        with call.org.db.savepoint():
            results = [
                _result(call, author, work, o, r, rows)
                for o, r in zip(objects, records, strict=True)
            ]
            if strict and not all(result["success"] for result in results):
                raise _Failed
    except _Failed:
        results = [ROLLED_BACK.item() if result["success"] else result for result in results]
    return Answer(body=results)


def _result(
    call: Call, author: Author, work: Work, sobject: SObject, record: Item, rows: dict[str, Row]
) -> Item:
    try:
        return {
            "id": work(call.org.records, author, sobject, record, rows),
            "success": True,
            "errors": [],
        }
    except ApiError as error:
        return error.item()


def _update_one(
    records: Records, author: Author, sobject: SObject, record: Item, rows: dict[str, Row]
) -> str:
    record_id = checked_id(sobject, _id_of(record))
    row = rows.get(record_id)
    if row is None:
        raise ApiError(404, "INVALID_CROSS_REFERENCE_KEY", "invalid cross reference id")
    if row.get("IsDeleted"):
        raise ApiError(404, "ENTITY_IS_DELETED", "entity is deleted")
    changes = {
        key: value for key, value in without_attributes(record).items() if key.lower() != "id"
    }
    records.update(author, sobject, row, changes)
    return record_id


def _create_one(
    records: Records, author: Author, sobject: SObject, record: Item, _: dict[str, Row]
) -> str:
    return records.create(author, sobject, without_attributes(record))


def _object_of(call: Call, record: Item) -> SObject:
    attributes = record.get("attributes")
    kind = attributes.get("type") if isinstance(attributes, dict) else None
    found = call.org.schema.object(kind) if isinstance(kind, str) else None
    if found is None:
        raise ApiError(400, "INVALID_TYPE", f"sObject type '{kind}' is not supported.")
    return found


def _check_runs(objects: list[SObject]) -> None:
    """At most ten runs of one type, and no setup object next to another kind (documented)."""
    runs = sum(1 for n, o in enumerate(objects) if n == 0 or o is not objects[n - 1])
    if runs > MOST_RUNS:
        raise ApiError(
            400, "LIMIT_EXCEEDED", f"At most {MOST_RUNS} chunks of records are allowed in a request"
        )
    if runs > 1 and any(o.setup for o in objects):
        message = (
            "DML operation on setup object is not permitted after you have updated a "
            "non-setup object"
        )
        raise ApiError(400, "MIXED_DML_OPERATION", message)


def _fetch_all(call: Call, objects: list[SObject], records: list[Item]) -> dict[str, Row]:
    """One statement for each type; later items see what earlier ones wrote."""
    rows: dict[str, Row] = {}
    for sobject in set(objects):
        wanted = {to_18(_id_of(r)) for o, r in zip(objects, records, strict=True) if o is sobject}
        rows |= call.org.records.fetch(sobject, [i for i in wanted if i])
    return rows


def _id_of(record: Item) -> object:
    return next((value for key, value in record.items() if key.lower() == "id"), None)


def _too_many(count: int, most: int) -> ApiError:
    """The status is documented (400); code and wording are unconfirmed."""
    return ApiError(
        400, "LIMIT_EXCEEDED", f"record collection size of {count} exceeds the limit of {most}"
    )
