"""A short run of `make chaos` with the real processes, on each database and with and without polls.

One is polled for, the other is told by its stream alone.
"""

from pathlib import Path

import pytest

from tests.chaos.campaign import Campaign
from tests.chaos.checks.verdict import INVARIANTS
from tests.chaos.schedule import draw
from tests.chaos.ways import WAYS

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(900)]
SECONDS = 8.0
USERS = 120


@pytest.mark.parametrize(("database", "way"), [("sqlite", "stream"), ("postgresql", "polling")])
def test_every_invariant_holds_under_fire(database: str, way: str, tmp_path: Path) -> None:
    plan = draw(11, SECONDS, users=USERS, way=WAYS[way])
    told = Campaign(plan, database, users=USERS).run(tmp_path)
    assert told.summary["wrong"] == [], "\n".join(told.account)
    assert told.summary["invariants"] == dict.fromkeys(INVARIANTS, "held")
    assert told.summary["edits"] > 50
    assert told.summary["writes"] > 20
    assert sum(told.summary["kills"].values()) > 0
    if plan.way.stream:
        assert told.summary["told"]["mattered"] > 50
        assert told.summary["stream"]["kill the listener"] > 0
