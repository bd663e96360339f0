"""The tables: made from nothing, checked, and the same as the program thinks."""

from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context

import pytest
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import inspect, text
from sqlalchemy.engine import Engine

from sync.errors import NotAllowed
from sync.store import SqlStore, is_current, make_engine, require_current, upgrade
from sync.store.schema import config_for
from sync.store.tables import counter, metadata


@pytest.fixture
def empty(empty_database_url: str) -> Iterator[Engine]:
    """Connections to a database without tables."""
    engine = make_engine(empty_database_url)
    yield engine
    engine.dispose()


def test_an_empty_database_is_brought_up_to_date(empty: Engine) -> None:
    assert not is_current(empty)
    upgrade(empty)
    assert is_current(empty)
    require_current(empty)
    upgrade(empty)
    store = SqlStore(empty)
    store.pause(None, "ann")
    assert store.state("acme").paused_by == "ann"


def test_the_migrations_make_the_tables_that_the_program_uses(engine: Engine) -> None:
    with engine.connect() as connection:
        context = MigrationContext.configure(
            connection, opts={"compare_type": True, "compare_server_default": True}
        )
        differences = compare_metadata(context, metadata)
    if engine.dialect.name == "postgresql":
        differences = [d for d in differences if getattr(d[-1], "name", "") != counter.name]
    assert differences == []


def test_every_index_of_the_program_is_there_with_its_condition(engine: Engine) -> None:
    """Autogenerate looks at names and columns of an index, not at which rows it holds."""
    found = inspect(engine)
    kind = engine.dialect.name
    for table in metadata.sorted_tables:
        if table is counter and kind == "postgresql":
            continue
        conditions = {
            index["name"]: index.get("dialect_options", {}).get(f"{kind}_where")
            for index in found.get_indexes(table.name)
        }
        for index in table.indexes:
            wanted = index.dialect_options[kind]["where"]
            assert (conditions[index.name] is None) == (wanted is None), index.name


def test_alembics_own_check_agrees(engine: Engine) -> None:
    with engine.begin() as connection:
        command.check(config_for(connection))


def test_the_tables_can_be_taken_away_and_made_again(engine: Engine) -> None:
    with engine.begin() as connection:
        command.downgrade(config_for(connection), "base")
    assert inspect(engine).get_table_names() == ["alembic_version"]
    upgrade(engine)
    SqlStore(engine).beat("sweep")


def test_a_database_without_tables_is_named_with_the_mend(empty: Engine) -> None:
    with pytest.raises(NotAllowed, match=r"older than this program \(empty, not \w+\): run"):
        require_current(empty)


def test_a_newer_database_is_left_alone(engine: Engine) -> None:
    with engine.begin() as connection:
        connection.execute(text("UPDATE alembic_version SET version_num = '9999'"))
    assert not is_current(engine)
    for look in (require_current, upgrade):
        with pytest.raises(NotAllowed, match=r"newer than this program \(at 9999\): install"):
            look(engine)


def _upgrade(url: str) -> bool:
    engine = make_engine(url)
    upgrade(engine)
    return is_current(engine)


def test_several_processes_may_start_at_once(empty_database_url: str) -> None:
    with ProcessPoolExecutor(4, mp_context=get_context("spawn")) as pool:
        assert list(pool.map(_upgrade, [empty_database_url] * 4)) == [True] * 4
