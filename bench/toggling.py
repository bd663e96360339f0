"""An admin asks for Insight for many users, or no longer: what to send, in calls of 200."""

from collections.abc import Iterator, Sequence
from typing import Any

CHUNK = 200


def toggles(users: Sequence[dict[str, Any]]) -> Iterator[dict[str, Any]]:
    """Bodies of `PATCH composite/sobjects` for these users, as they are now."""
    for start in range(0, len(users), CHUNK):
        records = [
            {
                "attributes": {"type": "User"},
                "id": user["Id"],
                "Requested_Insight__c": not user["Requested_Insight__c"],
            }
            for user in users[start : start + CHUNK]
        ]
        yield {"allOrNone": False, "records": records}
