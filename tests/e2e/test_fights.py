"""An automation of the org that undoes what license-sync writes, with the real processes."""

from typing import Any

import pytest

from tests.e2e.harness import Program, Salesforce, somebody, wait_for

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(300), pytest.mark.xdist_group("fights")]

UNDOES = {"kind": "reverting", "field": "Effective_PBX__c", "when": {"by": "integration"}}


@pytest.fixture(params=[0.5, None], ids=["soon after", "within the write"])
def other(org: Salesforce, request: pytest.FixtureRequest) -> str:
    """Undoes each write to PBX; the id of who does it."""
    facts = org.facts_now()
    after = {} if request.param is None else {"seconds": request.param}
    org.control("automations", UNDOES | after)
    return str(facts["automation_id"] if after else facts["integration_id"])


def parked(made: Program, user: str) -> list[dict[str, Any]]:
    """What the conflict log says of a parked user."""
    found = made.json("conflicts", "list", "--kind", "parked")
    return [entry for entry in found if entry["user_id"] == user]


def rounds(org: Salesforce, since: int) -> list[dict[str, Any]]:
    """The program's calls that wrote; what was undone within one is of the same call."""
    own = org.facts_now()["integration_id"]
    return [call for call in org.calls(since) if call["user_id"] == own and call["writes"]]


def test_who_keeps_undoing_is_named_and_the_user_is_settled_once_it_stops(
    made: Program, org: Salesforce, other: str
) -> None:
    user, call = somebody(org), org.last_call()
    org.edit(user, {"Requested_PBX__c": True})
    (entry,) = wait_for("parked", lambda: parked(made, user))
    assert entry["code"] == "fighting"
    assert other in entry["message"]
    assert len(rounds(org, call)) == 5
    org.control("automations", method="DELETE")
    made.run("parked", "retry", user)
    wait_for("written", lambda: org.held(user) == {"PBX"})
    made.wait_until("no longer parked", lambda o: o["parked"] == 0)
