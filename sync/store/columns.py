"""How values of the domain are kept in columns."""
# ruff: noqa: ARG002 - the signatures are those that SQLAlchemy calls

from datetime import UTC, datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import BigInteger, DateTime, Integer, Row, SmallInteger, Text
from sqlalchemy.engine import Dialect
from sqlalchemy.types import TypeDecorator

from sync.model import Licenses
from sync.ports.pending import Priority

AnyRow = Row[*tuple[Any, ...]]

_BY_CODE = {Licenses(bits).code: Licenses(bits) for bits in range(256)}
_CODES = {licenses: code for code, licenses in _BY_CODE.items()}

Ident = Text().with_variant(Text(collation="C"), "postgresql")
"""Names and ids: compared byte by byte, as Python and Salesforce order them."""

RowId = BigInteger().with_variant(Integer, "sqlite")
"""A numeric key; SQLite numbers rows by itself only under the name INTEGER."""


LARGEST = 2**63 - 1


def is_row_id(number: int) -> bool:
    """Whether a row could have this number: what comes from outside may be any."""
    return 0 < number <= LARGEST


class UtcTime(TypeDecorator[datetime]):
    """An aware time in UTC, in microseconds; SQLite keeps it as text that sorts."""

    impl = DateTime(timezone=True)
    cache_ok = True

    @property
    def python_type(self) -> type[datetime]:
        """What its values are."""
        return datetime

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        """Refuse naive times: nobody could say what they mean."""
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError("a time without a zone cannot be stored")
        value = value.astimezone(UTC)
        return value.replace(tzinfo=None) if dialect.name == "sqlite" else value

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        """Say UTC where the database could not."""
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


class LicenseSet(TypeDecorator[Licenses]):
    """A set of licenses as its readable letters (`Licenses.code`)."""

    impl = Text
    cache_ok = True

    def process_bind_param(self, value: Licenses | None, dialect: Dialect) -> str | None:
        """The letters of a set."""
        return None if value is None else _CODES[value]

    def process_result_value(self, value: str | None, dialect: Dialect) -> Licenses | None:
        """The set of these letters."""
        return None if value is None else _BY_CODE[value]


class Word(TypeDecorator[Any]):
    """A member of a StrEnum as its value."""

    impl = Text
    cache_ok = True

    def __init__(self, kind: type[StrEnum]) -> None:
        super().__init__()
        self.kind = kind
        self._members: dict[str, StrEnum] = {member.value: member for member in kind}

    def process_bind_param(self, value: StrEnum | None, dialect: Dialect) -> str | None:
        """The plain text of a member; psycopg takes no subclass of str for it."""
        return None if value is None else value.value

    def process_result_value(self, value: str | None, dialect: Dialect) -> StrEnum | None:
        """The member with this value."""
        return None if value is None else self._members[value]


class Rank(TypeDecorator[Priority]):
    """A priority as its number."""

    impl = SmallInteger
    cache_ok = True

    def process_bind_param(self, value: Priority | None, dialect: Dialect) -> int | None:
        """The plain number."""
        return None if value is None else int(value)

    def process_result_value(self, value: int | None, dialect: Dialect) -> Priority | None:
        """The priority with this number."""
        return None if value is None else Priority(value)
