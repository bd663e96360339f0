"""What is known of an org as a whole."""

from dataclasses import replace
from datetime import timedelta
from functools import partial

import pytest
from sqlalchemy.engine import Engine

from sync.ports.orgs import OrgState
from sync.store import SqlStore
from tests.contract.store.scene import ORG, START, Clock

EMPTY = OrgState(ORG, *(None,) * 12)


@pytest.fixture
def fresh(engine: Engine, clock: Clock) -> SqlStore:
    """A store that has met no org."""
    return SqlStore(engine, clock)


def test_an_org_nobody_met_is_empty(fresh: SqlStore) -> None:
    assert fresh.state(ORG) == EMPTY


def test_the_first_organization_that_answers_is_remembered(fresh: SqlStore) -> None:
    assert fresh.meet(ORG, "00D1") == replace(EMPTY, organization_id="00D1")
    assert fresh.meet(ORG, "00D2") == replace(EMPTY, organization_id="00D1")
    fresh.report_usage("other", 1, 2)
    assert fresh.meet("other", "00D2").organization_id == "00D2"


def test_arming_names_the_organization(fresh: SqlStore, clock: Clock) -> None:
    fresh.meet(ORG, "00D1")
    clock.pass_(5)
    fresh.arm(ORG, "00D2", "print-1", "ann")
    assert fresh.state(ORG) == replace(
        EMPTY,
        organization_id="00D2",
        armed_fingerprint="print-1",
        armed_by="ann",
        armed_at=clock.now,
    )


def test_a_problem_lasts_until_something_works(fresh: SqlStore) -> None:
    fresh.report_problem(ORG, "the login failed", 90)
    state = fresh.state(ORG)
    assert state.problem == "the login failed"
    assert state.problem_until == START + timedelta(seconds=90)
    fresh.report_usage(ORG, 100, 15000)
    fresh.report_good(ORG)
    assert fresh.state(ORG) == replace(EMPTY, api_used=100, api_allowed=15000)


def test_usage_is_noted_beside_a_problem(fresh: SqlStore) -> None:
    fresh.report_usage(ORG, 7, 100)
    assert fresh.state(ORG) == replace(EMPTY, api_used=7, api_allowed=100)
    fresh.report_problem(ORG, "no call is left", 90)
    fresh.report_usage(ORG, 100, 100)
    state = fresh.state(ORG)
    assert (state.api_used, state.api_allowed) == (100, 100)
    assert state.problem == "no call is left"
    assert state.problem_until == START + timedelta(seconds=90)


def test_a_pause_says_by_whom_and_when(fresh: SqlStore) -> None:
    fresh.pause(ORG, "ann")
    assert fresh.state(ORG) == replace(EMPTY, paused_by="ann", paused_at=START)
    assert fresh.state("other").paused_at is None
    fresh.resume(ORG, "bob")
    assert fresh.state(ORG) == EMPTY


def test_a_pause_of_all_holds_for_orgs_nobody_met(fresh: SqlStore, clock: Clock) -> None:
    fresh.pause(None, "ann")
    assert (fresh.state("new").paused_by, fresh.state("new").paused_at) == ("ann", START)
    fresh.resume("new", "bob")
    assert fresh.state("new").paused_by == "ann", "one org is not taken out of a pause of all"
    fresh.resume(None, "bob")
    assert fresh.state("new").paused_at is None


def test_an_org_paused_by_name_stays_paused_when_all_are_resumed(
    fresh: SqlStore, clock: Clock
) -> None:
    fresh.pause(ORG, "ann")
    clock.pass_(5)
    fresh.pause(None, "bob")
    assert fresh.state(ORG).paused_by == "ann"
    fresh.resume(None, "bob")
    assert fresh.state(ORG).paused_by == "ann"


def test_the_first_to_arm_an_org_is_not_overruled_by_who_would_be_first(fresh: SqlStore) -> None:
    arm = partial(fresh.arm, ORG, "00D000000000001AAA")
    assert arm("print-1", "itself", first=True)
    assert not arm("print-2", "itself", first=True)
    assert arm("print-3", "ann")
    assert not arm("print-4", "itself", first=True)
    state = fresh.state(ORG)
    assert (state.armed_fingerprint, state.armed_by) == ("print-3", "ann")
