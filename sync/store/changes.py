"""What license-sync wrote in one run, or in a stretch of time, user by user: what an undo reads."""

from datetime import datetime
from itertools import pairwise
from typing import Any

from sqlalchemy import ColumnElement, Select, and_, func, or_, select
from sqlalchemy.engine import Connection

from sync.ports.history import HistoryOutcome
from sync.ports.runs import Changed, Run, RunKind
from sync.store.database import Database, after, chunks
from sync.store.tables import history, run

_row = history.c
_ARRIVED = (HistoryOutcome.CONFIRMED, HistoryOutcome.INTENDED, HistoryOutcome.UNKNOWN)
_STRAY_SECONDS = 3600.0
"""How long after its last page a run's users may be settled."""

_MOVES = or_(_row.held_before != _row.held_after, _row.requested_before != _row.requested_after)


class Changes(Database):
    """The part of `RunStore` that looks back."""

    def changes(self, run: Run, after_id: str, limit: int) -> list[Changed]:
        """Users whom license-sync wrote to in what an undo takes back, by user id."""
        with self.reading() as connection:
            spans = connection.execute(_spans(run, after_id, limit)).all()
            ends = _rows(connection, [id_ for span in spans for id_ in (span.first, span.last)])
            user_ids = [span.user_id for span in spans]
            newest = _newest(connection, run.org, user_ids)
            edited = _edited(connection, run, user_ids)
        return [
            Changed(
                user_id=span.user_id,
                username=ends[span.last].username,
                requested_before=ends[span.first].requested_before,
                held_before=ends[span.first].held_before,
                requested_after=ends[span.last].requested_after,
                held_after=ends[span.last].held_after,
                is_over=newest.get(span.user_id, 0) > span.last,
                is_edited=span.user_id in edited,
            )
            for span in spans
        ]

    def changed_under_no_run(self, undo: Run) -> int:
        """How many users got or lost something under no run in the time of the one taken back."""
        with self.reading() as connection:
            span = _time_of(connection, undo)
            if span is None:
                return 0
            query = select(func.count(_row.user_id.distinct())).where(
                _row.org == undo.org,
                _row.run_id.is_(None),
                _row.outcome.in_(_ARRIVED),
                _row.held_before != _row.held_after,
                _row.at >= span[0],
                _row.at < min(after(span[1], _STRAY_SECONDS), undo.created_at),
            )
            return int(connection.execute(query).scalar_one())


def _time_of(connection: Connection, undo: Run) -> tuple[datetime, datetime] | None:
    """From when to when the run that is taken back was under way; a plan: what applied it."""
    applied = and_(run.c.of_run == undo.of_run, run.c.kind == RunKind.RECONCILE)
    itself = and_(run.c.id == undo.of_run, run.c.kind != RunKind.PLAN)
    query = select(run.c.created_at, run.c.ended_at, run.c.applied_at).where(or_(itself, applied))
    runs = connection.execute(query).all()
    if undo.of_run is None or not runs:
        return None
    ends = (row.applied_at or row.ended_at or undo.created_at for row in runs)
    return min(row.created_at for row in runs), max(ends)


def _spans(run: Run, after_id: str, limit: int) -> Select[Any]:
    """The first and the last row of each user."""
    first, last = func.min(_row.id).label("first"), func.max(_row.id).label("last")
    return (
        select(_row.user_id, first, last)
        .where(_row.org == run.org, _row.outcome.in_(_ARRIVED), _row.user_id > after_id)
        .where(_taken_back(run))
        .group_by(_row.user_id)
        .order_by(_row.user_id)
        .limit(limit)
    )


def _taken_back(undo: Run) -> ColumnElement[bool]:
    """Rows of a run (of a plan: of the reconcile that applied it), or of a stretch of time."""
    if undo.of_run is not None:
        applied = select(run.c.id).where(
            run.c.of_run == undo.of_run, run.c.kind == RunKind.RECONCILE
        )
        return or_(_row.run_id == undo.of_run, _row.run_id.in_(applied))
    since = [] if undo.since is None else [_row.at >= undo.since]
    until = undo.created_at if undo.until is None else undo.until
    return and_(*since, _row.at < until)


def _rows(connection: Connection, ids: list[int]) -> dict[int, Any]:
    found: dict[int, Any] = {}
    for some in chunks(sorted(set(ids))):
        rows = connection.execute(select(history).where(_row.id.in_(some)))
        found |= {row.id: row for row in rows}
    return found


def _edited(connection: Connection, run: Run, user_ids: list[str]) -> set[str]:
    """Whose requests were not as the write before had left them; one unanswered may not have."""
    found: set[str] = set()
    for some in chunks(user_ids):
        rows = connection.execute(
            select(_row.user_id, _row.requested_before, _row.requested_after, _row.outcome)
            .where(_row.org == run.org, _row.outcome.in_(_ARRIVED), _row.user_id.in_(some))
            .where(_taken_back(run))
            .order_by(_row.user_id, _row.id)
        )
        for earlier, row in pairwise(rows):
            left = [earlier.requested_after]
            if earlier.outcome is not HistoryOutcome.CONFIRMED:
                left.append(earlier.requested_before)
            if earlier.user_id == row.user_id and row.requested_before not in left:
                found.add(row.user_id)
    return found


def _newest(connection: Connection, org: str, user_ids: list[str]) -> dict[str, int]:
    """The newest row of each user that may have changed a flag."""
    found: dict[str, int] = {}
    for some in chunks(user_ids):
        rows = connection.execute(
            select(_row.user_id, func.max(_row.id))
            .where(_row.org == org, _row.user_id.in_(some), _row.outcome.in_(_ARRIVED), _MOVES)
            .group_by(_row.user_id)
        )
        found |= {row[0]: row[1] for row in rows}
    return found
