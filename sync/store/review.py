"""What waits for a person: parked users, one user's pending row, and figures."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Select, and_, bindparam, case, func, literal, not_, select, tuple_, update
from sqlalchemy.engine import Connection

from sync.holds import HELD_BACK
from sync.model import NONE, FindingKind
from sync.ports.pending import Cause, Priority
from sync.ports.review import OrgFigures, ParkedUser, WaitingUser
from sync.store.browse_tables import IS_OPEN
from sync.store.columns import AnyRow
from sync.store.database import Database, chunks
from sync.store.tables import conflict, pending_lease, pending_user, pending_version

_PAGE = 500
_row = pending_user.c
_is_parked = _row.parked_at.is_not(None)


class Review(Database):
    """With `ConflictLog` and `History` it implements `ReviewStore`."""

    def now(self) -> datetime:
        """The database's clock."""
        with self.reading() as connection:
            return self.clock_of(connection)

    def parked(self, org: str | None = None) -> Iterator[ParkedUser]:
        """Parked users, those that wait longest first."""
        place = tuple_(_row.parked_at, _row.org, _row.user_id)
        query = select(pending_user).where(_is_parked).limit(_PAGE)
        query = query.order_by(_row.parked_at, _row.org, _row.user_id)
        if org is not None:
            query = query.where(_row.org == org)
        page = query
        while True:
            with self.reading() as connection:
                rows = connection.execute(page).all()
            yield from map(parked_from, rows)
            if len(rows) < _PAGE:
                return
            last = rows[-1]
            page = query.where(place > tuple_(last.parked_at, last.org, last.user_id))

    def retry_parked(self, org: str | None, user_ids: Sequence[str], by: str) -> int:
        """Make parked users due at once; how many. Of every org if no org is named.

        Users that are named lose their hold where that is why they are parked. If none are
        named, it is all but those held back.
        """
        wanted = _wanted(org)
        with self.writing() as connection:
            if not user_ids:
                return self._retry(
                    connection,
                    wanted.where(not_(_is_held_back)),
                    by,
                )
            return sum(
                self._retry(connection, wanted.where(_row.user_id.in_(some)), by)
                for some in chunks(sorted(set(user_ids)))
            )

    def _retry(self, connection: Connection, wanted: Select[Any], by: str) -> int:
        users = connection.execute(wanted).all()
        if not users:
            return 0
        now = self.clock_of(connection)
        versions = self.take_numbers(connection, pending_version, len(users))
        rows = [
            {"of_org": org, "of_user": user_id, "new": version, "now": now, "by": by}
            for (org, user_id), version in zip(users, versions, strict=True)
        ]
        connection.execute(_RETRY, rows)
        return len(rows)

    def waiting(self, org: str, user_id: str) -> WaitingUser | None:
        """The pending row of one user."""
        query = (
            select(pending_user, pending_lease.c.lease_until)
            .outerjoin(pending_lease, pending_lease.c.token == _row.lease_token)
            .where(_row.org == org, _row.user_id == user_id)
        )
        with self.reading() as connection:
            row = connection.execute(query).one_or_none()
            now = self.clock_of(connection)
        return None if row is None else _waiting_user(row, now)

    def figures(self) -> Mapping[str, OrgFigures]:
        """What waits, by org; orgs with nothing are missing."""
        with self.reading() as connection:
            waiting = {row.org: row for row in connection.execute(_WAITING)}
            entries = {row.org: row for row in connection.execute(_OPEN)}
        return {
            org: _figures(org, waiting.get(org), entries.get(org))
            for org in sorted({*waiting, *entries})
        }


def _wanted(org: str | None) -> Select[Any]:
    query = select(_row.org, _row.user_id).where(_is_parked)
    query = query.order_by(_row.org, _row.user_id).with_for_update()
    return query if org is None else query.where(_row.org == org)


_NO_HOLD = literal(NONE, _row.hold.type)
_is_held_back = and_(_row.hold != NONE, _row.error_code == HELD_BACK)

_RETRY = (
    update(pending_user)
    .where(_row.org == bindparam("of_org"), _row.user_id == bindparam("of_user"))
    .values(
        version=bindparam("new"),
        cause=Cause.RETRY,
        actor=bindparam("by"),
        priority=Priority.LIVE,
        noticed_at=bindparam("now"),
        due_at=bindparam("now"),
        attempts=0,
        error_code="",
        error_reason="",
        parked_at=None,
        hold=case((_row.error_code == HELD_BACK, _NO_HOLD), else_=_row.hold),
        hold_version=bindparam("new"),
    )
)

_unparked = _row.parked_at.is_(None)
_WAITING = select(
    _row.org,
    func.count().filter(_unparked).label("pending"),
    func.min(_row.noticed_at).filter(_unparked).label("oldest"),
    func.count().filter(_is_parked).label("parked"),
).group_by(_row.org)

_OPEN = (
    select(
        conflict.c.org,
        func.count().filter(conflict.c.kind == FindingKind.CONFLICT).label("conflicts"),
        func.count().filter(conflict.c.kind == FindingKind.REFUSAL).label("refusals"),
    )
    .where(IS_OPEN)
    .group_by(conflict.c.org)
)


def parked_from(row: AnyRow) -> ParkedUser:
    """A parked user from a whole row of `pending_user`."""
    return ParkedUser(
        org=row.org,
        user_id=row.user_id,
        username=row.username,
        code=row.error_code,
        reason=row.error_reason,
        attempts=row.attempts,
        parked_at=row.parked_at,
        due_at=row.due_at,
        hold=row.hold,
        requested=row.requested,
        held=row.held,
    )


def _waiting_user(row: AnyRow, now: datetime) -> WaitingUser:
    return WaitingUser(
        org=row.org,
        user_id=row.user_id,
        username=row.username,
        cause=row.cause,
        priority=row.priority,
        noticed_at=row.noticed_at,
        due_at=row.due_at,
        attempts=row.attempts,
        leased=row.lease_until is not None and row.lease_until > now,
        parked=row.parked_at is not None,
        error=row.error_reason or None,
    )


def _figures(org: str, waiting: AnyRow | None, entries: AnyRow | None) -> OrgFigures:
    return OrgFigures(
        org=org,
        pending=waiting.pending if waiting else 0,
        oldest_pending_at=waiting.oldest if waiting else None,
        parked=waiting.parked if waiting else 0,
        open_conflicts=entries.conflicts if entries else 0,
        open_refusals=entries.refusals if entries else 0,
    )
