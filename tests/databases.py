"""The databases that tests run on. Import the fixtures you need into a `conftest.py`.

`database_url` is the address of a fresh database with all tables, and runs a test twice: on a
SQLite file and on PostgreSQL. `sqlite_url` and `postgres_url` are the two by themselves;
`empty_database_url` is like `database_url`, without tables.

The PostgreSQL server is started when the first test asks for it, once in each process of
pytest-xdist, with one migrated database that is emptied before each test: making a new one takes
half a second.
"""

import itertools
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from sync.store import make_engine, upgrade
from tests.postgres import PostgresServer

__all__ = [
    "database_url",
    "empty_database_url",
    "postgres_server",
    "postgres_template",
    "postgres_url",
    "sqlite_template",
    "sqlite_url",
]

KINDS = ("sqlite", "postgres")
_number = itertools.count(1)

_DISCONNECT = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '{database}'"
_EMPTY = """
DO $$
DECLARE one record;
BEGIN
    FOR one IN SELECT tablename AS name FROM pg_tables
        WHERE schemaname = 'public' AND tablename <> 'alembic_version'
    LOOP EXECUTE format('DELETE FROM %I', one.name); END LOOP;
    FOR one IN SELECT sequencename AS name FROM pg_sequences
    LOOP EXECUTE format('ALTER SEQUENCE %I RESTART', one.name); END LOOP;
END $$
"""


@pytest.fixture(scope="session")
def postgres_server() -> Iterator[PostgresServer]:
    """A running PostgreSQL server."""
    server = PostgresServer()
    try:
        server.start()
        yield server
    finally:
        server.stop()


@pytest.fixture(scope="session")
def postgres_template(postgres_server: PostgresServer) -> str:
    """The name of a database with all tables; it is emptied before each test."""
    postgres_server.execute("CREATE DATABASE migrated")
    _migrate(postgres_server.url("migrated"))
    return "migrated"


@pytest.fixture(scope="session")
def sqlite_template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A SQLite file with all tables, to copy."""
    path = tmp_path_factory.mktemp("template") / "migrated.db"
    _migrate(f"sqlite:///{path}")
    return path


@pytest.fixture
def sqlite_url(sqlite_template: Path, tmp_path: Path) -> str:
    """A fresh SQLite file with all tables."""
    path = tmp_path / "license-sync.db"
    shutil.copy(sqlite_template, path)
    return f"sqlite:///{path}"


@pytest.fixture
def postgres_url(postgres_server: PostgresServer, postgres_template: str) -> str:
    """An empty PostgreSQL database with all tables; whoever was still connected is thrown out."""
    postgres_server.execute(_DISCONNECT.format(database=postgres_template))
    postgres_server.execute(_EMPTY, postgres_template)
    return postgres_server.url(postgres_template)


@pytest.fixture(params=KINDS)
def database_url(request: pytest.FixtureRequest) -> str:
    """A fresh database with all tables, of each kind in turn."""
    url: str = request.getfixturevalue(f"{request.param}_url")
    return url


@pytest.fixture(params=KINDS)
def empty_database_url(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """A fresh database without tables, of each kind in turn."""
    if request.param == "sqlite":
        yield f"sqlite:///{tmp_path / 'empty.db'}"
        return
    server: PostgresServer = request.getfixturevalue("postgres_server")
    with _new_database(server) as url:
        yield url


@contextmanager
def _new_database(server: PostgresServer) -> Iterator[str]:
    name = f"test_{next(_number)}"
    server.execute(f"CREATE DATABASE {name}")
    try:
        yield server.url(name)
    finally:
        server.execute(f"DROP DATABASE {name} WITH (FORCE)")


def _migrate(url: str) -> None:
    engine = make_engine(url)
    upgrade(engine)
    engine.dispose()
