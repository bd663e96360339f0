"""Pages of a listing by keyset: from a mark on, and back, at the same cost wherever it is.

A mark is the sort key of a row, as text that people pass on but do not read.
"""

import base64
import binascii
import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, TypeVar

from sqlalchemy import ColumnElement, Select, asc, desc, func, literal, select, tuple_
from sqlalchemy.engine import Connection

from sync.errors import UnknownReference
from sync.ports.browse import COUNTED, Listing, Place
from sync.store.columns import AnyRow

_T = TypeVar("_T")

_BAD_MARK = "There is no such page: begin with the first one."


@dataclass(frozen=True, slots=True)
class Order:
    """The columns that a listing is sorted by, the last of which tells all rows apart."""

    columns: Sequence[ColumnElement[Any]]
    is_descending: bool = False


def page_of(
    connection: Connection,
    query: Select[Any],
    order: Order,
    place: Place,
    make: Callable[[AnyRow], _T],
) -> Listing[_T]:
    """The rows of `query` at `place`; the columns of `order` must be among what it selects."""
    total = _total(connection, query)
    backward = place.after is None and place.before is not None
    mark = place.before if backward else place.after
    down = order.is_descending is not backward
    paged = query
    if mark is not None:
        paged = paged.where(_beyond(order, _values(order, mark), is_less=down))
    sides = (desc(column) if down else asc(column) for column in order.columns)
    rows = list(connection.execute(paged.order_by(*sides).limit(place.limit + 1)).all())
    more, rows = len(rows) > place.limit, rows[: place.limit]
    if backward:
        rows.reverse()
    has_before, has_after = (more, True) if backward else (mark is not None, more)
    return Listing(
        rows=tuple(make(row) for row in rows),
        total=total,
        following=_mark(order, rows[-1]) if rows and has_after else None,
        preceding=_mark(order, rows[0]) if rows and has_before else None,
    )


def _total(connection: Connection, query: Select[Any]) -> int | None:
    some = query.with_only_columns(literal(1), maintain_column_froms=True).limit(COUNTED + 1)
    count: int = connection.execute(select(func.count()).select_from(some.subquery())).scalar_one()
    return None if count > COUNTED else count


def _beyond(order: Order, values: list[Any], *, is_less: bool) -> ColumnElement[bool]:
    types = [column.type for column in order.columns]
    place = tuple_(*(literal(value, type_) for value, type_ in zip(values, types, strict=True)))
    here = tuple_(*order.columns)
    return here < place if is_less else here > place


def _mark(order: Order, row: AnyRow) -> str:
    key = [row._mapping[column] for column in order.columns]
    said = [value.isoformat() if isinstance(value, datetime) else value for value in key]
    text = json.dumps(said, separators=(",", ":"))
    return base64.urlsafe_b64encode(text.encode()).decode().rstrip("=")


def _values(order: Order, mark: str) -> list[Any]:
    """The sort key of a mark; UnknownReference for one that this listing did not give."""
    try:
        padded = mark + "=" * (-len(mark) % 4)
        said = json.loads(base64.urlsafe_b64decode(padded.encode("ascii")))
        if not isinstance(said, list) or len(said) != len(order.columns):
            raise ValueError
        return [_value(value, column) for value, column in zip(said, order.columns, strict=True)]
    except (ValueError, TypeError, binascii.Error, RecursionError):
        raise UnknownReference(_BAD_MARK) from None


def _value(said: Any, column: ColumnElement[Any]) -> Any:
    wanted = column.type.python_type
    if issubclass(wanted, datetime):
        moment = datetime.fromisoformat(said)
        if moment.tzinfo is None:
            raise ValueError
        return moment
    if type(said) is not wanted or (wanted is int and abs(said) >= 2**63):
        raise ValueError
    if wanted is str and ("\x00" in said or len(said) > 1000):
        raise ValueError
    return said
