"""What a plan says of each user, as rows."""

from collections.abc import Mapping, Sequence

from sqlalchemy import bindparam, insert, update
from sqlalchemy.engine import Connection

from sync.ports.runs import PlanItem
from sync.store.columns import AnyRow
from sync.store.tables import run_item

_NAMES = tuple(column.name for column in run_item.c if column.name != "run_id")


def insert_items(connection: Connection, run_id: int, items: Sequence[PlanItem]) -> None:
    """Add items to a run."""
    rows = [{"run_id": run_id, **{name: getattr(item, name) for name in _NAMES}} for item in items]
    if rows:
        connection.execute(insert(run_item), rows)


def say_outcomes(connection: Connection, run_id: int, said: Mapping[str, str]) -> None:
    """Note what came of items, by user id."""
    rows = [{"of_user": user, "of_run": run_id, "what": text} for user, text in said.items()]
    if rows:
        connection.execute(_SAY, rows)


_SAY = (
    update(run_item)
    .where(
        run_item.c.run_id == bindparam("of_run"),
        run_item.c.user_id == bindparam("of_user"),
    )
    .values(outcome=bindparam("what"))
)


def plan_item(row: AnyRow) -> PlanItem:
    """An item from a whole row of `run_item`."""
    return PlanItem(**{name: row._mapping[name] for name in _NAMES})
