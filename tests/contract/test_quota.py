"""An org whose API calls run out and come back, on the simulated org's own rolling quota."""

from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from pathlib import Path
from time import sleep

import pytest

from config.settings import Settings
from config.wiring import Runtime
from sync.org import Org
from sync.ports.pending import Priority
from sync.ports.streams import Heard, Source
from sync.store.store import SqlStore
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


DAY = 86_400
HOUR = 3600
TICK = 300
PROCESSES = 3
"""Workers for live edits: each has its own memory of the schema."""


def test_a_day_on_which_nothing_changes_costs_few_calls_while_an_org_tells_of_its_changes(
    runtime: Runtime, simulated: Salesforce
) -> None:
    """The night's reconcile included."""
    wait_for("armed and idle", lambda: _work(runtime, runtime.org(ORG)) and not _due(runtime))
    now = runtime.store.now()
    clock = [now]
    store = SqlStore(runtime.store.engine, clock=lambda: clock[0])
    orgs = [_of_process(runtime, store, clock) for _ in range(PROCESSES)]
    organization = orgs[0].gateway.organization_id()
    stream = store.take_stream(Source(ORG, organization, "/data/UserChangeEvent"), "me:1", DAY * 2)
    assert stream is not None
    store.hear(stream, Heard(b"\x01"), DAY * 2)
    before = simulated.facts_now()["quota"]["used"]
    for tick in range((DAY + HOUR) // TICK):  # so that every hour of the day comes up
        clock[0] = now + timedelta(seconds=tick * TICK)
        org = orgs[tick % PROCESSES]
        org.poll()
        org.overlap()
        org.queue_nightly(3)
        due = store.due_work()
        for run_id in due[ORG].runs if ORG in due else ():
            org.carry_out(run_id)
    cost = simulated.facts_now()["quota"]["used"] - before
    reconciled = store.state(ORG).last_reconcile_at
    assert reconciled is not None
    assert reconciled > now
    assert 100 < cost <= 300


def _due(runtime: Runtime) -> object:
    return runtime.store.due_work()


def _of_process(runtime: Runtime, store: SqlStore, clock: list[datetime]) -> Org:
    """The org as another process has it, by a clock that the test moves."""
    made = Runtime(runtime.settings)
    made.__dict__["store"] = store
    org = made.org(ORG)

    def seconds() -> float:
        return clock[0].timestamp()

    org.monotonic = seconds
    return org
