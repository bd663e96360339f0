"""The form of SOQL's errors: the line, a caret, row and column, then the sentence.

Recorded for an unknown object (`select count() from XYZZY`). Sentences that users of real
orgs quote are used word for word; the others are marked where they stand.
"""

from __future__ import annotations

from simulator.errors import ApiError

MALFORMED = "MALFORMED_QUERY"


def located(text: str, place: int, code: str, message: str) -> ApiError:
    """An error that points into the query."""
    row = text.count("\n", 0, place) + 1
    begin = text.rfind("\n", 0, place) + 1
    line = text[begin:].split("\n", 1)[0]
    caret = " " * (place - begin) + "^"
    where = f"\n{line}\n{caret}\nERROR at Row:{row}:Column:{place - begin + 1}\n"
    return ApiError(400, code, where + message)


def unexpected(text: str, place: int, token: str) -> ApiError:
    return located(text, place, MALFORMED, f"unexpected token: '{token}'")


def malformed(message: str) -> ApiError:
    """An error about the query as a whole, without a caret."""
    return ApiError(400, MALFORMED, message)
