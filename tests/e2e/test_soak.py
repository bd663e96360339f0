"""Random edits on the real processes, in calm and under fire, judged by the org's own events."""

from pathlib import Path

import pytest

from tests.e2e import traces
from tests.e2e.harness import NO_BRAKE, Program, Salesforce
from tests.e2e.soak import Soak

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(300)]
USERS = 400
SETTINGS = NO_BRAKE


def test_every_edit_is_settled(made: Program, org: Salesforce) -> None:
    figures = Soak(edits=300).run_on(made, org)
    assert figures["wrong"] == []
    assert figures["tracebacks"] == 0
    assert figures["conflict entries"] > 5
    assert figures["refusal entries"] > 5
    assert figures["writes"] > 100


def test_faults_lose_nothing(made: Program, org: Salesforce) -> None:
    faults = ("lost_answer", "row_lock", "expired_token", "truncated_json")
    figures = Soak(edits=300, rate=30, seed=9, faults=faults).run_on(made, org)
    assert figures["wrong"] == []
    assert sum(figures["fault hits"].values()) > 0


def test_no_secret_is_left_in_any_file(made: Program, org: Salesforce, home: Path) -> None:
    searched, found = traces.secrets_in(home, org)
    assert searched > 5
    assert found == []
