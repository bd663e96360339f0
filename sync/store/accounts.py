"""Accounts: made, changed and disabled, each with its event, and with an end to their sessions."""

from datetime import datetime
from typing import Any

from sqlalchemy import select, update
from sqlalchemy.engine import Connection

from sync.errors import NotAllowed, SyncError, UnknownReference
from sync.ports.accounts import (
    Account,
    Credentials,
    Event,
    EventKind,
    NewAccount,
    OpenIdPerson,
    Role,
    checked_name,
    name_key,
)
from sync.store.account_events import note, said
from sync.store.account_rows import ACCOUNT, account_from, kept_orgs
from sync.store.account_tables import account
from sync.store.columns import AnyRow
from sync.store.database import Database, insert_on
from sync.store.sessions import end_sessions
from sync.store.sign_ins import forgive_name

_row = account.c


class Accounts(Database):
    """The accounts' half of `AccountStore`."""

    def accounts(self) -> list[Account]:
        """All accounts, by name."""
        with self.reading() as connection:
            rows = connection.execute(select(*ACCOUNT).order_by(_row.name_key)).all()
        return [account_from(row) for row in rows]

    def account(self, name: str) -> Account:
        """One account; UnknownReference."""
        with self.reading() as connection:
            return account_from(_named(connection, name))

    def credentials(self, name: str) -> Credentials | None:
        """What proves who somebody is; None if nobody is called that."""
        query = select(*ACCOUNT, _row.password_hash).where(_row.name_key == _key(name))
        with self.reading() as connection:
            row = connection.execute(query).one_or_none()
        return None if row is None else Credentials(account_from(row), row.password_hash)

    def create_account(self, new: NewAccount, by: str) -> Account:
        """Make an account; NotAllowed if the name is taken or cannot be one."""
        with self.writing() as connection:
            return self._create(connection, new, None, by)

    def set_password(self, name: str, password_hash: str, by: str) -> None:
        """Replace the password and end all sessions of the account."""
        with self.writing() as connection:
            self._change(
                connection, name, EventKind.PASSWORD_SET, by, "", password_hash=password_hash
            )

    def rehash(self, account_id: int, old: str, new: str) -> None:
        """Keep the same password under a stronger hash, unless it was replaced meanwhile."""
        same = (_row.id == account_id) & (_row.password_hash == old)
        with self.writing() as connection:
            connection.execute(update(account).where(same).values(password_hash=new))

    def set_role(self, name: str, role: Role, orgs: frozenset[str] | None, by: str) -> None:
        """Change what an account may do, and end its sessions."""
        detail = f"{role.value}, {said(orgs)}"
        with self.writing() as connection:
            self._change(
                connection, name, EventKind.ROLE_SET, by, detail, role=role, orgs=kept_orgs(orgs)
            )

    def disable(self, name: str, by: str) -> None:
        """Let nobody use the account, and end its sessions."""
        with self.writing() as connection:
            now = self.clock_of(connection)
            self._change(connection, name, EventKind.DISABLED, by, "", disabled_at=now)

    def enable(self, name: str, by: str) -> None:
        """Undo `disable`, and forget failed sign-ins under this name."""
        with self.writing() as connection:
            self._change(connection, name, EventKind.ENABLED, by, "", disabled_at=None)
            forgive_name(connection, name)

    def meet_person(self, person: OpenIdPerson) -> Account:
        """The account of this subject, made or brought up to date; NotAllowed."""
        with self.writing() as connection:
            known = connection.execute(
                select(*ACCOUNT).where(_row.subject == person.subject).with_for_update()
            ).one_or_none()
            if known is None:
                new = NewAccount(person.name, person.role, person.orgs)
                return self._create(connection, new, person.subject, person.name)
            return self._bring_up_to_date(connection, account_from(known), person)

    def _create(
        self, connection: Connection, new: NewAccount, subject: str | None, by: str
    ) -> Account:
        name, now = checked_name(new.name), self.clock_of(connection)
        values = {
            "name": name,
            "name_key": name_key(name),
            "role": new.role,
            "orgs": kept_orgs(new.orgs),
            "password_hash": new.password_hash,
            "subject": subject,
            "stamp": 0,
            "created_at": now,
            "created_by": by,
        }
        adding = insert_on(connection, account).values(**values).on_conflict_do_nothing()
        row = connection.execute(adding.returning(*ACCOUNT)).one_or_none()
        if row is None:
            return _met_meanwhile(connection, subject, name)
        detail = f"{new.role.value}, {said(new.orgs)}"
        note(connection, Event(now, EventKind.CREATED, name, by, detail=detail))
        return account_from(row)

    def _change(
        self,
        connection: Connection,
        name: str,
        kind: EventKind,
        by: str,
        detail: str,
        **values: Any,
    ) -> None:
        row = _named(connection, name, lock=True)
        now = self.clock_of(connection)
        values |= {"stamp": row.stamp + 1}
        connection.execute(update(account).where(_row.id == row.id).values(**values))
        end_sessions(connection, row.id, now, kind.value)
        note(connection, Event(now, kind, row.name, by, detail=detail))

    def _bring_up_to_date(
        self, connection: Connection, known: Account, person: OpenIdPerson
    ) -> Account:
        """The identity provider is right about the name, the org's settings about the role."""
        if known.disabled_at is not None:
            raise NotAllowed("This account is disabled: ask whoever runs license-sync.")
        now = self.clock_of(connection)
        if person.name != known.name:
            self._rename(connection, known, person.name, now)
        if (person.role, person.orgs) != (known.role, known.orgs):
            detail = f"{person.role.value}, {said(person.orgs)}"
            orgs = kept_orgs(person.orgs)
            self._change(
                connection,
                person.name,
                EventKind.ROLE_SET,
                person.name,
                detail,
                role=person.role,
                orgs=orgs,
            )
        return account_from(_named(connection, person.name))

    def _rename(self, connection: Connection, known: Account, new_name: str, now: datetime) -> None:
        name = checked_name(new_name)
        holder = select(_row.id).where(_row.name_key == name_key(name), _row.id != known.id)
        if connection.execute(holder).one_or_none() is not None:
            raise _taken(name)
        values = {"name": name, "name_key": name_key(name)}
        connection.execute(update(account).where(_row.id == known.id).values(**values))
        detail = f"was called {known.name}"
        note(connection, Event(now, EventKind.RENAMED, name, name, detail=detail))


def _key(name: str) -> str:
    """What finds an account by a name that anybody may have typed; "" is nobody's."""
    try:
        return name_key(checked_name(name))
    except SyncError:
        return ""


def _named(connection: Connection, name: str, *, lock: bool = False) -> AnyRow:
    query = select(*ACCOUNT).where(_row.name_key == _key(name))
    row = connection.execute(query.with_for_update() if lock else query).one_or_none()
    if row is None:
        raise UnknownReference(
            "There is no account of this name: `license-sync admin users` shows them."
        )
    return row


def _met_meanwhile(connection: Connection, subject: str | None, name: str) -> Account:
    """The account of a subject who signs in twice at once; NotAllowed if it is another's name."""
    query = select(*ACCOUNT).where(_row.subject == subject, _row.subject.is_not(None))
    row = connection.execute(query).one_or_none()
    if row is None:
        raise _taken(name)
    return account_from(row)


def _taken(name: str) -> NotAllowed:
    return NotAllowed(f"The name {name} is another account's: choose another one.")
