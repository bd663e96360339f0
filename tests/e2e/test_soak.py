"""Random edits on the real processes, in calm and under fire, judged by the org's own events."""

from pathlib import Path

import pytest

from tests.e2e.soak import Soak

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(400)]


def test_every_edit_is_settled(tmp_path: Path) -> None:
    figures = Soak(users=400, edits=300).run(tmp_path)
    assert figures["wrong"] == []
    assert figures["secrets_in_logs"] == []
    assert figures["conflicts"] > 5
    calls = figures["calls"]
    assert calls["re-reads"] + calls["writes"] <= 2 * calls["polls"] + 20


def test_killed_workers_and_a_wiped_broker_lose_nothing(tmp_path: Path) -> None:
    figures = Soak(users=400, edits=300, seed=8, kill_every=2, wipe_broker=True).run(tmp_path)
    assert figures["wrong"] == []
    assert figures["kills"] > 2


@pytest.mark.parametrize("fault", ["lost_answer", "row_lock"])
def test_faults_lose_nothing(tmp_path: Path, fault: str) -> None:
    figures = Soak(users=300, edits=180, seed=9, fault=fault).run(tmp_path)
    assert figures["wrong"] == []
