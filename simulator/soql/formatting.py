"""FORMAT(): values as the user's interface shows them. The patterns are unconfirmed (en_US)."""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import Any

from simulator.soql import kinds
from simulator.soql.columns import Column
from simulator.soql.periods import Moment
from simulator.values import Converter


def formatter(column: Column, moment: Moment | None) -> Converter | None:
    zone = moment.zone if moment else UTC

    def show_datetime(value: int) -> str:
        local = datetime.fromtimestamp(value, zone)
        clock = f"{local.hour % 12 or 12}:{local:%M %p}"
        return f"{_day(local)}, {clock}"

    if column.type == "datetime":
        return _unless_blank(show_datetime)
    if column.type == "date":
        return _unless_blank(lambda value: _day(date.fromisoformat(value)))
    if column.type in kinds.NUMBERS:
        return _unless_blank(lambda value: f"{value:,}")
    return column.convert


def _day(day: date) -> str:
    return f"{day.month}/{day.day}/{day.year}"


def _unless_blank(show: Converter) -> Converter:
    def convert(value: Any) -> Any:
        return None if value is None else show(value)

    return convert
