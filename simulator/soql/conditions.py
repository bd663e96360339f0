"""WHERE and HAVING to SQL. Comparisons with null are two-valued: `!= 'x'` finds blanks.

Text compares without regard to case, ids with it. That EXCLUDES and an anti-join find
blanks as NOT IN does is unconfirmed.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from simulator.errors import ApiError
from simulator.ids import to_18
from simulator.soql import kinds
from simulator.soql.columns import Column
from simulator.soql.keyset import implied_floors
from simulator.soql.periods import Moment, span
from simulator.soql.refusals import MALFORMED, located
from simulator.soql.syntax import (
    Compare,
    Condition,
    Expression,
    Includes,
    InList,
    InQuery,
    Junction,
    Like,
    Literal,
    Negation,
)

Resolve = Callable[[Expression], Column]
Parameters = list[Any]
SubSelect = Callable[[InQuery, Column], tuple[str, tuple[Any, ...]]]
PERIOD_BOUNDS = {"<": "< {0}", "<=": "< {1}", ">": ">= {1}", ">=": ">= {0}"}
MOST_JOINS = 2


class ConditionCompiler:
    """Collects the bound parameters in the order in which the SQL names them."""

    def __init__(
        self, text: str, resolve: Resolve, sub_select: SubSelect, moment: Moment | None
    ) -> None:
        self._text = text
        self._resolve = resolve
        self._sub_select = sub_select
        self._moment = moment
        self._joins = 0
        self.parameters: Parameters = []

    def sql(self, condition: Condition, under: str = "") -> str:
        """`under` is the operator (OR, NOT) that the condition is nested in."""
        match condition:
            case Compare():
                return self._compare(condition)
            case Like():
                return self._like(condition)
            case InList():
                return self._in_list(condition)
            case InQuery():
                return self._in_query(condition, under)
            case Includes():
                return self._includes(condition)
            case Negation():
                return f"NOT ifnull({self.sql(condition.condition, 'NOT')}, 0)"
            case Junction():
                return self._junction(condition, under)

    def _junction(self, junction: Junction, under: str) -> str:
        if junction.word == "AND":
            parts = [self.sql(part, under) for part in junction.conditions]
            return "(" + " AND ".join(parts) + ")"
        floors = [self._compare(floor) for floor in implied_floors(junction)]
        parts = [self.sql(part, "OR") for part in junction.conditions]
        return "(" + " AND ".join([*floors, "(" + " OR ".join(parts) + ")"]) + ")"

    def _compare(self, compare: Compare) -> str:
        column = self._resolve(compare.left)
        if compare.literal.kind == "period":
            return self._within(column, compare.operator, compare.literal)
        value = self._bound(column, compare.literal)
        if value is None:
            return _against_null(column, compare.operator)
        self._check_operator(column, compare)
        operator = "IS NOT" if compare.operator == "!=" else compare.operator
        self.parameters.append(value)
        if isinstance(value, str) and not value.isascii() and kinds.is_text(column.type):
            return f"fold({column.sql}) {operator} fold(?)"
        return f"{column.collated} {operator} ?"

    def _check_operator(self, column: Column, compare: Compare) -> None:
        ordered = compare.operator not in ("=", "!=")
        if ordered and column.type in ("boolean", "multipicklist"):
            raise self._invalid_operator(column, compare.left)

    def _within(self, column: Column, operator: str, literal: Literal) -> str:
        """A period is a span of whole days: `<` is before it, `>` after it."""
        if column.type not in kinds.DATES:
            raise self._wrong_type(column, literal)
        assert self._moment is not None, "a query with date literals needs a moment"
        days = span(str(literal.value), self._moment)
        bounds: list[Any] = [days.start.isoformat(), days.end.isoformat()]
        if column.type == "datetime":
            bounds = [self._moment.midnight(days.start), self._moment.midnight(days.end)]
        if operator in PERIOD_BOUNDS:
            form = PERIOD_BOUNDS[operator]
            self.parameters.append(bounds[1] if "{1}" in form else bounds[0])
            return f"{column.sql} {form.format('?', '?')}"
        self.parameters.extend(bounds)
        inside = f"({column.sql} >= ? AND {column.sql} < ?)"
        return inside if operator == "=" else f"NOT ifnull({inside}, 0)"

    def _like(self, like: Like) -> str:
        column = self._resolve(like.left)
        if not kinds.is_text(column.type) or column.type == "multipicklist":
            raise self._invalid_operator(column, like.left)
        pattern = str(like.literal.value)
        self.parameters.append(pattern)
        if not pattern.isascii():
            return f"fold({column.sql}) LIKE fold(?) ESCAPE '\\'"
        return f"{column.sql} LIKE ? ESCAPE '\\'"

    def _in_list(self, in_list: InList) -> str:
        column = self._resolve(in_list.left)
        periods = [li for li in in_list.literals if li.kind == "period"]
        values = [self._bound(column, li) for li in in_list.literals if li.kind != "period"]
        named = [value for value in values if value is not None]
        self.parameters.extend(named)
        parts = [f"{column.collated} IN ({', '.join('?' * len(named))})"]
        if len(named) < len(values):
            parts.append(f"{column.sql} IS NULL")
        parts += [self._within(column, "=", literal) for literal in periods]
        found = "(" + " OR ".join(parts) + ")"
        return f"NOT ifnull({found}, 0)" if in_list.negated else found

    def _in_query(self, in_query: InQuery, under: str) -> str:
        column = self._resolve(in_query.left)
        self._joins += 1
        if under == "OR":
            message = "Semi join sub-selects are not allowed with the 'OR' operator"
        elif under:
            message = "Semi join sub-selects are only allowed at the top level WHERE expressions."
        elif self._joins > MOST_JOINS:
            message = f"Maximum {MOST_JOINS} semi join sub-selects are allowed."
        else:
            sql, parameters = self._sub_select(in_query, column)
            self.parameters.extend(parameters)
            found = f"{column.sql} IN ({sql})"
            return f"NOT ifnull({found}, 0)" if in_query.negated else found
        raise located(self._text, in_query.left.place.start, MALFORMED, message)

    def _includes(self, includes: Includes) -> str:
        column = self._resolve(includes.left)
        if column.type != "multipicklist":
            raise self._invalid_operator(column, includes.left)
        groups = []
        for literal in includes.literals:
            values = str(self._bound(column, literal) or "").split(";")
            self.parameters.extend(f"%;{_like_escaped(value)};%" for value in values)
            one = f"';' || {column.sql} || ';' LIKE ? ESCAPE '\\'"
            groups.append("(" + " AND ".join([one] * len(values)) + ")")
        found = "(" + " OR ".join(groups) + ")"
        return f"NOT ifnull({found}, 0)" if includes.negated else found

    def _bound(self, column: Column, literal: Literal) -> Any:
        """The value as stored; a literal of the wrong type is an error, as in Salesforce."""
        if literal.kind == "null":
            return None
        if literal.kind != kinds.literal_kind(column.type):
            raise self._wrong_type(column, literal)
        if column.type in kinds.IDS:
            return self._id(literal)
        if literal.kind == "boolean":
            return int(bool(literal.value))
        return None if literal.value == "" else literal.value

    def _id(self, literal: Literal) -> str | None:
        if literal.value == "":
            return None
        long = to_18(literal.value)
        if long is None:
            message = f"invalid ID field: {literal.value}"
            raise located(self._text, literal.place.start, "INVALID_QUERY_FILTER_OPERATOR", message)
        return long

    def _wrong_type(self, column: Column, literal: Literal) -> ApiError:
        quoted = (
            "should not be enclosed in quotes"
            if literal.kind == "string"
            else "should be enclosed in quotes"
        )
        if kinds.literal_kind(column.type) != "string":
            quoted = "should not be enclosed in quotes"
        message = (
            f"value of filter criterion for field '{column.name}' must be of type "
            f"{kinds.shown_type(column.type)} and {quoted}"
        )
        return located(self._text, literal.place.start, "INVALID_FIELD", message)

    def _invalid_operator(self, column: Column, left: Expression) -> ApiError:
        message = f"invalid operator on {column.type} field"
        return located(self._text, left.place.start, "INVALID_FIELD", message)


def _against_null(column: Column, operator: str) -> str:
    if operator == "=":
        return f"{column.sql} IS NULL"
    return f"{column.sql} IS NOT NULL" if operator == "!=" else "0"


def _like_escaped(value: str) -> str:
    return value.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")
