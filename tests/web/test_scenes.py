"""The scenes are what they say: else the tests that play in them prove nothing."""

import pytest

from tests.e2e.conftest import _program  # noqa: F401 - the page is not needed
from tests.e2e.harness import Program, Salesforce
from tests.web.scenes import idle_users, open_conflicts

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(300)]

USERS = 900


def test_many_conflicts_are_open_in_the_log_and_on_the_records(
    made: Program,
    org: Salesforce,
) -> None:
    found = open_conflicts(made, org, 300)
    assert len(set(found.values())) == 300
    users = org.users()
    assert {users[u]["License_Sync_Status__c"] for u in found} == {"Conflict"}
    assert all(users[u]["Effective_Freedom__c"] for u in found)
    assert not any(users[u]["Effective_SCV__c"] for u in found)
    assert not found.keys() & set(idle_users(org, 5))
