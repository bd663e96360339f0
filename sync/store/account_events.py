"""What happened to accounts and tokens, in the transaction in which it happened; only added."""

from collections.abc import Collection
from datetime import datetime

from sqlalchemy import exists, insert, select
from sqlalchemy.engine import Connection

from sync.ports.accounts import Event, EventKind, name_key
from sync.store.account_tables import account_event
from sync.store.database import Database

_row = account_event.c
_SHOWN = (_row.at, _row.kind, _row.name, _row.actor, _row.address, _row.detail)


def note(connection: Connection, event: Event) -> None:
    """Add an event."""
    values = {name: getattr(event, name) for name in Event.__slots__}
    connection.execute(insert(account_event).values(**values, name_key=name_key(event.name)))


def signed_in_from(connection: Connection, name: str, address: str, since: datetime) -> bool:
    """Whether this name has signed in from this address since then."""
    found = exists().where(
        _row.name_key == name_key(name),
        _row.kind == EventKind.SIGNED_IN,
        _row.address == address,
        _row.at > since,
    )
    return bool(connection.execute(select(found)).scalar_one())


def said(orgs: Collection[str] | None) -> str:
    """Orgs as an event tells them."""
    if orgs is None:
        return "all orgs"
    return ", ".join(sorted(orgs)) or "no org"


class AccountEvents(Database):
    """The events as people read them."""

    def account_events(self, limit: int = 100) -> list[Event]:
        """What happened last, newest first."""
        query = select(*_SHOWN).order_by(_row.id.desc()).limit(limit)
        with self.reading() as connection:
            return [Event(*row) for row in connection.execute(query)]
