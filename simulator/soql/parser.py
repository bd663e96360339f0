"""Query text to syntax tree, or the error that Salesforce would give."""

from __future__ import annotations

import re
from functools import lru_cache
from pathlib import Path as FilePath
from typing import Any

from lark import Lark, Token, Transformer, v_args
from lark.exceptions import UnexpectedCharacters, UnexpectedEOF, UnexpectedToken, VisitError

from simulator.clock import parse_iso
from simulator.errors import ApiError
from simulator.soql.syntax import (
    Compare,
    Condition,
    InList,
    Junction,
    Like,
    Literal,
    Negation,
    Ordering,
    Path,
    Place,
    Query,
)

MAX_LENGTH = 100_000
MAX_OFFSET = 2000
ESCAPES = {"n": "\n", "r": "\r", "t": "\t", "b": "\b", "f": "\f", '"': '"', "'": "'", "\\": "\\"}
SPECIAL = re.compile(r"\\u([0-9a-fA-F]{4})|\\(.)", re.DOTALL)


@lru_cache(maxsize=1)
def _parser() -> Lark:
    grammar = (FilePath(__file__).parent / "grammar.lark").read_text("utf-8")
    return Lark(grammar, parser="lalr", lexer="contextual")


def located(text: str, place: int, code: str, message: str) -> ApiError:
    """The recorded form: the line, a caret, row and column, then the sentence."""
    row = text.count("\n", 0, place) + 1
    begin = text.rfind("\n", 0, place) + 1
    line = text[begin:].split("\n", 1)[0]
    caret = " " * (place - begin) + "^"
    where = f"\n{line}\n{caret}\nERROR at Row:{row}:Column:{place - begin + 1}\n"
    return ApiError(400, code, where + message)


@lru_cache(maxsize=512)
def parse(text: str) -> Query:
    if len(text) > MAX_LENGTH:
        raise ApiError(
            400,
            "MALFORMED_QUERY",
            f"SOQL statements cannot be longer than {MAX_LENGTH} characters.",
        )
    try:
        query: Query = _Builder(text).transform(_parser().parse(text))
        return query
    except UnexpectedToken as error:
        shown = "<EOF>" if error.token.type == "$END" else str(error.token)
        place = len(text) if error.token.type == "$END" else error.token.start_pos or 0
        raise located(text, place, "MALFORMED_QUERY", f"unexpected token: '{shown}'") from error
    except UnexpectedCharacters as error:
        place = error.pos_in_stream or 0
        raise located(
            text, place, "MALFORMED_QUERY", f"unexpected token: '{text[place]}'"
        ) from error
    except UnexpectedEOF as error:
        raise located(text, len(text), "MALFORMED_QUERY", "unexpected token: '<EOF>'") from error
    except VisitError as error:
        if isinstance(error.orig_exc, ApiError):
            raise error.orig_exc from error
        raise


def unescape(text: str, source: str, place: int, *, like: bool = False) -> str:
    r"""Resolves the escapes of a string literal; LIKE keeps `\%` and `\_` for the matcher."""

    def one(match: re.Match[str]) -> str:
        if match[1]:
            return chr(int(match[1], 16))
        if match[2] in "%_":
            return match[0] if like else match[2]
        if like and match[2] == "\\":
            return "\\\\"
        if match[2] not in ESCAPES:
            raise located(
                source, place, "MALFORMED_QUERY", f"Illegal string literal escape: {match[0]}"
            )
        return ESCAPES[match[2]]

    return SPECIAL.sub(one, text)


@v_args(inline=True)
class _Builder(Transformer[Token, Query]):
    def __init__(self, text: str) -> None:
        super().__init__()
        self._text = text

    def PATH(self, token: Token) -> Path:  # noqa: N802 - named after the terminal
        names = tuple(re.sub(r"\s", "", token).split("."))
        return Path(names, Place(token.start_pos or 0))

    def start(self, select: tuple[Path, ...], obj: Path, *rest: Any) -> Query:
        alias, where, order, limit, offset, _viewed = rest
        if offset and offset > MAX_OFFSET:
            raise ApiError(
                400, "NUMBER_OUTSIDE_VALID_RANGE", f"Maximum SOQL offset allowed is {MAX_OFFSET}"
            )
        return Query(self._text, select, obj, alias, where, order or (), limit, offset or 0)

    def fields(self, *paths: Path) -> tuple[Path, ...]:
        return paths

    def count(self) -> tuple[Path, ...]:
        return ()

    def alias(self, path: Path) -> str:
        return path.names[0]

    def where(self, condition: Condition) -> Condition:
        return condition

    def all_of(self, *conditions: Condition) -> Junction:
        return Junction("AND", conditions)

    def any_of(self, *conditions: Condition) -> Junction:
        return Junction("OR", conditions)

    def negation(self, condition: Condition) -> Negation:
        return Negation(condition)

    def compare(self, path: Path, operator: Token, literal: Literal) -> Compare:
        return Compare(path, "!=" if operator == "<>" else str(operator), self._plain(literal))

    def like(self, path: Path, literal: Literal) -> Like:
        if literal.kind != "string":
            raise located(self._text, literal.place.start, "MALFORMED_QUERY", "LIKE needs a string")
        value = unescape(str(literal.value), self._text, literal.place.start, like=True)
        return Like(path, Literal("string", value, literal.place))

    def in_list(self, path: Path, literals: tuple[Literal, ...]) -> InList:
        return InList(path, literals, negated=False)

    def not_in_list(self, path: Path, literals: tuple[Literal, ...]) -> InList:
        return InList(path, literals, negated=True)

    def value_list(self, *literals: Literal) -> tuple[Literal, ...]:
        return tuple(self._plain(literal) for literal in literals)

    def _plain(self, literal: Literal) -> Literal:
        if literal.kind != "string" or "\\" not in str(literal.value):
            return literal
        value = unescape(str(literal.value), self._text, literal.place.start)
        return Literal("string", value, literal.place)

    def literal(self, token: Token) -> Literal:
        return Literal(*_value(self._text, token), Place(token.start_pos or 0))

    def order_by(self, *orderings: Ordering) -> tuple[Ordering, ...]:
        return orderings

    def ordering(self, path: Path, direction: Token | None, nulls: Token | None) -> Ordering:
        descending = direction is not None and direction.lower() == "desc"
        return Ordering(path, descending, nulls is not None and nulls.lower() == "last")

    def limit(self, number: Token) -> int:
        return self._whole(number)

    def offset(self, number: Token) -> int:
        return self._whole(number)

    def _whole(self, number: Token) -> int:
        if not number.isdigit():
            raise located(
                self._text,
                number.start_pos or 0,
                "MALFORMED_QUERY",
                f"unexpected token: '{number}'",
            )
        return int(number)


def _value(source: str, token: Token) -> tuple[str, str | int | float | bool | None]:
    if token.type == "STRING":
        return "string", str(token[1:-1])
    if token.type == "NUMBER":
        return "number", float(token) if "." in token else int(token)
    if token.type == "BOOLEAN":
        return "boolean", token.lower() == "true"
    if token.type == "NULL":
        return "null", None
    iso = token.upper() if token.type == "DATETIME" else f"{token}T00:00:00Z"
    seconds = parse_iso(iso)
    if seconds is None:
        raise located(source, token.start_pos or 0, "MALFORMED_QUERY", f"Invalid date: {token}")
    return token.type.lower(), seconds
