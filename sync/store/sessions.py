"""Sessions: found by the digest of their id, and over in more ways than one."""

from datetime import datetime, timedelta

from sqlalchemy import delete, insert, select, update
from sqlalchemy.engine import Connection

from sync.errors import NotAllowed
from sync.ports.accounts import Account, Event, EventKind, Session
from sync.store.account_events import note
from sync.store.account_rows import ACCOUNT, account_from
from sync.store.account_tables import account, session
from sync.store.columns import AnyRow
from sync.store.database import Database, after
from sync.store.sign_ins import forget_old, forgive

KEPT_DAYS = 30
"""An ended session is known for so long, so that its cookie is refused by name."""

NOTED_SECONDS = 60
"""That a session is in use is written this often, and not with every request."""

_row = session.c


def end_sessions(connection: Connection, account_id: int, now: datetime, why: str) -> None:
    """End all living sessions of an account, since something happened to it."""
    living = (_row.account_id == account_id) & _row.ended_at.is_(None)
    connection.execute(update(session).where(living).values(ended_at=now, ended_why=why))


class Sessions(Database):
    """The sessions' part of `AccountStore`."""

    def start_session(self, account: Account, digest: str, seconds: float, address: str) -> None:
        """Sign somebody in; what `attempt` counted is taken back. NotAllowed."""
        with self.writing() as connection:
            _require_unchanged(connection, account)
            now = self.clock_of(connection)
            connection.execute(
                insert(session).values(
                    digest=digest,
                    account_id=account.id,
                    started_at=now,
                    seen_at=now,
                    ends_at=after(now, seconds),
                )
            )
            note(connection, Event(now, EventKind.SIGNED_IN, account.name, account.name, address))
            old = now - timedelta(days=KEPT_DAYS)
            connection.execute(delete(session).where(_row.ends_at < old))
        with self.writing() as connection:
            forgive(connection, account.name, address)
            forget_old(connection, now)

    def session(self, digest: str, idle_seconds: float, *, in_use: bool = True) -> Session | None:
        """The session, ended or not, noting its use; None if there never was one."""
        with self.reading() as connection:
            row = connection.execute(_FIND.where(_row.digest == digest)).one_or_none()
            now = self.clock_of(connection)
        if row is None:
            return None
        ended = _why_ended(row, now, idle_seconds)
        if in_use and ended is None and (now - row.seen_at).total_seconds() >= NOTED_SECONDS:
            self._note_session_use(digest)
        return _session(row, ended)

    def end_session(self, digest: str) -> None:
        """Sign out; nothing if it ended already."""
        living = (_row.digest == digest) & _row.ended_at.is_(None)
        ending = update(session).where(living).returning(_row.account_id)
        with self.writing() as connection:
            now, why = self.clock_of(connection), EventKind.SIGNED_OUT
            values = {"ended_at": now, "ended_why": why.value}
            account_id = connection.execute(ending.values(**values)).scalar_one_or_none()
            if account_id is not None:
                named = select(account.c.name).where(account.c.id == account_id)
                name = connection.execute(named).scalar_one()
                note(connection, Event(now, why, name, name))

    def _note_session_use(self, digest: str) -> None:
        living = (_row.digest == digest) & _row.ended_at.is_(None)
        with self.writing() as connection:
            now = self.clock_of(connection)
            connection.execute(update(session).where(living).values(seen_at=now))


_FIND = select(session, *ACCOUNT).join(account, account.c.id == _row.account_id)


def _require_unchanged(connection: Connection, known: Account) -> None:
    """A password, a role or the account itself may have ended while somebody signed in."""
    query = select(account.c.stamp, account.c.disabled_at).where(account.c.id == known.id)
    row = connection.execute(query.with_for_update(read=True)).one_or_none()
    if row is None or row.disabled_at is not None or row.stamp != known.stamp:
        raise NotAllowed("This account has just been changed: sign in again.")


def _why_ended(row: AnyRow, now: datetime, idle_seconds: float) -> str | None:
    if row.ended_at is not None:
        return str(row.ended_why)
    if row.disabled_at is not None:
        return EventKind.DISABLED.value
    if now >= row.ends_at:
        return "too old"
    if now >= after(row.seen_at, idle_seconds):
        return "not used for too long"
    return None


def _session(row: AnyRow, ended: str | None) -> Session:
    return Session(account_from(row), row.started_at, row.seen_at, row.ends_at, ended)
