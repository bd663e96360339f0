"""Values as they are written in a query."""

from __future__ import annotations

import re
from datetime import date

from lark import Token

from simulator.clock import parse_iso
from simulator.soql.periods import is_period
from simulator.soql.refusals import MALFORMED, located, unexpected

LONGEST_STRING = 4000  # documented; code and sentence of the refusal are unconfirmed
ESCAPES = {"n": "\n", "r": "\r", "t": "\t", "b": "\b", "f": "\f", '"': '"', "'": "'", "\\": "\\"}
SPECIAL = re.compile(r"\\u([0-9a-fA-F]{4})|\\(.)", re.DOTALL)

Value = str | int | float | bool | None


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
            message = f"Illegal string literal escape: {match[0]}"
            raise located(source, place, MALFORMED, message)
        return ESCAPES[match[2]]

    return SPECIAL.sub(one, text)


def read_value(source: str, token: Token) -> tuple[str, Value]:
    """Kind and value of a literal; a string keeps its escapes."""
    place = token.start_pos or 0
    match token.type:
        case "STRING":
            return "string", _string(source, token)
        case "NUMBER":
            return "number", _number(token)
        case "BOOLEAN":
            return "boolean", token.lower() == "true"
        case "NULL":
            return "null", None
        case "PERIOD":
            if not is_period(token.upper()):
                raise unexpected(source, place, str(token))
            return "period", token.upper()
    kind = token.type.lower()
    value = parse_iso(token.upper()) if kind == "datetime" else _date(token)
    if value is None:
        raise located(source, place, MALFORMED, f"Invalid date: {token}")
    return kind, value


def _string(source: str, token: Token) -> str:
    if len(token) - 2 > LONGEST_STRING:
        message = f"strings in a WHERE clause cannot exceed {LONGEST_STRING} characters"
        raise located(source, token.start_pos or 0, MALFORMED, message)
    return str(token[1:-1])


def _number(token: Token) -> int | float:
    plain = token.lstrip("+-")
    return int(token) if plain.isdigit() else float(token)


def _date(token: Token) -> str | None:
    try:
        return date.fromisoformat(token).isoformat()
    except ValueError:
        return None
