"""An automation of the org that undoes what license-sync writes, with the real processes."""

from typing import Any

import pytest

from tests.e2e.harness import Program, Salesforce, somebody, wait_for

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(300)]

PATIENCE = 120.0
"""Six rounds of poll and settle, on a machine that has other tests to run."""


def parked(made: Program, user: str) -> list[dict[str, Any]]:
    """What the conflict log says of a parked user."""
    found = made.json("conflicts", "list", "--kind", "parked")
    return [entry for entry in found if entry["user_id"] == user]


def rounds(org: Salesforce, user: str) -> int:
    """In how many calls the program wrote to a user; what undoes it within one is of that call."""
    own = org.facts_now()["integration_id"]
    calls = [call for call in org.calls() if call["user_id"] == own]
    return sum(any(write["id"] == user for write in call["writes"]) for call in calls)


@pytest.mark.parametrize(
    ("when", "who"),
    [({"seconds": 0.5}, "automation_id"), ({}, "integration_id")],
    ids=["soon after", "within the write"],
)
def test_who_keeps_undoing_is_named_and_the_user_is_settled_once_it_stops(
    made: Program, org: Salesforce, when: dict[str, float], who: str
) -> None:
    user = somebody(org)
    before = rounds(org, user)
    whom = {"by": "integration", "ids": [user]}
    undoes = {"kind": "reverting", "field": "Effective_PBX__c", "when": whom}
    org.control("automations", undoes | when)
    org.edit(user, {"Requested_PBX__c": True})
    made.wait_until("parked", lambda o: o["parked"], PATIENCE)
    (entry,) = parked(made, user)
    assert entry["code"] == "fighting"
    assert org.facts_now()[who] in entry["message"]
    assert rounds(org, user) - before == 5
    org.control("automations", method="DELETE")
    made.run("parked", "retry", user)
    wait_for("written", lambda: org.held(user) == {"PBX"}, PATIENCE)
    made.wait_until("no longer parked", lambda o: o["parked"] == 0, PATIENCE)
