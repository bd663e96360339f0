"""getUpdated and getDeleted.

Rules from the REST and SOAP guides: seconds are ignored, start must be before end after
that, at most 30 days back, and `latestDateCovered` never passes the start of a
transaction that is still open. The wording of the errors is unconfirmed.
"""

from __future__ import annotations

from simulator.clock import parse_iso, rest_datetime
from simulator.errors import ApiError
from simulator.rest.call import Answer, Call
from simulator.rest.objects import named_object

MOST_DAYS = 30
MOST_IDS = 600_000
DAY = 24 * 3600


def updated(call: Call, name: str) -> Answer:
    sobject = named_object(call, name)
    start, end = _window(call)
    alive = " AND IsDeleted = 0" if sobject.deletable else ""
    rows = call.org.db.execute(
        f"SELECT Id FROM {sobject.table} WHERE SystemModstamp >= ? AND SystemModstamp < ?{alive} "
        "ORDER BY SystemModstamp, Id LIMIT ?",
        (start, end, MOST_IDS + 1),
    ).fetchall()
    if len(rows) > MOST_IDS:
        raise ApiError(400, "EXCEEDED_ID_LIMIT", "too many ids returned; narrow the date range")
    call.tally.records += len(rows)
    return Answer(
        body={
            "ids": [row[0] for row in rows],
            "latestDateCovered": rest_datetime(_covered(call, end)),
        }
    )


def deleted(call: Call, name: str) -> Answer:
    sobject = named_object(call, name)
    start, end = _window(call)
    rows: list[tuple[str, int]] = []
    if sobject.deletable:
        rows = call.org.db.execute(
            f"SELECT Id, SystemModstamp FROM {sobject.table} WHERE IsDeleted = 1 AND "
            "SystemModstamp >= ? "
            "AND SystemModstamp < ? ORDER BY SystemModstamp, Id",
            (start, end),
        ).fetchall()
    return Answer(
        body={
            "deletedRecords": [{"id": i, "deletedDate": rest_datetime(stamp)} for i, stamp in rows],
            "earliestDateAvailable": rest_datetime(int(call.at) - MOST_DAYS * DAY),
            "latestDateCovered": rest_datetime(_covered(call, end)),
        }
    )


def _window(call: Call) -> tuple[int, int]:
    start, end = (_minute(call, name) for name in ("start", "end"))
    if start >= end:
        raise ApiError(400, "INVALID_REPLICATION_DATE", "startDate must be before endDate")
    if start < int(call.at) - MOST_DAYS * DAY - DAY:
        raise ApiError(400, "INVALID_REPLICATION_DATE", "startDate cannot be more than 30 days ago")
    return start, end


def _minute(call: Call, name: str) -> int:
    text = call.params.get(name)
    seconds = parse_iso(text) if text else None
    if seconds is None:
        raise ApiError(400, "INVALID_FIELD", f"{name} parameter is not a valid date: {text}")
    return seconds - seconds % 60


def _covered(call: Call, end: int) -> int:
    now = int(call.at)
    covered = min(end, now - now % 60)
    oldest = call.org.locks.oldest_open()
    return covered if oldest is None else min(covered, int(oldest))
