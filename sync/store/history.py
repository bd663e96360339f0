"""The history: written before a record is, never changed but for what became of the write."""

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime

from sqlalchemy import insert, select, update
from sqlalchemy.engine import Connection
from sqlalchemy.sql import bindparam

from sync.ports.history import HistoryOutcome, HistoryRow, Intent
from sync.store.columns import AnyRow
from sync.store.database import Database, chunks
from sync.store.tables import history, history_id

_PAGE = 500
_row = history.c

INTENT = (
    _row.user_id,
    _row.username,
    _row.cause,
    _row.actor,
    _row.requested_before,
    _row.requested_after,
    _row.held_before,
    _row.held_after,
    _row.status_after,
    _row.why,
    _row.policy,
    _row.conflict_id,
    _row.run_id,
    _row.unapproved,
)
COLUMNS = (_row.id, _row.org, _row.at, *INTENT, _row.outcome, _row.error)
_NAMES = tuple(column.name for column in INTENT)


def history_row(row: AnyRow) -> HistoryRow:
    """A row that was selected as `COLUMNS`."""
    id_, org, at, *intent, outcome, error = row
    return HistoryRow(id_, org, at, Intent(*intent), outcome, error)


def insert_intents(
    database: Database,
    connection: Connection,
    now: datetime,
    org: str,
    intents: Sequence[Intent],
) -> list[int]:
    """Add rows for writes that are about to happen; their ids in order."""
    if not intents:
        return []
    ids = database.take_numbers(connection, history_id, len(intents))
    common = {"org": org, "at": now, "outcome": HistoryOutcome.INTENDED}
    rows = [
        {
            "id": id_,
            **common,
            "username_key": intent.username.lower(),
            "changed": intent.held_before ^ intent.held_after,
            **{name: getattr(intent, name) for name in _NAMES},
        }
        for id_, intent in zip(ids, intents, strict=True)
    ]
    connection.execute(insert(history), rows)
    return ids


def book_outcomes(
    connection: Connection,
    now: datetime,
    org: str,
    outcomes: Mapping[int, tuple[HistoryOutcome, str | None]],
) -> None:
    """Fill in what became of writes; a row that says so already is left as it is."""
    alike: dict[tuple[HistoryOutcome, str | None], list[int]] = defaultdict(list)
    for id_, what in sorted(outcomes.items()):
        alike[what].append(id_)
    for (outcome, error), ids in alike.items():
        values = {"of_org": org, "new": outcome, "why_not": error, "now": now}
        for some in chunks(ids):
            connection.execute(_OUTCOME, values | {"of_ids": some})


_OUTCOME = (
    update(history)
    .where(
        _row.id.in_(bindparam("of_ids", expanding=True)),
        _row.org == bindparam("of_org"),
        _row.outcome == HistoryOutcome.INTENDED,
    )
    .values(outcome=bindparam("new"), error=bindparam("why_not"), outcome_at=bindparam("now"))
)


class History(Database):
    """The history as people read it."""

    def history(
        self, org: str | None = None, user_id: str | None = None, limit: int = 100
    ) -> Iterator[HistoryRow]:
        """The newest rows of the history, newest first."""
        query = select(*COLUMNS).order_by(_row.id.desc())
        if org is not None:
            query = query.where(_row.org == org)
        if user_id is not None:
            query = query.where(_row.user_id == user_id)
        before: int | None = None
        while limit > 0:
            page = query if before is None else query.where(_row.id < before)
            with self.reading() as connection:
                rows = connection.execute(page.limit(min(limit, _PAGE))).all()
            yield from map(history_row, rows)
            if len(rows) < _PAGE:
                return
            before, limit = rows[-1].id, limit - len(rows)
