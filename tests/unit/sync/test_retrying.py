"""When a user that failed is tried again."""

from hypothesis import given
from hypothesis import strategies as st

from sync.errors import Failure, Remedy
from sync.retrying import (
    LONGEST_SECONDS,
    PARKED_SECONDS,
    RETRY_SECONDS,
    parked_delay,
    retry_delay,
    unsure_delay,
)

LOCKED = Failure("UNABLE_TO_LOCK_ROW", "locked", Remedy.RETRY)
jitters = st.floats(0, 1)


@given(st.integers(0, len(RETRY_SECONDS) - 1), jitters)
def test_waits_grow_and_are_spread(attempts: int, jitter: float) -> None:
    delay = retry_delay(attempts, LOCKED, lambda: jitter)
    assert delay is not None
    assert RETRY_SECONDS[attempts] <= delay <= RETRY_SECONDS[attempts] * 1.5


def test_after_the_last_wait_a_person_is_asked() -> None:
    assert retry_delay(len(RETRY_SECONDS), LOCKED, lambda: 0) is None


@given(st.integers(0, 40), jitters, st.one_of(st.none(), st.floats(0, 600)))
def test_no_answer_is_never_a_reason_to_park(
    attempts: int, jitter: float, wish: float | None
) -> None:
    failure = Failure("X", "x", Remedy.RETRY, wish)
    delay = unsure_delay(attempts, failure, lambda: jitter)
    assert delay >= max(RETRY_SECONDS[min(attempts, 4)], wish or 0)
    assert unsure_delay(attempts, None, lambda: 0) <= RETRY_SECONDS[-1]


def test_salesforces_wish_is_heard() -> None:
    wishing = Failure("X", "x", Remedy.RETRY, 60)
    assert retry_delay(0, wishing, lambda: 0) == 60


@given(st.integers(0, 60), jitters)
def test_parked_users_are_tried_from_hourly_to_daily(attempts: int, jitter: float) -> None:
    delay = parked_delay(attempts, lambda: jitter)
    assert PARKED_SECONDS <= delay <= LONGEST_SECONDS * 1.1


def test_users_do_not_wait_for_what_the_org_waits_for() -> None:
    stopped = Failure("X", "x", Remedy.STOP_ORG, 900)
    assert retry_delay(0, stopped, lambda: 0) == RETRY_SECONDS[0]
    assert unsure_delay(0, stopped, lambda: 0) == RETRY_SECONDS[0]
