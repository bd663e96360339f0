"""What a column takes and gives back."""

from datetime import UTC, datetime, timedelta, timezone

import hypothesis.strategies as st
import pytest
from hypothesis import given
from sqlalchemy import Column, MetaData, Table, create_engine, insert, select
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.exc import StatementError

from sync.model import License, Licenses
from sync.ports.conflict_log import EntryStatus
from sync.ports.pending import Priority
from sync.store.columns import LicenseSet, Rank, UtcTime, Word

ZONES = st.integers(-14 * 60, 14 * 60).map(lambda minutes: timezone(timedelta(minutes=minutes)))
NAIVE = datetime(1970, 1, 2)  # noqa: DTZ001
TIMES = st.datetimes(NAIVE, NAIVE.replace(year=2200), timezones=ZONES)


@given(TIMES, TIMES)
def test_times_are_ordered_in_sqlite_as_they_are(first: datetime, second: datetime) -> None:
    dialect = sqlite.dialect()
    to_text = UtcTime().dialect_impl(dialect).bind_processor(dialect)
    assert to_text is not None
    assert (to_text(first) < to_text(second)) == (first < second)


def test_a_time_comes_back_as_it_was_in_utc() -> None:
    engine = create_engine("sqlite://")
    table = Table("t", MetaData(), Column("at", UtcTime))
    table.create(engine)
    time = datetime(2026, 3, 1, 12, 0, 0, 1000, timezone(timedelta(hours=2)))
    with engine.begin() as connection:
        connection.execute(insert(table).values(at=time))
        found = connection.execute(select(table.c.at)).scalar_one()
        assert found == time
        assert found.tzinfo is UTC
        with pytest.raises(StatementError, match="without a zone"):
            connection.execute(insert(table).values(at=NAIVE))


@given(st.sets(st.sampled_from(License)))
def test_licenses_are_stored_as_letters(names: set[License]) -> None:
    dialect = postgresql.dialect()  # type: ignore[no-untyped-call]
    licenses = Licenses.union(names)
    stored = LicenseSet().process_bind_param(licenses, dialect)
    assert stored == licenses.code
    assert LicenseSet().process_result_value(stored, dialect) == licenses


def test_words_and_ranks_are_stored_plainly() -> None:
    dialect = postgresql.dialect()  # type: ignore[no-untyped-call]
    stored = Word(EntryStatus).process_bind_param(EntryStatus.OPEN, dialect)
    assert type(stored) is str
    assert Word(EntryStatus).process_result_value(stored, dialect) is EntryStatus.OPEN
    assert type(Rank().process_bind_param(Priority.BULK, dialect)) is int
    assert Rank().process_result_value(1, dialect) is Priority.BULK


@pytest.mark.parametrize("kind", [UtcTime(), LicenseSet(), Word(EntryStatus), Rank()])
def test_nothing_stays_nothing(kind: UtcTime | LicenseSet | Word | Rank) -> None:
    dialect = sqlite.dialect()
    assert kind.process_bind_param(None, dialect) is None
    assert kind.process_result_value(None, dialect) is None
