"""Failed sign-ins, counted for all processes alike. What they cost is not decided here.

Names and addresses stand here as digests: what people type for a name may be their password.
"""

from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, case, delete, select, tuple_, update
from sqlalchemy.engine import Connection

from sync.ports.accounts import Event, EventKind, Tallies, Tally, Wait, digest, name_key
from sync.store.account_events import note, signed_in_from
from sync.store.account_tables import account, sign_in_failure
from sync.store.database import Database, insert_on

FORGET = timedelta(days=1)
"""A failure that nobody repeats for so long counts no more."""

KNOWN = timedelta(days=30)
"""An address from which somebody signed in is theirs for so long."""

UNKNOWN_NAME = "(no account)"

_row = sign_in_failure.c
_PAIR, _ADDRESS, _NAME = "pair", "address", "name"


class SignIns(Database):
    """The part of `AccountStore` that counts failures."""

    def attempt(self, name: str, address: str, wait: Wait) -> datetime | None:
        """Begin a sign-in: until when to wait, or None and it counts as failed from now on."""
        keys = _keys(name, address)
        with self.writing() as connection:
            now = self.clock_of(connection)
            _make_rows(connection, keys, now)
            counted = _lock_rows(connection, keys)
            now = self.clock_of(connection)
            known = signed_in_from(connection, _cut(name), address, now - KNOWN)
            tallies = {scope: _tally(counted[scope], now) for scope in keys}
            until = wait(Tallies(**tallies, is_known=known), now)
            if until is None:
                _count(connection, keys, tallies, now)
            return until

    def refuse_sign_in(self, name: str, address: str, why: str) -> None:
        """Note that somebody was not let in; a name that is no account's is not kept."""
        query = select(account.c.name).where(account.c.name_key == name_key(_cut(name)))
        with self.writing() as connection:
            who = connection.execute(query).scalar_one_or_none() or UNKNOWN_NAME
            now = self.clock_of(connection)
            note(connection, Event(now, EventKind.REFUSED, who, "", address, why))


def forgive(connection: Connection, name: str, address: str) -> None:
    """Take back what a sign-in that succeeded was counted as.

    Failures from other addresses, and of this address with other names, stay: who has an account
    could otherwise guess for ever.
    """
    keys = _keys(name, address)
    _lock_rows(connection, keys)
    connection.execute(delete(sign_in_failure).where(_is(_PAIR, keys[_PAIR])))
    fewer = case((_row.failures > 0, _row.failures - 1), else_=0)
    for scope in (_ADDRESS, _NAME):
        one = _is(scope, keys[scope])
        connection.execute(update(sign_in_failure).where(one).values(failures=fewer))


def forgive_name(connection: Connection, name: str) -> None:
    """Forget what was counted against a name from everywhere."""
    connection.execute(delete(sign_in_failure).where(_is(_NAME, _keys(name, "")[_NAME])))


def forget_old(connection: Connection, now: datetime) -> None:
    """Drop what counts no more, but for what somebody is just counting."""
    old = select(_row.scope, _row.key).where(_row.last_at < now - FORGET)
    free = tuple_(_row.scope, _row.key).in_(old.with_for_update(skip_locked=True))
    connection.execute(delete(sign_in_failure).where(free))


def _keys(name: str, address: str) -> dict[str, str]:
    key = name_key(name)
    return {_ADDRESS: digest(address), _NAME: digest(key), _PAIR: digest(f"{key}\n{address}")}


def _cut(name: str) -> str:
    """A name that anybody may have typed, fit to be looked up."""
    return name.encode("utf-8", "replace").decode()[:200].replace("\x00", "")


def _is(scope: str, key: str) -> ColumnElement[bool]:
    return (_row.scope == scope) & (_row.key == key)


def _make_rows(connection: Connection, keys: dict[str, str], now: datetime) -> None:
    rows = [
        {"scope": scope, "key": key, "failures": 0, "last_at": now}
        for scope, key in sorted(keys.items())
    ]
    connection.execute(insert_on(connection, sign_in_failure).on_conflict_do_nothing(), rows)


def _lock_rows(connection: Connection, keys: dict[str, str]) -> dict[str, tuple[int, datetime]]:
    """One after the other in the order of their scopes, so that nobody waits in a circle."""
    found = {}
    for scope, key in sorted(keys.items()):
        query = select(_row.failures, _row.last_at).where(_is(scope, key)).with_for_update()
        row = connection.execute(query).one_or_none()
        if row is not None:
            found[scope] = (int(row.failures), row.last_at)
    return found


def _tally(counted: tuple[int, datetime], now: datetime) -> Tally:
    failures, last_at = counted
    if failures == 0 or last_at <= now - FORGET:
        return Tally()
    return Tally(failures, last_at)


def _count(
    connection: Connection, keys: dict[str, str], tallies: dict[str, Tally], now: datetime
) -> None:
    for scope, key in sorted(keys.items()):
        values = {"failures": tallies[scope].failures + 1, "last_at": now}
        connection.execute(update(sign_in_failure).where(_is(scope, key)).values(**values))
