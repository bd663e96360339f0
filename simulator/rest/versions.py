"""`/services/data` and the root of a version. Versions and labels: recorded in May 2026."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

from simulator.errors import ApiError, not_found
from simulator.rest.call import Answer, Call

OLDEST, NEWEST = 31, 66
RETIRED = range(21, 31)
SEASONS = ("Summer", "Winter", "Spring")
RESOURCES = ("sobjects", "query", "queryAll", "limits", "composite", "recent", "jobs")


def label(version: int) -> str:
    """31 is Summer '14; three releases a year, Winter carrying the next year's number."""
    steps = version - OLDEST
    season = SEASONS[steps % 3]
    year = 14 + (steps + 2) // 3
    return f"{season} '{year}"


def list_versions(retired: Collection[str] = ()) -> list[dict[str, str]]:
    return [
        {"label": label(n), "url": f"/services/data/v{n}.0", "version": f"{n}.0"}
        for n in range(OLDEST, NEWEST + 1)
        if f"{n}.0" not in retired
    ]


def check_version(text: str, retired: Collection[str] = ()) -> None:
    """`retired` are versions that a test has taken away, as `"31.0"`; wording unconfirmed."""
    number = int(text.split(".")[0])
    if number in RETIRED or text in retired:
        raise ApiError(
            410,
            "UNSUPPORTED_API_VERSION",
            f"Salesforce Platform REST API version {text} is retired",
        )
    if not OLDEST <= number <= NEWEST or not text.endswith(".0"):
        raise not_found()


def root(call: Call) -> Answer:
    """A map of resource URLs; clients read `identity` from it."""
    urls: dict[str, Any] = {name: f"/services/data/v{call.version}/{name}" for name in RESOURCES}
    urls["identity"] = f"{call.origin}/id/{call.org.organization_id}/{call.access.user_id}"
    return Answer(body=urls)
