"""From the grammar's parse tree to our syntax tree."""

from __future__ import annotations

import re
from typing import Any

from lark import Token, Transformer, v_args

from simulator.errors import ApiError
from simulator.soql.literals import read_value, unescape
from simulator.soql.refusals import MALFORMED, located, malformed, unexpected
from simulator.soql.syntax import (
    Call,
    Compare,
    Condition,
    Expression,
    Grouping,
    Includes,
    InList,
    InQuery,
    Item,
    Junction,
    Like,
    Literal,
    Negation,
    Ordering,
    Path,
    Place,
    Query,
    Source,
)

MAX_OFFSET = 2000
MARKS = {"view", "reference", "update", "tracking", "viewstat"}


@v_args(inline=True)
class TreeBuilder(Transformer[Token, Query]):
    """Its methods are named after the grammar's rules and terminals."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self._text = text

    def PATH(self, token: Token) -> Path:  # noqa: N802 - named after the terminal
        names = tuple(re.sub(r"\s", "", token).split("."))
        return Path(names, Place(token.start_pos or 0))

    def start(self, query: Query) -> Query:
        return query

    def query(self, select: tuple[Any, ...], sources: tuple[Source, ...], *rest: Any) -> Query:
        scope, where, _mode, grouping, order, limit, offset, _marks, _all_rows = rest
        if offset and offset > MAX_OFFSET:
            message = f"Maximum SOQL offset allowed is {MAX_OFFSET}"
            raise ApiError(400, "NUMBER_OUTSIDE_VALID_RANGE", message)
        return Query(
            self._text,
            tuple(part for part in select if isinstance(part, Item)),
            tuple(part for part in select if isinstance(part, Query)),
            sources,
            scope,
            where,
            grouping,
            order,
            limit,
            offset or 0,
        )

    def select_list(self, *parts: Item | Query) -> tuple[Item | Query, ...]:
        return parts

    def select_item(self, expression: Expression, alias: Path | None) -> Item:
        return Item(expression, self._word(alias))

    def child(self, query: Query) -> Query:
        return query

    def call(self, name: Token, arguments: tuple[Expression, ...] | None) -> Call:
        return Call(str(name), arguments or (), Place(name.start_pos or 0))

    def arguments(self, *expressions: Expression) -> tuple[Expression, ...]:
        return expressions

    def sources(self, *sources: Source) -> tuple[Source, ...]:
        return sources

    def source(self, path: Path, alias: Path | None) -> Source:
        return Source(path, self._word(alias))

    def scope(self, name: Path | None = None) -> str | None:
        return name.shown.lower() if name else None

    def marks(self, *marks: Path) -> None:
        """FOR VIEW, UPDATE TRACKING and the like: nothing here remembers who looked."""
        for mark in marks:
            if mark.shown.lower() not in MARKS:
                raise unexpected(self._text, mark.place.start, mark.shown)

    def mode(self, *_mode: Token) -> None:
        """WITH SECURITY_ENFORCED and the like: fields are always as the user may see them."""

    def all_rows(self, *words: Token) -> None:
        if words:
            raise malformed("ALL ROWS not allowed in this context")

    def where(self, condition: Condition | None = None) -> Condition | None:
        return condition

    def having(self, condition: Condition | None = None) -> Condition | None:
        return condition

    def groups(self, *expressions: Expression) -> tuple[Expression, ...]:
        return expressions

    def group_by(self, *parts: Any) -> Grouping | None:
        return Grouping(*parts) if parts else None

    def all_of(self, *conditions: Condition) -> Junction:
        return Junction("AND", conditions)

    def any_of(self, *conditions: Condition) -> Junction:
        return Junction("OR", conditions)

    def negation(self, condition: Condition) -> Negation:
        return Negation(condition)

    def compare(self, left: Expression, operator: Token, literal: Literal) -> Compare:
        return Compare(left, "!=" if operator == "<>" else str(operator), self._plain(literal))

    def like(self, left: Expression, literal: Literal) -> Like:
        if literal.kind != "string":
            raise located(self._text, literal.place.start, MALFORMED, "LIKE needs a string")
        value = unescape(str(literal.value), self._text, literal.place.start, like=True)
        return Like(left, Literal("string", value, literal.place))

    def in_list(self, left: Expression, literals: tuple[Literal, ...]) -> InList:
        return InList(left, literals, negated=False)

    def not_in_list(self, left: Expression, literals: tuple[Literal, ...]) -> InList:
        return InList(left, literals, negated=True)

    def in_query(self, left: Expression, query: Query) -> InQuery:
        return InQuery(left, query, negated=False)

    def not_in_query(self, left: Expression, query: Query) -> InQuery:
        return InQuery(left, query, negated=True)

    def includes(self, left: Expression, literals: tuple[Literal, ...]) -> Includes:
        return Includes(left, literals, negated=False)

    def excludes(self, left: Expression, literals: tuple[Literal, ...]) -> Includes:
        return Includes(left, literals, negated=True)

    def value_list(self, *literals: Literal) -> tuple[Literal, ...]:
        return tuple(self._plain(literal) for literal in literals)

    def literal(self, token: Token) -> Literal:
        return Literal(*read_value(self._text, token), Place(token.start_pos or 0))

    def order_by(self, *orderings: Ordering) -> tuple[Ordering, ...]:
        return orderings

    def ordering(
        self, expression: Expression, direction: Token | None, nulls: Token | None
    ) -> Ordering:
        descending = direction is not None and direction.lower() == "desc"
        return Ordering(expression, descending, nulls is not None and nulls.lower() == "last")

    def limit(self, number: Token | None = None) -> int | None:
        return self._whole(number) if number is not None else None

    def offset(self, number: Token | None = None) -> int | None:
        return self._whole(number) if number is not None else None

    def _word(self, path: Path | None) -> str | None:
        if path is None:
            return None
        if len(path.names) > 1:
            raise unexpected(self._text, path.place.start + len(path.names[0]), ".")
        return path.names[0]

    def _plain(self, literal: Literal) -> Literal:
        if literal.kind != "string" or "\\" not in str(literal.value):
            return literal
        value = unescape(str(literal.value), self._text, literal.place.start)
        return Literal("string", value, literal.place)

    def _whole(self, number: Token) -> int:
        if not number.isdigit():
            raise unexpected(self._text, number.start_pos or 0, str(number))
        return int(number)
