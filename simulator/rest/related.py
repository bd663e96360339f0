"""Relationship paths: `/sobjects/X/ID/Owner` is a parent, `/sobjects/X/ID/Contacts` children."""

from __future__ import annotations

from simulator.errors import ApiError, not_found
from simulator.records import Row
from simulator.rest.call import Answer, Call
from simulator.rest.objects import named_record
from simulator.rest.rows import asked_fields, read_row, shown
from simulator.schema.model import SObject

MOST = 2000


def related(call: Call, sobject: SObject, record_id: str, name: str) -> Answer:
    """One record, or a query answer (its first 2,000; further pages are not served here)."""
    row = named_record(call, sobject, record_id)
    lookup = sobject.by_relationship.get(name.lower())
    if lookup and call.access.readable(sobject, lookup):
        return _parent(call, row[lookup.name])
    for child, field in call.org.schema.children(sobject):
        named = (field.child_relationship or "").lower() == name.lower()
        if named and call.access.readable(child, field):
            return _children(call, child, field.name, row)
    raise not_found()


def _parent(call: Call, parent_id: str | None) -> Answer:
    """A blank lookup is 404; its message is unconfirmed."""
    parent = call.org.schema.by_prefix(parent_id) if parent_id else None
    if parent is None or parent_id is None:
        message = "The requested resource does not exist or is empty"
        raise ApiError(404, "NOT_FOUND", message)
    return read_row(call, parent, call.org.records.get(parent, parent_id))


def _children(call: Call, child: SObject, lookup: str, row: Row) -> Answer:
    alive = " AND IsDeleted = 0" if child.deletable else ""
    found = call.org.db.execute(
        f'SELECT Id FROM {child.table} WHERE "{lookup}" = ?{alive} ORDER BY Id LIMIT ?',
        (row["Id"], MOST),
    ).fetchall()
    asked = call.params.get("fields")
    fields = asked_fields(call, child, asked.split(",") if asked else None)
    rows = call.org.records.fetch(child, [i for (i,) in found])
    records = [shown(call, child, rows[i], fields) for (i,) in found]
    call.tally.records += len(records)
    return Answer(body={"totalSize": len(records), "done": True, "records": records})
