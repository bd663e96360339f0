"""Turns a formula into a Python function of a record's stored values.

Text is `""` when blank, checkboxes are booleans (0 and 1 as stored); so blank and
empty text are one thing, as in Salesforce.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from functools import lru_cache
from pathlib import Path
from typing import Any

from lark import Lark, LarkError, Token, Transformer, v_args

Record = Mapping[str, Any]
Formula = Callable[[Record], Any]


class FormulaError(ValueError):
    """The formula cannot be read; names the formula and what is wrong in it."""


@lru_cache(maxsize=1)
def _parser() -> Lark:
    return Lark((Path(__file__).parent / "grammar.lark").read_text("utf-8"), parser="lalr")


def compile_formula(source: str, names: Mapping[str, str]) -> Formula:
    """`names` maps the lower-case field name to the name under which it is stored."""
    try:
        compiled: Formula = _Compiler(names).transform(_parser().parse(source))
    except LarkError as error:
        cause = getattr(error, "orig_exc", None)
        raise FormulaError(f"formula {source!r}: {cause or error}") from error
    return lambda record: compiled(record) or None


def _blank(value: Any) -> bool:
    return value is None or value == ""


def _if(test: Formula, yes: Formula, no: Formula) -> Formula:
    return lambda record: yes(record) if test(record) else no(record)


def _and(*tests: Formula) -> Formula:
    return lambda record: all(test(record) for test in tests)


def _or(*tests: Formula) -> Formula:
    return lambda record: any(test(record) for test in tests)


def _not(test: Formula) -> Formula:
    return lambda record: not test(record)


def _is_blank(value: Formula) -> Formula:
    return lambda record: _blank(value(record))


def _blank_value(value: Formula, instead: Formula) -> Formula:
    def evaluate(record: Record) -> Any:
        found = value(record)
        return instead(record) if _blank(found) else found

    return evaluate


def _text(value: Formula) -> Formula:
    return lambda record: "" if _blank(found := value(record)) else str(found)


def _case(value: Formula, *rest: Formula) -> Formula:
    *pairs, otherwise = rest

    def evaluate(record: Record) -> Any:
        found = value(record)
        for key, result in zip(pairs[::2], pairs[1::2], strict=True):
            if key(record) == found:
                return result(record)
        return otherwise(record)

    return evaluate


FUNCTIONS: dict[str, tuple[Callable[..., Formula], int, int]] = {
    "IF": (_if, 3, 3),
    "AND": (_and, 1, 99),
    "OR": (_or, 1, 99),
    "NOT": (_not, 1, 1),
    "ISBLANK": (_is_blank, 1, 1),
    "BLANKVALUE": (_blank_value, 2, 2),
    "TEXT": (_text, 1, 1),
    "ISPICKVAL": (lambda a, b: lambda r: (a(r) or "") == (b(r) or ""), 2, 2),
    "CASE": (_case, 4, 99),
}


@v_args(inline=True)
class _Compiler(Transformer[Token, Formula]):
    def __init__(self, names: Mapping[str, str]) -> None:
        super().__init__()
        self._names = names

    def string(self, token: Token) -> Formula:
        value = re.sub(r"\\(.)", r"\1", token[1:-1])
        return lambda _: value

    def true(self) -> Formula:
        return lambda _: True

    def false(self) -> Formula:
        return lambda _: False

    def null(self) -> Formula:
        return lambda _: None

    def name(self, token: Token) -> Formula:
        stored = self._names.get(token.lower())
        if stored is None:
            raise FormulaError(f"field {token} does not exist")
        return lambda record: record[stored]

    def concat(self, left: Formula, right: Formula) -> Formula:
        return lambda record: f"{left(record) or ''}{right(record) or ''}"

    def equal(self, left: Formula, right: Formula) -> Formula:
        return lambda record: (left(record) or "") == (right(record) or "")

    def unequal(self, left: Formula, right: Formula) -> Formula:
        return lambda record: (left(record) or "") != (right(record) or "")

    def call(self, token: Token, *arguments: Formula | None) -> Formula:
        given = [argument for argument in arguments if argument is not None]
        known = FUNCTIONS.get(token.upper())
        if known is None:
            raise FormulaError(f"unknown function {token}")
        build, least, most = known
        if not least <= len(given) <= most:
            raise FormulaError(f"{token}: wrong number of arguments ({len(given)})")
        return build(*given)
