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


@dataclass(frozen=True)
class Literal:
    """`kind` is string, number, boolean, datetime, date or null; text stays unescaped for LIKE."""

    kind: str
    value: str | int | float | bool | None
    place: Place


@dataclass(frozen=True)
class Compare:
    path: Path
    operator: str
    literal: Literal


@dataclass(frozen=True)
class Like:
    path: Path
    literal: Literal


@dataclass(frozen=True)
class InList:
    path: Path
    literals: tuple[Literal, ...]
    negated: bool


@dataclass(frozen=True)
class Negation:
    condition: Condition


@dataclass(frozen=True)
class Junction:
    word: str
    conditions: tuple[Condition, ...]


Condition = Compare | Like | InList | Negation | Junction


@dataclass(frozen=True)
class Ordering:
    path: Path
    descending: bool
    nulls_last: bool


@dataclass(frozen=True)
class Query:
    """`fields` is empty for COUNT()."""

    text: str
    fields: tuple[Path, ...]
    object: Path
    alias: str | None
    where: Condition | None
    order: tuple[Ordering, ...]
    limit: int | None
    offset: int
