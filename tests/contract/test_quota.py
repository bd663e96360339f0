"""An org whose API calls run out and come back, on the simulated org's own rolling quota."""

from collections.abc import Callable, Iterator
from pathlib import Path
from time import sleep

import pytest

from config.settings import Settings
from config.wiring import Runtime
from sync.org import Org
from sync.ports.pending import Priority
from tests.e2e.harness import ORG, Salesforce, salesforce, somebody, wait_for

WINDOW_SECONDS = 6
PROBE_SECONDS = 1


@pytest.fixture
def simulated(tmp_path: Path) -> Iterator[Salesforce]:
    with salesforce(tmp_path, "--users", "20", "--seed", "7") as made:
        yield made


@pytest.fixture
def runtime(tmp_path: Path, simulated: Salesforce) -> Runtime:
    facts = simulated.facts
    settings = {
        "login_url": simulated.url,
        "client_id": facts["client_id"],
        "client_secret": facts["client_secret"],
        "ca_file": facts["ca_file"],
        "features": ["scv"],
        "budget_probe_seconds": PROBE_SECONDS,
    }
    made = Runtime(Settings.model_validate({"orgs": {ORG: settings}, "state_dir": tmp_path / "s"}))
    made.migrate()
    return made


def test_an_org_without_calls_recovers_by_itself_when_the_window_rolls(
    runtime: Runtime, simulated: Salesforce
) -> None:
    org, user = runtime.org(ORG), somebody(simulated)
    wait_for("armed and idle", lambda: _work(runtime, org) and not runtime.store.due_work())
    simulated.edit(user, {"Requested_Freedom__c": True})
    simulated.control("quota", {"max": 500, "used": 500, "window": WINDOW_SECONDS})
    before = simulated.last_call()

    def tried() -> int:
        return sum("/services/data" in call["path"] for call in simulated.calls(before))

    _until(runtime, org, lambda: tried() >= 3)
    state = runtime.store.state(ORG)
    assert state.problem is not None
    assert "API" in state.problem
    assert (state.api_used, state.api_allowed) == (500, 500)
    assert simulated.held(user) == set()
    _until(runtime, org, lambda: simulated.held(user) == {"CTI", "Freedom"})
    refused = [call for call in simulated.calls(before) if call["status"] == 403]
    assert 3 <= len(refused) <= WINDOW_SECONDS / PROBE_SECONDS + 1
    assert runtime.store.state(ORG).problem is None


def _until(runtime: Runtime, org: Org, seen: Callable[[], object]) -> None:
    def is_so() -> bool:
        _work(runtime, org)
        return bool(seen())

    wait_for("seen", is_so, 30)


def _work(runtime: Runtime, org: Org) -> bool:
    """What the ticks of a moment do; whether the org is armed after it."""
    org.poll()
    for work in runtime.store.due_work().values():
        for run in work.runs if org.may_run() else ():
            org.carry_out(run)
    for priority in Priority:
        org.settle(priority, 2000)
    sleep(0.05)
    return runtime.store.state(ORG).armed_fingerprint is not None
