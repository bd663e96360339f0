"""A short run of `make chaos` with the real processes, on each database."""

from pathlib import Path

import pytest

from tests.chaos.campaign import Campaign
from tests.chaos.checks.verdict import INVARIANTS
from tests.chaos.schedule import draw
from tests.chaos.stage import DATABASES

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(900)]
SECONDS = 9.0
USERS = 120


@pytest.mark.parametrize("database", DATABASES)
def test_every_invariant_holds_under_fire(database: str, tmp_path: Path) -> None:
    plan = draw(11, SECONDS, users=USERS)
    told = Campaign(plan, database, users=USERS).run(tmp_path)
    assert told.summary["wrong"] == [], "\n".join(told.account)
    assert told.summary["invariants"] == dict.fromkeys(INVARIANTS, "held")
    assert told.summary["edits"] > 50
    assert told.summary["writes"] > 20
    assert sum(told.summary["kills"].values()) > 0
