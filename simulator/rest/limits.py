"""`/limits` and `/limits/recordCount`. Names and maxima: recorded in May 2026."""

from __future__ import annotations

from simulator.bulk.allotments import used
from simulator.rest.call import Answer, Call

OTHERS = {
    "DailyBulkApiBatches": 15000,
    "DailyBulkV2QueryJobs": 10000,
    "DailyBulkV2QueryFileStorageMB": 976562,
    "DailyDeliveredPlatformEvents": 10000,
    "HourlyPublishedPlatformEvents": 50000,
    "DataStorageMB": 5,
    "FileStorageMB": 20,
    "DailyAsyncApexExecutions": 250000,
    "SingleEmail": 15,
    "MassEmail": 10,
}


def limits(call: Call) -> Answer:
    quota = call.org.quota
    daily = {"DailyApiRequests": {"Max": quota.max, "Remaining": max(0, quota.max - quota.used)}}
    bulk = used(call.org)
    return Answer(
        body=daily
        | {
            name: {"Max": most, "Remaining": max(0, most - bulk.get(name, 0))}
            for name, most in OTHERS.items()
        }
    )


def record_count(call: Call) -> Answer:
    """Objects without rows are left out (recorded)."""
    asked = call.params.get("sObjects")
    names = asked.split(",") if asked else list(call.org.schema.objects)
    found = [o for name in names if (o := call.org.schema.object(name.strip()))]
    counts = [
        (o.name, call.org.db.execute(f"SELECT count(*) FROM {o.table}").fetchone()[0])
        for o in found
    ]
    return Answer(
        body={"sObjects": [{"count": count, "name": name} for name, count in counts if count]}
    )
