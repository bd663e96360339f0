"""Counts below limits, and what they say."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sync.delays import INFINITE, LIMITS, counts, quantile


@given(st.lists(st.floats(-10, 5000)))
def test_each_time_counts_once_below_the_first_limit_that_holds_it(times: list[float]) -> None:
    found = counts(times)
    assert sum(found.values()) == len(times)
    for limit in (*LIMITS, INFINITE):
        below = sum(count for end, count in found.items() if end <= limit)
        assert below == sum(one <= limit for one in times)


@given(st.lists(st.floats(0, 2000), min_size=1), st.floats(0.01, 1))
def test_so_large_a_share_ended_below_the_quantile_and_no_lower_limit(
    times: list[float], share: float
) -> None:
    found = counts(times)
    limit = quantile(found, share)
    assert limit is not None
    assert sum(c for end, c in found.items() if end <= limit) >= share * len(times)
    assert sum(c for end, c in found.items() if end < limit) < share * len(times)


def test_nothing_has_no_quantile() -> None:
    assert quantile({}, 0.5) is None


@pytest.mark.parametrize("limit", LIMITS)
def test_a_limit_counts_to_itself(limit: float) -> None:
    assert dict(counts([limit])) == {limit: 1}
