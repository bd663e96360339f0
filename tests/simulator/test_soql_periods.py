"""Date literals as days: the reference's own words, in the user's zone and week."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from simulator.soql.periods import Moment, is_period, span, sunday_first

NEW_YORK = ZoneInfo("America/New_York")
SATURDAY = Moment(1_718_454_645, NEW_YORK)  # 2024-06-15 08:30:45 there
UNITS = ("DAY", "WEEK", "MONTH", "QUARTER", "YEAR")


@pytest.mark.parametrize(
    ("word", "start", "end"),
    [
        ("TODAY", "2024-06-15", "2024-06-16"),
        ("YESTERDAY", "2024-06-14", "2024-06-15"),
        ("TOMORROW", "2024-06-16", "2024-06-17"),
        ("THIS_WEEK", "2024-06-09", "2024-06-16"),
        ("LAST_WEEK", "2024-06-02", "2024-06-09"),
        ("NEXT_MONTH", "2024-07-01", "2024-08-01"),
        ("LAST_90_DAYS", "2024-03-17", "2024-06-16"),
        ("NEXT_90_DAYS", "2024-06-16", "2024-09-14"),
        ("LAST_N_DAYS:1", "2024-06-14", "2024-06-16"),
        ("NEXT_N_DAYS:2", "2024-06-16", "2024-06-18"),
        ("N_DAYS_AGO:3", "2024-06-12", "2024-06-13"),
        ("LAST_N_WEEKS:2", "2024-05-26", "2024-06-09"),
        ("LAST_N_MONTHS:6", "2023-12-01", "2024-06-01"),
        ("N_MONTHS_AGO:6", "2023-12-01", "2024-01-01"),
        ("THIS_QUARTER", "2024-04-01", "2024-07-01"),
        ("LAST_FISCAL_QUARTER", "2024-01-01", "2024-04-01"),
        ("NEXT_N_QUARTERS:3", "2024-07-01", "2025-04-01"),
        ("THIS_YEAR", "2024-01-01", "2025-01-01"),
        ("N_FISCAL_YEARS_AGO:4", "2020-01-01", "2021-01-01"),
    ],
)
def test_a_period_is_a_span_of_days(word: str, start: str, end: str) -> None:
    found = span(word, SATURDAY)
    assert (found.start.isoformat(), found.end.isoformat()) == (start, end)


@pytest.mark.parametrize(
    "word", ["SOMEDAY", "LAST_N_DAYS", "LAST_N_DAYS:", "TODAY:1", "THIS_DAY", "LAST_N_DAYS:999999"]
)
def test_other_words_are_none(word: str) -> None:
    assert not is_period(word)


def test_the_day_is_that_of_the_user_s_zone() -> None:
    late = datetime(2024, 6, 15, 23, 30, tzinfo=UTC).timestamp()
    assert span("TODAY", Moment(late, ZoneInfo("Asia/Tokyo"))).start == date(2024, 6, 16)
    assert span("TODAY", Moment(late, NEW_YORK)).start == date(2024, 6, 15)


def test_midnight_follows_the_zone_s_clock_change() -> None:
    midnight = SATURDAY.midnight(date(2024, 3, 11)) - SATURDAY.midnight(date(2024, 3, 10))
    assert midnight == 23 * 3600


def test_the_week_begins_as_in_the_user_s_locale() -> None:
    assert sunday_first("en_US")
    assert not sunday_first("en_GB")
    british = Moment(SATURDAY.now, NEW_YORK, sunday_first("en_GB"))
    assert span("THIS_WEEK", british).start == date(2024, 6, 10)


@given(
    unit=st.sampled_from(UNITS[1:]),
    n=st.integers(1, 60),
    day=st.dates(date(1990, 1, 1), date(2090, 1, 1)),
    sunday=st.booleans(),
)
def test_periods_lie_end_to_end(unit: str, n: int, day: date, sunday: bool) -> None:
    now = datetime(day.year, day.month, day.day, 12, tzinfo=NEW_YORK).timestamp()
    moment = Moment(now, NEW_YORK, sunday)
    this, last, coming = (span(f"{w}_{unit}", moment) for w in ("THIS", "LAST", "NEXT"))
    assert this.start <= day < this.end
    assert (last.end, coming.start) == (this.start, this.end)
    assert span(f"LAST_N_{unit}S:{n}", moment).end == this.start
    assert span(f"LAST_N_{unit}S:{n}", moment).start == span(f"N_{unit}S_AGO:{n}", moment).start
    assert span(f"NEXT_N_{unit}S:1", moment) == coming
    if unit == "WEEK":
        assert this.end - this.start == timedelta(days=7)
