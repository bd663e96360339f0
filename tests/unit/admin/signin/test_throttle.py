"""How long somebody waits, whatever was counted."""

from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from admin.signin.throttle import FREE, LONGEST, wait_sentence, wait_until
from sync.ports.accounts import Tallies, Tally
from tests.contract.store.scene import START

ages = st.integers(0, 2000)
tallies = st.builds(
    lambda failures, age: Tally(failures, START - timedelta(seconds=age)) if failures else Tally(),
    st.integers(0, 10**6),
    ages,
)


def seconds(failures: int) -> float:
    until = wait_until(Tallies(pair=Tally(failures, START)), START)
    return 0.0 if until is None else (until - START).total_seconds()


def test_waits_double_after_five_failures_up_to_a_quarter_of_an_hour() -> None:
    assert [seconds(n) for n in range(13)] == [0] * 5 + [15, 30, 60, 120, 240, 480, 900, 900]


@given(tallies, tallies, tallies, st.booleans())
def test_nobody_waits_for_more_than_a_quarter_of_an_hour(
    pair: Tally, address: Tally, name: Tally, is_known: bool
) -> None:
    until = wait_until(Tallies(pair, address, name, is_known=is_known), START)
    assert until is None or START < until <= START + LONGEST


@given(tallies, tallies, tallies, st.integers(1, 1000), st.booleans())
def test_more_failures_never_shorten_a_wait(
    pair: Tally, address: Tally, name: Tally, more: int, is_known: bool
) -> None:
    worse = Tally(pair.failures + more, pair.last_at or START)
    before = wait_until(Tallies(pair, address, name, is_known=is_known), START)
    after = wait_until(Tallies(worse, address, name, is_known=is_known), START)
    assert before is None or (after is not None and after >= before)


@given(tallies)
def test_strangers_cannot_lock_somebody_out_from_where_they_are_known(name: Tally) -> None:
    assert wait_until(Tallies(name=name, is_known=True), START) is None


@given(st.lists(st.integers(0, 1200), max_size=60))
def test_a_guesser_has_few_tries(pauses: list[int]) -> None:
    """Whatever the rhythm: after the free ones a try costs its wait, so that 60 take hours."""
    now, tally, tries = START, Tally(), 0
    for pause in pauses:
        now += timedelta(seconds=pause)
        if wait_until(Tallies(pair=tally), now) is None:
            tally = Tally(tally.failures + 1, now)
            tries += 1
    passed = sum(pauses)
    assert tries <= FREE + 7 + passed / LONGEST.total_seconds()


@pytest.mark.parametrize(
    ("wait", "said"),
    [(0.2, "in 1 seconds, at 12:00:00"), (119, "in 119 seconds"), (121, "in 3 minutes, at 12:02")],
)
def test_the_sentence_says_when(wait: float, said: str) -> None:
    assert said in wait_sentence(START + timedelta(seconds=wait), START)
