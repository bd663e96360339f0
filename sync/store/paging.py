"""Pages of rows by keyset: a page begins after (or ends before) the row that a mark names.

A mark is opaque to whoever passes it on. It is read like any text from outside: one that cannot be
read is said to be so, and nothing else happens.
"""

import base64
import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, TypeVar

from sqlalchemy import Column, ColumnElement, Select, func, literal, select, text, tuple_
from sqlalchemy.engine import Connection

from sync.errors import UnknownReference
from sync.ports.browse import COUNTED, Listing, Place
from sync.store.columns import AnyRow
from sync.store.filters import is_storable

LONGEST_PAGE = 2000

_PLAN = text("SET LOCAL plan_cache_mode = force_custom_plan")

_Row = TypeVar("_Row")
_Key = tuple[Any, ...]


@dataclass(frozen=True, slots=True)
class Order:
    """Columns that order rows, all in the same direction; together no two rows have them alike."""

    columns: tuple[Column[Any], ...]
    is_descending: bool = False

    def key(self, row: AnyRow) -> _Key:
        """Where a row stands."""
        return tuple(getattr(row, column.name) for column in self.columns)

    def rows(self, wanted: Select[Any], key: _Key | None, count: int, *, back: bool) -> Select[Any]:
        """The first `count` of the wanted rows after `key`, or before it with `back`."""
        is_down = self.is_descending is not back
        sorting = [c.desc() if is_down else c.asc() for c in self.columns]
        if key is not None:
            wanted = wanted.where(self._beyond(key, is_down=is_down))
        return wanted.order_by(*sorting).limit(count)

    def _beyond(self, key: _Key, *, is_down: bool) -> ColumnElement[bool]:
        pairs = zip(key, self.columns, strict=True)
        stands = tuple_(*self.columns)
        place = tuple_(*(literal(value, column.type) for value, column in pairs))
        return stands < place if is_down else stands > place


def read_page(
    connection: Connection,
    wanted: Sequence[Select[Any]],
    order: Order,
    place: Place,
    make: Callable[[AnyRow], _Row],
) -> Listing[_Row]:
    """A page of the rows of several selections, none of which has a row of another."""
    key, back = _stand(order, place)
    plan_for_values(connection)
    limit = min(max(place.limit, 1), LONGEST_PAGE)
    found = [
        row
        for one in wanted
        for row in connection.execute(order.rows(one, key, limit + 1, back=back))
    ]
    found.sort(key=order.key, reverse=order.is_descending is not back)
    rows, has_more = found[:limit], len(found) > limit
    if back:
        rows.reverse()
    has_preceding, has_following = (has_more, True) if back else (key is not None, has_more)
    first = order.key(rows[0]) if rows else key
    last = order.key(rows[-1]) if rows else key
    is_all = key is None and not has_more
    return Listing(
        rows=tuple(map(make, rows)),
        total=len(rows) if is_all else _total(connection, wanted, order, place),
        following=_mark(last) if has_following and last is not None else None,
        preceding=_mark(first) if has_preceding and first is not None else None,
    )


def plan_for_values(connection: Connection) -> None:
    """Let PostgreSQL plan for what is looked for, until the transaction ends.

    A frequent name and a rare one need different plans; one for any name serves neither.
    """
    if connection.dialect.name == "postgresql":
        connection.execute(_PLAN)


def _stand(order: Order, place: Place) -> tuple[_Key | None, bool]:
    if place.after is not None:
        return _key(place.after, order), False
    if place.before is not None:
        return _key(place.before, order), True
    return None, False


def _total(
    connection: Connection, wanted: Sequence[Select[Any]], order: Order, place: Place
) -> int | None:
    """How many rows there are; None if they are more than are counted, or shall not be."""
    if not place.counted:
        return None
    total = 0
    for one in wanted:
        some = one.with_only_columns(*order.columns).limit(COUNTED + 1 - total)
        total += connection.execute(select(func.count()).select_from(some.subquery())).scalar_one()
        if total > COUNTED:
            return None
    return total


def _mark(key: _Key) -> str:
    values = [value.isoformat() if isinstance(value, datetime) else value for value in key]
    said = json.dumps(values, ensure_ascii=False, separators=(",", ":"))
    return base64.urlsafe_b64encode(said.encode()).decode().rstrip("=")


def _key(mark: str, order: Order) -> _Key:
    try:
        padded = mark + "=" * (-len(mark) % 4)
        values = json.loads(base64.b64decode(padded, altchars=b"-_", validate=True))
        if not isinstance(values, list):
            raise ValueError("a mark is a list")
        pairs = zip(values, order.columns, strict=True)
        return tuple(_value(value, column.type.python_type) for value, column in pairs)
    except (ValueError, RecursionError):
        raise UnknownReference(
            "This place in the list cannot be read: start again at the first page."
        ) from None


def _value(value: object, kind: type) -> object:
    if kind is int and type(value) is int and abs(value) < 2**63:
        return value
    if kind is str and isinstance(value, str) and is_storable(value):
        return value
    if kind is datetime and isinstance(value, str):
        time = datetime.fromisoformat(value)
        if time.utcoffset() is not None and not time.utcoffset():
            return time
    raise ValueError("a mark of another list")
