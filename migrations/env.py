"""How Alembic reaches the database: on a connection it is given, or by `-x url=`.

A new step: `alembic -x url=sqlite:///scratch.db revision --autogenerate -m "..."`.
"""

from typing import Any

from alembic import context
from sqlalchemy.engine import Connection

from sync.store.engine import make_engine
from sync.store.tables import counter, metadata


def run(connection: Connection) -> None:
    """Run the steps on a connection, in one transaction."""

    def is_compared(_: Any, name: str | None, kind: str, *__: Any) -> bool:
        """PostgreSQL has sequences where SQLite has the table of counters."""
        is_counter = kind == "table" and name == counter.name
        return not (is_counter and connection.dialect.name == "postgresql")

    context.configure(
        connection=connection,
        target_metadata=metadata,
        include_object=is_compared,
        render_as_batch=connection.dialect.name == "sqlite",
        transaction_per_migration=False,
    )
    with context.begin_transaction():
        context.run_migrations()


given = context.config.attributes.get("connection")
if given is not None:
    run(given)
else:
    with make_engine(context.get_x_argument(as_dictionary=True)["url"]).begin() as opened:
        run(opened)
