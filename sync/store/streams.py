"""Streams of change events: each under a lease, its position moved together with what it told."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import and_, case, func, or_, select, update
from sqlalchemy.engine import Connection

from sync import delays
from sync.errors import LeaseLost
from sync.ports.runs import RunKind, RunStatus
from sync.ports.streams import Heard, Source, Stream, StreamStatus
from sync.store.database import Database, after, insert_on, new_token
from sync.store.delays import note_delays
from sync.store.notices import store_notices
from sync.store.runs import insert_run
from sync.store.stream_tables import event_stream
from sync.store.tables import org_state, run

_row = event_stream.c
_LOST = "Another process listens to this org by now."
_STATUS = tuple(_row[name] for name in StreamStatus.__dataclass_fields__)
BY_EVENTS = "change events"
"""Who starts a reconcile of what events may have missed."""


class Streams(Database):
    """With `OrgStates` it implements `StreamStore`, and with `MeasuredDelays` its status."""

    def take_stream(self, source: Source, holder: str, lease_seconds: float) -> Stream | None:
        """Lease a source; None while somebody else holds it."""
        token = new_token()
        place = {"organization_id": source.organization_id, "topic": source.topic}
        with self.writing() as connection:
            first = {"org": source.org, "events": 0, "mattered": 0, "restarts": 0}
            new = insert_on(connection, event_stream).values(**first, **place)
            connection.execute(new.on_conflict_do_nothing())
            now = self.clock_of(connection)
            is_same = and_(*(_row[name] == value for name, value in place.items()))
            taken = (
                update(event_stream)
                .where(_row.org == source.org)
                .where(or_(_row.lease_token.is_(None), _row.lease_until <= now))
                .values(
                    **place,
                    position=case((is_same, _row.position), else_=None),
                    position_at=case((is_same, _row.position_at), else_=None),
                    holder=holder,
                    lease_token=token,
                    lease_until=after(now, lease_seconds),
                    opened_at=None,
                    restarts=_row.restarts + 1,
                )
                .returning(_row.position)
            )
            found = connection.execute(taken).one_or_none()
        return None if found is None else Stream(source, token, found.position)

    def renew_stream(self, stream: Stream, lease_seconds: float) -> None:
        """Prolong the lease; LeaseLost when it ended."""
        with self.writing() as connection:
            now = self._lock_stream(connection, stream)
            _set(connection, stream, lease_until=after(now, lease_seconds))

    def hear(self, stream: Stream, heard: Heard, lease_seconds: float) -> int:
        """Store notices and the moved position in one transaction; how many rows changed."""
        org = stream.source.org
        with self.writing() as connection:
            now = self._lock_stream(connection, stream)
            if heard.missed is not None:
                _queue_reconcile(connection, org, now)
            _set(
                connection,
                stream,
                position=heard.position,
                position_at=now,
                opened_at=func.coalesce(_row.opened_at, now),
                heard_at=now,
                problem=None,
                events=_row.events + heard.events,
                mattered=_row.mattered + heard.mattered,
                lease_until=after(now, lease_seconds),
            )
            changed = store_notices(self, connection, now, org, heard.notices)
            took = [(now - at).total_seconds() for at in heard.commits]
            note_delays(connection, org, delays.NOTICED, took)
            return changed

    def lose_position(self, stream: Stream) -> None:
        """Forget the position: the next stream begins afresh."""
        with self.writing() as connection:
            self._lock_stream(connection, stream)
            _set(connection, stream, position=None, position_at=None)

    def drop_stream(self, stream: Stream, problem: str | None) -> None:
        """End the lease and say why, if something is wrong; quietly nothing if it is lost."""
        with self.writing() as connection:
            ended = {"holder": None, "lease_token": None, "lease_until": None, "opened_at": None}
            _set(connection, stream, problem=problem, **ended)

    def free_streams(self, holders: Sequence[str]) -> None:
        """End the leases of these holders, which are known to be dead."""
        dead = update(event_stream).where(_row.holder.in_(holders))
        with self.writing() as connection:
            connection.execute(
                dead.values(holder=None, lease_token=None, lease_until=None, opened_at=None)
            )

    def streams(self) -> Mapping[str, StreamStatus]:
        """By org; orgs that nobody ever listened to are missing."""
        with self.reading() as connection:
            rows = connection.execute(select(*_STATUS).order_by(_row.org)).all()
        return {row.org: StreamStatus(**row._mapping) for row in rows}

    def listens(self, org: str) -> bool:
        """Whether changes of this org are being told at this moment."""
        query = select(*_STATUS).where(_row.org == org)
        with self.reading() as connection:
            row = connection.execute(query).one_or_none()
            if row is None:
                return False
            return StreamStatus(**row._mapping).works(self.clock_of(connection))

    def _lock_stream(self, connection: Connection, stream: Stream) -> datetime:
        query = select(_row.lease_until).where(*_held(stream)).with_for_update()
        until = connection.execute(query).scalar_one_or_none()
        now = self.clock_of(connection)
        if until is None or until <= now:
            raise LeaseLost(_LOST)
        return now


def _queue_reconcile(connection: Connection, org: str, now: datetime) -> None:
    """Let an armed org be looked through, unless that waits to begin already.

    An org that is not armed is looked through when it is.
    """
    fingerprint = connection.execute(
        select(org_state.c.armed_fingerprint).where(org_state.c.org == org)
    ).scalar_one_or_none()
    waits = select(run.c.id).where(
        run.c.org == org,
        run.c.started_by == BY_EVENTS,
        run.c.status == RunStatus.QUEUED,
        run.c.after_id == "",
    )
    if fingerprint is None or connection.execute(waits.limit(1)).first() is not None:
        return
    insert_run(connection, now, org, RunKind.RECONCILE, fingerprint, BY_EVENTS)


def _set(connection: Connection, stream: Stream, **values: Any) -> None:
    connection.execute(update(event_stream).where(*_held(stream)).values(**values))


def _held(stream: Stream) -> tuple[Any, ...]:
    return (_row.org == stream.source.org, _row.lease_token == stream.token)
