"""Conditions that several listings share. What comes in is text from outside, whatever it holds."""

from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import Column, ColumnElement, and_, exists, false, func, not_, true, type_coerce
from sqlalchemy.types import Text

from sync.model import EVERY, License, Licenses
from sync.ports.browse import Orgs
from sync.store.browse_tables import known_user

_LAST = "\U0010ffff"
_ID_LENGTHS = (15, 18)
_EARLIEST, _LATEST = datetime.min.replace(tzinfo=UTC), datetime.max.replace(tzinfo=UTC)

Condition = ColumnElement[bool]
Begins = Callable[[str], Condition]
"""Makes the condition that a text begins so, in lower case."""


def is_storable(text: str) -> bool:
    """Whether a database can keep such a text; if not, no row holds it."""
    return "\0" not in text and text.encode("utf-8", "replace").decode() == text


def of_orgs(column: Column[Any], orgs: Orgs) -> list[Condition]:
    """Rows of these orgs; an empty set has none, and None has no condition."""
    if orgs is None:
        return []
    names = sorted(filter(is_storable, orgs))
    if not names:
        return [false()]
    return [column == names[0] if len(names) == 1 else column.in_(names)]


def is_text(column: Column[Any], wanted: str | None) -> list[Condition]:
    """Rows with this text; None has no condition."""
    if wanted is None:
        return []
    return [column == wanted if is_storable(wanted) else false()]


def is_number(column: Column[Any], wanted: int | None) -> list[Condition]:
    """Rows with this number; None has no condition."""
    if wanted is None:
        return []
    return [column == wanted if abs(wanted) < 2**63 else false()]


def is_one_of(column: Column[Any], wanted: Sequence[Any]) -> list[Condition]:
    """Rows with one of these members of an enumeration; none named are all."""
    if not wanted:
        return []
    return [column == wanted[0] if len(wanted) == 1 else column.in_(wanted)]


def utc(time: datetime) -> datetime:
    """The same time in UTC; the earliest or last one there is, where it would be outside."""
    try:
        return time.astimezone(UTC)
    except OverflowError:
        return _EARLIEST if time.year == 1 else _LATEST


def begins(key: Column[Any], start: str) -> Condition:
    """Rows whose key begins so, found through its index."""
    return and_(key >= start, key < start + _LAST)


def begins_in_any_case(text: Column[Any], start: str) -> Condition:
    """Rows whose text begins so, found by looking at each."""
    return func.substr(func.lower(text), 1, len(start)) == start


def has(column: ColumnElement[Any], license: License) -> Condition:
    """Whether a set of licenses has this one."""
    return type_coerce(column, Text()).like(f"%{license.letter}%")


def is_with(column: Column[Any], license: License) -> Condition:
    """The same, found through an index: a column is one of all the sets that have it."""
    return column.in_([Licenses(bits) for bits in range(1, EVERY.bits + 1) if bits & license.bit])


def found_by(
    search: str,
    org: ColumnElement[str],
    user_id: Column[Any],
    by_username: Begins,
    by_name: Begins | None = None,
) -> list[Condition]:
    """What the rows of a search fulfil: one of these, never two. Without a search, nothing.

    The beginning of a username, or of the name that a user is known by, or an id.
    """
    text = search.strip()
    if not text:
        return [true()]
    if not is_storable(text):
        return [false()]
    start = text.lower()
    called = by_username(start)
    named = _is_known_as(org, user_id, start) if by_name is None else by_name(start)
    found: list[Condition] = [called, and_(named, not_(called))]
    if len(text) in _ID_LENGTHS and text.isascii() and text.isalnum():
        found.append(and_(begins(user_id, text), not_(called), not_(named)))
    return found


def _is_known_as(org: ColumnElement[str], user_id: Column[Any], start: str) -> Condition:
    of_user = (known_user.c.org == org, known_user.c.user_id == user_id)
    return exists().where(*of_user, begins(known_user.c.name_key, start))
