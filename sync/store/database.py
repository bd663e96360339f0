"""Transactions, the clock, and numbers that are never given out twice."""

import secrets
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime, timedelta
from typing import TypeVar

import sqlalchemy as sql
from sqlalchemy import Table, func, literal_column, select, update
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.engine import Connection, Engine
from sqlalchemy.exc import SQLAlchemyError

from sync.store.columns import UtcTime
from sync.store.engine import READ_ONLY
from sync.store.faults import unavailable
from sync.store.tables import counter

_T = TypeVar("_T")

Clock = Callable[[], datetime]

_SQLITE_NOW = select(
    literal_column("strftime('%Y-%m-%d %H:%M:%f', 'now') || '000'", type_=UtcTime())
)
_POSTGRESQL_NOW = select(func.clock_timestamp(type_=UtcTime()))


_COUNT = (
    update(counter)
    .where(counter.c.name == sql.bindparam("of_name"))
    .values(value=counter.c.value + sql.bindparam("more"))
    .returning(counter.c.value)
)


class Database:
    """One database. `clock` replaces the database's own clock in tests."""

    def __init__(self, engine: Engine, clock: Clock | None = None) -> None:
        self.engine = engine
        self._clock = clock
        self._reader = engine.execution_options(**{READ_ONLY: True})
        self._is_sqlite = engine.dialect.name == "sqlite"

    @contextmanager
    def writing(self) -> Iterator[Connection]:
        """A transaction that writes; committed at the end, undone by any error."""
        with self._naming_faults(), self.engine.begin() as connection:
            yield connection

    @contextmanager
    def reading(self) -> Iterator[Connection]:
        """A transaction that only reads."""
        with self._naming_faults(), self._reader.begin() as connection:
            yield connection

    def clock_of(self, connection: Connection) -> datetime:
        """The database's clock at this moment, not at the start of the transaction.

        Ask after taking a lock, not before: waiting for it takes time.
        """
        if self._clock is not None:
            return self._clock()
        query = _SQLITE_NOW if self._is_sqlite else _POSTGRESQL_NOW
        return connection.execute(query).scalar_one()

    def take_numbers(self, connection: Connection, sequence: sql.Sequence, count: int) -> list[int]:
        """The next `count` numbers of a sequence, ascending."""
        if self._is_sqlite:
            wanted = {"of_name": sequence.name, "more": count}
            last: int = connection.execute(_COUNT, wanted).scalar_one()
            return list(range(last - count + 1, last + 1))
        query = select(sequence.next_value()).select_from(func.generate_series(1, count))
        return sorted(connection.execute(query).scalars())

    @contextmanager
    def _naming_faults(self) -> Iterator[None]:
        try:
            yield
        except SQLAlchemyError as error:
            named = unavailable(self.engine, error)
            if named is None:
                raise
            raise named from None


def insert_on(connection: Connection, table: Table) -> sqlite.Insert | postgresql.Insert:
    """An insert that can say what to do on conflict; both databases say it alike."""
    if connection.dialect.name == "sqlite":
        return sqlite.insert(table)
    return postgresql.insert(table)


def chunks(items: Sequence[_T], size: int = 500) -> Iterator[Sequence[_T]]:
    """Parts of a list that fit into one IN of a statement."""
    return (items[start : start + size] for start in range(0, len(items), size))


def new_token() -> str:
    """A lease's token: nobody else has it."""
    return secrets.token_hex(16)


def after(now: datetime, seconds: float) -> datetime:
    """`seconds` later than `now`."""
    return now + timedelta(seconds=seconds)
