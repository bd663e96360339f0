"""WHERE to SQL. Comparisons with null are two-valued, as in SOQL: `!= 'x'` finds blanks.

Text compares without regard to case (here for ASCII letters), ids with it.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from simulator.ids import to_18
from simulator.schema.model import Field
from simulator.soql.parser import located
from simulator.soql.syntax import (
    Compare,
    Condition,
    InList,
    Junction,
    Like,
    Literal,
    Negation,
    Path,
)

Resolve = Callable[[Path], tuple[str, Field]]
KINDS = {"boolean": {"boolean"}, "datetime": {"datetime"}, "double": {"number"}}
SHOWN = {"datetime": "dateTime"}


class ConditionCompiler:
    """Collects the bound parameters in the order in which the SQL names them."""

    def __init__(self, text: str, resolve: Resolve) -> None:
        self._text = text
        self._resolve = resolve
        self.parameters: list[Any] = []

    def sql(self, condition: Condition) -> str:
        match condition:
            case Compare():
                return self._compare(condition)
            case Like():
                return self._like(condition)
            case InList():
                return self._in_list(condition)
            case Negation():
                return f"NOT ifnull({self.sql(condition.condition)}, 0)"
            case Junction():
                return (
                    "("
                    + f" {condition.word} ".join(self.sql(c) for c in condition.conditions)
                    + ")"
                )

    def _compare(self, compare: Compare) -> str:
        column, field = self._resolve(compare.path)
        value = self._bound(field, compare.literal)
        if value is None:
            return self._against_null(column, compare)
        self.parameters.append(value)
        collated = column + collation(field)
        if compare.operator == "!=":
            return f"{collated} IS NOT ?"
        return f"{collated} {compare.operator} ?"

    def _against_null(self, column: str, compare: Compare) -> str:
        if compare.operator == "=":
            return f"{column} IS NULL"
        if compare.operator == "!=":
            return f"{column} IS NOT NULL"
        return "0"

    def _like(self, like: Like) -> str:
        column, field = self._resolve(like.path)
        if field.type in KINDS or field.type in ("id", "reference"):
            raise located(
                self._text,
                like.path.place.start,
                "INVALID_FIELD",
                f"invalid operator on {field.type} field",
            )
        self.parameters.append(like.literal.value)
        return f"{column} LIKE ? ESCAPE '\\'"

    def _in_list(self, in_list: InList) -> str:
        column, field = self._resolve(in_list.path)
        values = [self._bound(field, literal) for literal in in_list.literals]
        named = [v for v in values if v is not None]
        self.parameters.extend(named)
        parts = [f"{column}{collation(field)} IN ({', '.join('?' * len(named))})"]
        if len(named) < len(values):
            parts.append(f"{column} IS NULL")
        found = "(" + " OR ".join(parts) + ")"
        return f"NOT ifnull({found}, 0)" if in_list.negated else found

    def _bound(self, field: Field, literal: Literal) -> Any:
        """The value as stored; a literal of the wrong type is an error, as in Salesforce."""
        if literal.kind == "null":
            return None
        wanted = KINDS.get(field.type, {"string"})
        if literal.kind not in wanted:
            quoted = (
                "should not be enclosed in quotes"
                if literal.kind == "string"
                else "should be enclosed in quotes"
            )
            shown = SHOWN.get(field.type, field.type if field.type in KINDS else "string")
            message = (
                f"value of filter criterion for field '{field.name}' must be of type {shown} "
                f"and {quoted}"
            )
            raise located(self._text, literal.place.start, "INVALID_FIELD", message)
        if field.type in ("id", "reference"):
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


def collation(field: Field) -> str:
    plain = field.type in KINDS or field.type in ("id", "reference")
    return "" if plain else " COLLATE NOCASE"
