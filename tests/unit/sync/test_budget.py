"""What an org's API calls suffice for, over all shares that may be used."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sync.budget import RARE_SECONDS, SANE_BUDGET, Budget, Stage, may_look, sentence, stage

NOW = datetime(2026, 3, 1, tzinfo=UTC)
SHARES = st.floats(0, 1)
BUDGETS = st.lists(SHARES, min_size=3, max_size=3).map(lambda s: Budget(*sorted(s)))


def test_reconciles_wait_first_then_looks_are_rare_then_writes_go_on_alone() -> None:
    used = (0, 6999, 7000, 8499, 8500, 9499, 9500, 10_000, 12_000)
    assert [stage(SANE_BUDGET, calls, 10_000) for calls in used] == [0, 0, 1, 1, 2, 2, 3, 3, 3]


def test_what_nobody_has_said_yet_holds_nothing_up() -> None:
    assert stage(SANE_BUDGET, None, None) is Stage.FREE
    assert stage(SANE_BUDGET, 5, 0) is Stage.FREE


@given(BUDGETS, st.integers(0, 10**7), st.integers(0, 10**7), st.integers(1, 10**7))
def test_more_used_never_allows_more(budget: Budget, less: int, more: int, allowed: int) -> None:
    less, more = sorted((less, more))
    assert stage(budget, less, allowed) <= stage(budget, more, allowed)


@given(BUDGETS, st.integers(0, 10**7), st.integers(1, 10**7), st.floats(0, 10**6))
def test_an_org_is_looked_at_again_whatever_is_used(
    budget: Budget, used: int, allowed: int, seconds: float
) -> None:
    reached = stage(budget, used, allowed)
    longest = max(RARE_SECONDS, budget.probe_seconds)
    last = NOW - timedelta(seconds=longest + seconds)
    assert may_look(reached, budget, last, NOW)
    assert may_look(reached, budget, None, NOW)


def test_looks_become_rarer() -> None:
    def looks(reached: Stage) -> list[bool]:
        ages = (1, RARE_SECONDS - 1, RARE_SECONDS, 899, 900)
        return [may_look(reached, SANE_BUDGET, NOW - timedelta(seconds=age), NOW) for age in ages]

    assert all(looks(Stage.FREE))
    assert all(looks(Stage.NO_RUNS))
    assert looks(Stage.RARE_LOOKS) == [False, False, True, True, True]
    assert looks(Stage.WRITES_ALONE) == [False, False, False, False, True]


def test_people_read_what_waits() -> None:
    assert sentence(Stage.FREE, 1, 10) is None
    said = [sentence(reached, 9, 10) for reached in list(Stage)[1:]]
    assert all(text and text.startswith("9 of 10 API calls") for text in said)
    assert len(set(said)) == 3


@pytest.mark.parametrize("used", [10, 12])
def test_once_all_calls_are_used_everything_waits(used: int) -> None:
    said = "All 10 API calls of the last 24 hours are used: everything waits."
    assert sentence(Stage.WRITES_ALONE, used, 10) == said
