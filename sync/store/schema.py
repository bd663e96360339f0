"""Whether the database has this program's tables, and making it so."""

from importlib.util import find_spec
from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import text
from sqlalchemy.engine import Connection, Engine

from sync.errors import NotAllowed
from sync.store.database import Database

_LOCK = 0x11CE45E5
"""The advisory lock of PostgreSQL that keeps two migrations apart."""


class _Schema(Database):
    def upgrade(self) -> None:
        with self.writing() as connection:
            if connection.dialect.name == "postgresql":
                connection.execute(text("SET LOCAL statement_timeout = 0"))
                connection.execute(text("SET LOCAL lock_timeout = 0"))
                connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": _LOCK})
            found = _revision(connection)
            _refuse_newer(found)
            if found != _head():
                command.upgrade(config_for(connection), "head")

    def revision(self) -> str | None:
        with self.reading() as connection:
            return _revision(connection)


def config_for(connection: Connection) -> Config:
    """What Alembic's commands need to work on this connection."""
    config = _config()
    config.attributes["connection"] = connection
    return config


def upgrade(engine: Engine) -> None:
    """Bring the tables up to this program; several processes may do it at once."""
    _Schema(engine).upgrade()


def is_current(engine: Engine) -> bool:
    """Whether the tables are those of this program."""
    return _Schema(engine).revision() == _head()


def require_current(engine: Engine) -> None:
    """NotAllowed, with the mend, if the tables are older or newer than this program."""
    found = _Schema(engine).revision()
    _refuse_newer(found)
    if found != _head():
        raise NotAllowed(
            f"The database is older than this program ({found or 'empty'}, not {_head()}): "
            "run `license-sync migrate` first."
        )


def _refuse_newer(found: str | None) -> None:
    known = {script.revision for script in _scripts().walk_revisions()}
    if found is not None and found not in known:
        raise NotAllowed(
            f"The database is newer than this program (at {found}): "
            "install the version of license-sync that upgraded it, or a later one."
        )


def _revision(connection: Connection) -> str | None:
    return MigrationContext.configure(connection).get_current_revision()


def _head() -> str:
    head = _scripts().get_current_head()
    assert head is not None
    return head


def _scripts() -> ScriptDirectory:
    return ScriptDirectory.from_config(_config())


def _config() -> Config:
    spec = find_spec("migrations")
    if spec is None or spec.origin is None:
        raise NotAllowed("The migrations are missing from this installation: install it again.")
    config = Config()
    config.set_main_option("script_location", str(Path(spec.origin).parent).replace("%", "%%"))
    return config
