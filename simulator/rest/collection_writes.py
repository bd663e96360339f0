"""sObject Collections, writing: up to 200 records created, updated, upserted or deleted.

The whole call is answered with 200; each record has a result of its own, in order.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from simulator.errors import ApiError, parser_error
from simulator.ids import to_18
from simulator.records import Author, Row
from simulator.references import UNORDERED, unknown_reference
from simulator.rest.call import Answer, Call
from simulator.rest.collections import too_many
from simulator.rest.external import key_field
from simulator.rest.objects import checked_id, named_object
from simulator.rest.rows import without_attributes
from simulator.schema.model import Field, SObject

MOST_WRITTEN = 200
MOST_RUNS = 10
ROLLED_BACK = ApiError(
    400,
    "ALL_OR_NONE_OPERATION_ROLLED_BACK",
    "Record rolled back because not all records were valid and the request was using "
    "AllOrNone header",
)
Item = dict[str, Any]


@dataclass
class Batch:
    """One call's records; `rows` are what is stored, and later items see what earlier ones did."""

    call: Call
    author: Author
    rows: dict[str, Row]


Work = Callable[[Batch, SObject, Item], Item]


class _Failed(Exception):
    """Takes the savepoint down with it; the results are already known."""


def update(call: Call) -> Answer:
    records, strict = _records(call)
    objects = [_object_of(call, record) for record in records]
    return _carry_out(call, objects, records, _update_one, strict=strict)


def create(call: Call) -> Answer:
    records, strict = _records(call)
    objects = [_object_of(call, record) for record in records]
    return _carry_out(call, objects, records, _create_one, strict=strict)


def upsert(call: Call, name: str, key: str) -> Answer:
    """One object, named in the path. A record without `attributes` fails alone (recorded)."""
    sobject = named_object(call, name)
    field = key_field(call, sobject, key)
    records, strict = _records(call)
    objects: list[SObject | None] = [sobject for _ in records]

    def work(batch: Batch, sobject: SObject, record: Item) -> Item:
        return _upsert_one(batch, sobject, field, record)

    answer = _carry_out(call, objects, records, work, strict=strict)
    for result in answer.body:
        result.setdefault("created", False)
    return answer


def delete(call: Call) -> Answer:
    """`?ids=a,b&allOrNone=true`; each id tells its object by its prefix."""
    ids = [i.strip() for i in call.params.get("ids", "").split(",") if i.strip()]
    if not ids:
        raise ApiError(400, "MISSING_ARGUMENT", "The ids parameter is required")
    if len(ids) > MOST_WRITTEN:
        raise too_many(len(ids), MOST_WRITTEN)
    strict = call.params.get("allOrNone", "").lower() == "true"
    objects = [call.org.schema.by_prefix(to_18(i) or "") for i in ids]
    return _carry_out(call, objects, [{"Id": i} for i in ids], _delete_one, strict=strict)


def _records(call: Call) -> tuple[list[Item], bool]:
    body = call.json_object()
    records = body.get("records")
    if not isinstance(records, list) or not all(isinstance(r, dict) for r in records):
        raise parser_error("records must be an array of objects")
    if len(records) > MOST_WRITTEN:
        raise too_many(len(records), MOST_WRITTEN)
    return records, bool(body.get("allOrNone"))


def _carry_out(
    call: Call,
    objects: list[SObject | None],
    records: list[Item],
    work: Work,
    *,
    strict: bool,
) -> Answer:
    """A None among the objects is a record whose object cannot be told."""
    call.tally.records += len(records)
    _check_runs([o for o in objects if o])
    batch = Batch(call, call.author(), _fetch_all(call, objects, records))
    results: list[Item] = []
    try:
        with call.org.db.savepoint():
            pairs = zip(objects, records, strict=True)
            results = [_result(batch, work, sobject, record) for sobject, record in pairs]
            if strict and not all(result["success"] for result in results):
                raise _Failed
    except _Failed:
        results = [ROLLED_BACK.item() if result["success"] else result for result in results]
    return Answer(body=results)


def _result(batch: Batch, work: Work, sobject: SObject | None, record: Item) -> Item:
    """A record that fails leaves nothing of itself behind, cascades included."""
    try:
        if sobject is None:
            raise unknown_reference()
        with batch.call.org.db.savepoint():
            return work(batch, sobject, record)
    except ApiError as error:
        return error.item()


def _update_one(batch: Batch, sobject: SObject, record: Item) -> Item:
    row = _living(batch, sobject, _id_of(record))
    changes = {k: v for k, v in without_attributes(record).items() if k.lower() != "id"}
    batch.call.org.records.update(batch.author, sobject, row, changes)
    return _done(row["Id"])


def _create_one(batch: Batch, sobject: SObject, record: Item) -> Item:
    body = without_attributes(record)
    return _done(batch.call.org.records.create(batch.author, sobject, body))


def _delete_one(batch: Batch, sobject: SObject, record: Item) -> Item:
    row = _living(batch, sobject, record["Id"])
    batch.call.org.records.delete(batch.author, sobject, row)
    row["IsDeleted"] = 1
    return _done(row["Id"])


def _upsert_one(batch: Batch, sobject: SObject, key: Field, record: Item) -> Item:
    if "attributes" not in record:
        raise parser_error(UNORDERED)
    records, named = batch.call.org.records, key.name.lower()
    body = without_attributes(record)
    value = next((v for k, v in body.items() if k.lower() == named), None)
    body = {k: v for k, v in body.items() if k.lower() != "id"}
    if key.type == "id":
        if value is None:
            return _done(records.create(batch.author, sobject, body)) | {"created": True}
        row = _living(batch, sobject, value)
        records.update(batch.author, sobject, row, body)
        return _done(row["Id"]) | {"created": False}
    found = records.references.with_key(sobject, key, value) if value is not None else []
    if len(found) > 1:
        message = f"{key.name}: more than one record found for external id field: {found}"
        raise ApiError(300, "DUPLICATE_EXTERNAL_ID", message, [key.name])
    if not found:
        return _done(records.create(batch.author, sobject, body)) | {"created": True}
    others = {k: v for k, v in body.items() if k.lower() != named}
    records.update(batch.author, sobject, records.get(sobject, found[0]), others)
    return _done(found[0]) | {"created": False}


def _done(record_id: str) -> Item:
    return {"id": record_id, "success": True, "errors": []}


def _living(batch: Batch, sobject: SObject, text: object) -> Row:
    row = batch.rows.get(checked_id(sobject, text))
    if row is None:
        raise ApiError(404, "INVALID_CROSS_REFERENCE_KEY", "invalid cross reference id")
    if row.get("IsDeleted"):
        raise ApiError(404, "ENTITY_IS_DELETED", "entity is deleted")
    return row


def _object_of(call: Call, record: Item) -> SObject | None:
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


def _fetch_all(call: Call, objects: list[SObject | None], records: list[Item]) -> dict[str, Row]:
    """One statement for each type; later items see what earlier ones wrote."""
    rows: dict[str, Row] = {}
    for sobject in {o for o in objects if o}:
        wanted = {to_18(_id_of(r)) for o, r in zip(objects, records, strict=True) if o is sobject}
        rows |= call.org.records.fetch(sobject, [i for i in wanted if i])
    return rows


def _id_of(record: Item) -> object:
    return next((value for key, value in record.items() if key.lower() == "id"), None)
