"""What a plan says of each user, as rows."""

from collections.abc import Sequence

from sqlalchemy import insert
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


def plan_item(row: AnyRow) -> PlanItem:
    """An item from a whole row of `run_item`."""
    return PlanItem(**{name: row._mapping[name] for name in _NAMES})
