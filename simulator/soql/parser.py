"""Query text to syntax tree, or the error that Salesforce would give."""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path as FilePath

from lark import Lark
from lark.exceptions import UnexpectedCharacters, UnexpectedEOF, UnexpectedToken, VisitError

from simulator.errors import ApiError
from simulator.soql.refusals import malformed, unexpected
from simulator.soql.syntax import Query
from simulator.soql.tree import TreeBuilder

MAX_LENGTH = 100_000


@lru_cache(maxsize=1)
def _parser() -> Lark:
    grammar = (FilePath(__file__).parent / "grammar.lark").read_text("utf-8")
    return Lark(grammar, parser="lalr", lexer="contextual")


@lru_cache(maxsize=512)
def parse(text: str) -> Query:
    if len(text) > MAX_LENGTH:
        raise malformed(f"SOQL statements cannot be longer than {MAX_LENGTH} characters.")
    try:
        query: Query = TreeBuilder(text).transform(_parser().parse(text))
        return query
    except UnexpectedToken as error:
        ended = error.token.type == "$END"
        place = len(text) if ended else error.token.start_pos or 0
        raise unexpected(text, place, "<EOF>" if ended else str(error.token)) from error
    except UnexpectedCharacters as error:
        raise _unreadable(text, error.pos_in_stream or 0) from error
    except UnexpectedEOF as error:
        raise unexpected(text, len(text), "<EOF>") from error
    except VisitError as error:
        if isinstance(error.orig_exc, ApiError):
            raise error.orig_exc from error
        raise


def _unreadable(text: str, place: int) -> ApiError:
    if text[place] == ":":
        return malformed("Bind variables only allowed in Apex code")
    return unexpected(text, place, text[place])
