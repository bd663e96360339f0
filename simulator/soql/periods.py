"""Date literals (TODAY, LAST_N_DAYS:3, THIS_FISCAL_YEAR): the days that they stand for.

Rules: SOQL reference, "Date Formats and Date Literals". They count in the running user's
time zone, weeks begin as in the user's locale. Fiscal years are calendar years here, as
in an org that has not set its own; which locales begin a week on Sunday is unconfirmed.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

SUNDAY_FIRST = {"US", "CA", "MX", "BR", "JP", "KR", "TW", "HK", "IN", "IL", "PH", "ZA", "TH"}
REGION_OF = {"ja": "JP", "ko": "KR", "iw": "IL", "en": "US", "th": "TH"}
UNITS = "DAY|WEEK|MONTH|QUARTER|YEAR"
FIXED = {"YESTERDAY": -1, "TODAY": 0, "TOMORROW": 1}
NAMED = re.compile(
    rf"(?P<this>THIS|LAST|NEXT)_(?:FISCAL_)?(?P<unit>{UNITS})"
    r"|(?P<ninety>LAST|NEXT)_90_DAYS"
    rf"|(?P<run>LAST|NEXT)_N_(?:FISCAL_)?(?P<units>{UNITS})S:(?P<n>\d+)"
    rf"|N_(?:FISCAL_)?(?P<ago_unit>{UNITS})S_AGO:(?P<ago>\d+)"
)
MONTHS = {"MONTH": 1, "QUARTER": 3, "YEAR": 12}
FARTHEST = 100_000  # days, months or years beyond which no date is left


@dataclass(frozen=True)
class Moment:
    """When and for whom a query runs."""

    now: float
    zone: ZoneInfo
    sunday_first: bool = True

    @property
    def today(self) -> date:
        return datetime.fromtimestamp(self.now, self.zone).date()

    def midnight(self, day: date) -> int:
        """Seconds at which the day begins for the user."""
        return int(datetime.combine(day, time(), self.zone).timestamp())


@dataclass(frozen=True)
class Span:
    """Whole days from `start` up to, not including, `end`."""

    start: date
    end: date


def sunday_first(locale: str) -> bool:
    language, _, region = locale.partition("_")
    return (region or REGION_OF.get(language, "")) in SUNDAY_FIRST


def is_period(word: str) -> bool:
    found = NAMED.fullmatch(word)
    if found is None:
        return word in FIXED
    return found["unit"] != "DAY" and max(int(found["n"] or 0), int(found["ago"] or 0)) < FARTHEST


def span(word: str, moment: Moment) -> Span:
    """The days of a period's word, which `is_period` has accepted."""
    unit, first, last = _steps(word)
    return Span(_begin(unit, first, moment), _begin(unit, last, moment))


def _steps(word: str) -> tuple[str, int, int]:
    """The unit, and which units counted from the current one the period covers.

    LAST_N_DAYS and LAST_90_DAYS include today; the other runs leave the current unit out.
    """
    if word in FIXED:
        return "DAY", FIXED[word], FIXED[word] + 1
    found = NAMED.fullmatch(word)
    assert found is not None
    if found["this"]:
        first = {"THIS": 0, "LAST": -1, "NEXT": 1}[found["this"]]
        return found["unit"], first, first + 1
    if found["ago"]:
        return found["ago_unit"], -int(found["ago"]), 1 - int(found["ago"])
    run = found["ninety"] or found["run"]
    unit, n = (found["units"] or "DAY"), int(found["n"] or 90)
    if run == "NEXT":
        return unit, 1, n + 1
    return unit, -n, 1 if unit == "DAY" else 0


def _begin(unit: str, steps: int, moment: Moment) -> date:
    """The first day of the unit that lies so many units from the current one."""
    today = moment.today
    if unit in MONTHS:
        size = MONTHS[unit]
        month = (today.year * 12 + today.month - 1) // size * size + steps * size
        return _month(month)
    weekday = (today.weekday() + 1) % 7 if moment.sunday_first else today.weekday()
    days = steps if unit == "DAY" else steps * 7 - weekday
    try:
        return today + timedelta(days=days)
    except OverflowError:
        return date.max if days > 0 else date.min


def _month(number: int) -> date:
    year, month = divmod(number, 12)
    if not date.min.year <= year <= date.max.year:
        return date.max if year > 0 else date.min
    return date(year, month + 1, 1)
