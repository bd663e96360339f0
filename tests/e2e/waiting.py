"""How long edits wait to be settled, as the orgs' own journals have it."""

import math
import time
from collections.abc import Iterator, Mapping

from tests.e2e.harness import Salesforce


class Askers:
    """An admin in each of these orgs, who ticks a license for one user after another."""

    def __init__(self, orgs: Mapping[str, Salesforce]) -> None:
        self._orgs = orgs
        self._next = {name: _who_lacks_insight(org) for name, org in orgs.items()}

    def ask(self, times: int, every: float) -> None:
        """One edit in each org, so many times; `every` seconds between the begins."""
        start = time.monotonic()
        for number in range(times):
            time.sleep(max(0.0, start + number * every - time.monotonic()))
            for name, org in self._orgs.items():
                org.edit(next(self._next[name]), {"Requested_Insight__c": True})

    def marks(self) -> dict[str, int]:
        """The newest change of each org: `waits` counts what comes after."""
        return {name: org.facts_now()["last_change"] for name, org in self._orgs.items()}

    def waits(self, since: Mapping[str, int]) -> list[float]:
        """Seconds from each edit since then to its settling; without end where that never came."""
        return sorted(w for name, org in self._orgs.items() for w in _waits(org, since[name]))


def _who_lacks_insight(org: Salesforce) -> Iterator[str]:
    return (
        user_id
        for user_id, user in org.users().items()
        if user["IsActive"] and not user["Requested_Insight__c"]
    )


def _waits(org: Salesforce, since: int) -> Iterator[float]:
    facts = org.facts_now()
    asked: dict[str, float] = {}
    for change in org.changes(since):
        if change["by"] == facts["admin_id"]:
            asked[change["id"]] = change["at"]
        elif change["by"] == facts["integration_id"] and change["id"] in asked:
            yield change["at"] - asked.pop(change["id"])
    yield from (math.inf for _ in asked)
