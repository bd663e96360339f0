"""The syntax tree of a query. Tokens keep their place, for the caret in error messages."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Place:
    """Zero-based position in the query text."""

    start: int


@dataclass(frozen=True)
class Path:
    names: tuple[str, ...]
    place: Place

    @property
    def shown(self) -> str:
        return ".".join(self.names)


@dataclass(frozen=True)
class Call:
    """A function; `name` is as written, `key` without its letter case."""

    name: str
    arguments: tuple[Expression, ...]
    place: Place

    @property
    def key(self) -> str:
        return self.name.upper()


Expression = Path | Call


@dataclass(frozen=True)
class Literal:
    """`kind` is string, number, boolean, datetime, date, period (TODAY, LAST_N_DAYS:3) or null.

    Text stays as written for LIKE; a period stays a word, since parsed queries are kept.
    """

    kind: str
    value: str | int | float | bool | None
    place: Place


@dataclass(frozen=True)
class Compare:
    left: Expression
    operator: str
    literal: Literal


@dataclass(frozen=True)
class Like:
    left: Expression
    literal: Literal


@dataclass(frozen=True)
class InList:
    left: Expression
    literals: tuple[Literal, ...]
    negated: bool


@dataclass(frozen=True)
class InQuery:
    """A semi-join, or an anti-join when negated."""

    left: Expression
    query: Query
    negated: bool


@dataclass(frozen=True)
class Includes:
    """INCLUDES, or EXCLUDES when negated; each literal may name several values by `;`."""

    left: Expression
    literals: tuple[Literal, ...]
    negated: bool


@dataclass(frozen=True)
class Negation:
    condition: Condition


@dataclass(frozen=True)
class Junction:
    word: str
    conditions: tuple[Condition, ...]


Condition = Compare | Like | InList | InQuery | Includes | Negation | Junction


@dataclass(frozen=True)
class Item:
    """A selected field or function."""

    expression: Expression
    alias: str | None


@dataclass(frozen=True)
class Source:
    """The queried object (or child relationship), and the other names it goes by."""

    path: Path
    alias: str | None


@dataclass(frozen=True)
class Grouping:
    expressions: tuple[Expression, ...]
    having: Condition | None


@dataclass(frozen=True)
class Ordering:
    expression: Expression
    descending: bool
    nulls_last: bool


@dataclass(frozen=True)
class Query:
    """`children` are the nested queries of the select list, in their order."""

    text: str
    items: tuple[Item, ...]
    children: tuple[Query, ...]
    sources: tuple[Source, ...]
    scope: str | None
    where: Condition | None
    grouping: Grouping | None
    order: tuple[Ordering, ...]
    limit: int | None
    offset: int

    @property
    def object(self) -> Path:
        return self.sources[0].path
