"""Fields and functions of a query as SQL expressions that know their type."""

from __future__ import annotations

from dataclasses import dataclass

from simulator.errors import ApiError
from simulator.schema.model import Field
from simulator.soql import kinds
from simulator.soql.periods import Moment
from simulator.soql.refusals import MALFORMED, located, malformed
from simulator.soql.scope import Scope
from simulator.soql.syntax import Call, Expression, Path
from simulator.values import Converter, to_json

AGGREGATES = frozenset({"COUNT", "COUNT_DISTINCT", "SUM", "AVG", "MIN", "MAX"})
PLAIN = frozenset({"TOLABEL", "CONVERTCURRENCY"})
"""Functions that change nothing here: labels equal values, and there is one currency."""


def _quarter(month: str) -> str:
    return f"(({month}) + 2) / 3"


def _part(code: str) -> str:
    return f"CAST(strftime('{code}', {{}}) AS INTEGER)"


MONTH, YEAR, DAY = _part("%m"), _part("%Y"), _part("%d")
DATE_FUNCTIONS = {
    "CALENDAR_MONTH": MONTH,
    "CALENDAR_QUARTER": _quarter(MONTH),
    "CALENDAR_YEAR": YEAR,
    "DAY_IN_MONTH": DAY,
    "DAY_IN_WEEK": f"{_part('%w')} + 1",
    "DAY_IN_YEAR": _part("%j"),
    "DAY_ONLY": "strftime('%Y-%m-%d', {})",
    "FISCAL_MONTH": MONTH,
    "FISCAL_QUARTER": _quarter(MONTH),
    "FISCAL_YEAR": YEAR,
    "HOUR_IN_DAY": _part("%H"),
    "WEEK_IN_MONTH": f"({DAY} + 6) / 7",
    "WEEK_IN_YEAR": f"({_part('%j')} + 6) / 7",
}
"""SQL over a date or date-time, in UTC unless convertTimezone() is inside (documented)."""


@dataclass(frozen=True)
class Column:
    """`name` is what errors and answers call it; `field` is None when it was worked out."""

    sql: str
    type: str
    name: str
    convert: Converter | None = None
    field: Field | None = None
    aggregate: bool = False

    @property
    def collated(self) -> str:
        return self.sql + kinds.collation(self.type)


class Columns:
    """Makes columns of one query's expressions."""

    def __init__(self, scope: Scope, moment: Moment | None) -> None:
        self._scope = scope
        self._moment = moment

    def of(self, expression: Expression) -> Column:
        if isinstance(expression, Path):
            return self._field(expression)
        key = expression.key
        if key in AGGREGATES:
            return self._aggregate(expression)
        if key in DATE_FUNCTIONS:
            return self._date_part(expression)
        if key == "CONVERTTIMEZONE":
            raise self.refuse(expression, "convertTimezone() is only allowed in date functions")
        if key in PLAIN:
            return self.of(self.argument(expression))
        raise self.refuse(expression, f"Invalid function name: {expression.name}")

    def refuse(self, expression: Expression, message: str) -> ApiError:
        return located(self._scope.query.text, expression.place.start, MALFORMED, message)

    def argument(self, call: Call) -> Expression:
        if len(call.arguments) != 1:
            raise self.refuse(call, f"{call.name} takes one argument")
        return call.arguments[0]

    def _field(self, path: Path) -> Column:
        table, field = self._scope.find(path)
        return Column(table.column(field.name), field.type, field.name, to_json(field), field)

    def _aggregate(self, call: Call) -> Column:
        inner = self.of(self.argument(call))
        key = call.key
        if inner.aggregate:
            raise self.refuse(call, f"nested aggregate function: {call.name}")
        if not kinds.aggregatable(inner.type, key):
            raise malformed(f"field {inner.name} does not support aggregate operator {key}")
        if key in ("COUNT", "COUNT_DISTINCT"):
            distinct = "DISTINCT " if key == "COUNT_DISTINCT" else ""
            return Column(f"count({distinct}{inner.collated})", "int", key, aggregate=True)
        if key in ("SUM", "AVG"):
            return Column(f"{key.lower()}({inner.sql})", "double", key, _decimal, aggregate=True)
        sql = f"{key.lower()}({inner.collated})"
        return Column(sql, inner.type, key, inner.convert, aggregate=True)

    def _date_part(self, call: Call) -> Column:
        argument = self.argument(call)
        inner = self._zoned(argument)
        if inner.type not in kinds.DATES or (call.key == "HOUR_IN_DAY" and inner.type == "date"):
            raise self.refuse(argument, f"{call.name} does not take a field of type {inner.type}")
        value = f"{inner.sql}, 'unixepoch'" if inner.type == "datetime" else inner.sql
        type = "date" if call.key == "DAY_ONLY" else "int"
        return Column(DATE_FUNCTIONS[call.key].format(value), type, call.name)

    def _zoned(self, expression: Expression) -> Column:
        """The argument of a date function; a date-time moves into the user's zone if asked."""
        if isinstance(expression, Path) or expression.key != "CONVERTTIMEZONE":
            return self.of(expression)
        inner = self.of(self.argument(expression))
        if inner.type != "datetime" or self._moment is None:
            raise self.refuse(expression, "convertTimezone() takes a dateTime field")
        return Column(f"local_seconds({inner.sql}, '{self._moment.zone.key}')", "datetime", "")


def _decimal(value: float | None) -> float | None:
    """Sums and averages are printed with a decimal point (recorded: `300.0`)."""
    return None if value is None else float(value)
