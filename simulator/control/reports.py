"""What really is and what really happened: users, changes, calls, the state of the org."""

from __future__ import annotations

from typing import Any

from simulator.control.orders import number
from simulator.exchange import Exchange
from simulator.ids import to_18
from simulator.org import Org

MANY = 10_000
SHOWN = (
    "Id",
    "Username",
    "Name",
    "IsActive",
    "UserType",
    "LastModifiedById",
    "LastModifiedDate",
    "SystemModstamp",
)


def calls(org: Org, exchange: Exchange) -> Any:
    return org.journal.calls(number(exchange, "since", 0), number(exchange, "limit", MANY))


def summary(org: Org, _: Exchange) -> Any:
    return org.journal.summary()


def changes(org: Org, exchange: Exchange) -> Any:
    return org.journal.changes(
        number(exchange, "since", 0),
        number(exchange, "limit", 10 * MANY),
        sobject=exchange.params.get("object"),
        record_id=to_18(exchange.params.get("id")),
    )


def users(org: Org, exchange: Exchange) -> Any:
    """Every user as stored, by id; all custom fields, whatever field-level security says."""
    limit, after = number(exchange, "limit", 100_000), exchange.params.get("after", "")
    user = org.schema.objects["user"]
    names = [*SHOWN, *(f.name for f in user.fields if f.custom)]
    columns = ", ".join(f'"{name}"' for name in names)
    rows = org.db.execute(
        f"SELECT {columns} FROM {user.table} WHERE Id > ? ORDER BY Id LIMIT ?", (after, limit)
    )
    flags = {f.name for f in user.fields if f.type == "boolean"}
    found = [
        {n: bool(v) if n in flags else v for n, v in zip(names, row, strict=True)} for row in rows
    ]
    following = found[-1]["Id"] if len(found) == limit else None
    return {"users": found, "next": following, "last_change": org.journal.last_change()}


def state(org: Org, _: Exchange) -> Any:
    quota, concurrency = org.quota, org.concurrency
    return {
        "now": org.clock.now(),
        "clock_offset": org.clock.offset,
        "clock_speed": org.clock.speed,
        "organization_id": org.organization_id,
        "admin_id": org.admin_id,
        "integration_id": org.integration_id,
        "automation_id": org.automation_id,
        "quota": {"max": quota.max, "used": quota.used, "window": quota.window},
        "long_running": concurrency.long_running,
        "retired_versions": sorted(org.retired_versions),
        "last_change": org.journal.last_change(),
    }
