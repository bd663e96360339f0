"""What a user worked on last: `/recent`, and `recentItems` of an object.

Here those are the records that the user changed; whether reading over the API counts in
an org depends on `Sforce-Mru` (not served).
"""

from __future__ import annotations

from typing import Any

from simulator.rest.call import Answer, Call
from simulator.schema.model import SObject

MOST = 200
LOOKED_AT = 500


def recent(call: Call) -> Answer:
    limit = call.params.get("limit", "")
    return Answer(body=_records(call, None)[: int(limit) if limit.isdigit() else MOST])


def recent_records(call: Call, sobject: SObject) -> list[dict[str, Any]]:
    return _records(call, sobject)


def _records(call: Call, only: SObject | None) -> list[dict[str, Any]]:
    """The latest first, each once, deleted ones left out."""
    rows = call.org.db.execute(
        "SELECT object, id, by_id FROM change ORDER BY seq DESC LIMIT ?", (LOOKED_AT,)
    ).fetchall()
    mine = dict.fromkeys((o, i) for o, i, by in rows if by == call.access.user_id)
    found = [(call.org.schema.object(name), record_id) for name, record_id in mine]
    shown = [
        _item(call, sobject, record_id)
        for sobject, record_id in found
        if sobject and only in (None, sobject)
    ]
    return [item for item in shown if item]


def _item(call: Call, sobject: SObject, record_id: str) -> dict[str, Any] | None:
    row = call.org.records.fetch(sobject, [record_id]).get(record_id)
    if row is None or row.get("IsDeleted"):
        return None
    url = f"{call.base}sobjects/{sobject.name}/{record_id}"
    item: dict[str, Any] = {"attributes": {"type": sobject.name, "url": url}, "Id": record_id}
    name = sobject.name_field
    return item | ({name.name: row[name.name]} if name else {})
