"""Tokens for programs: found by their digest, revoked for good."""

from datetime import datetime

from sqlalchemy import insert, select, update
from sqlalchemy.engine import Connection

from sync.errors import NotAllowed, UnknownReference
from sync.ports.accounts import (
    ApiToken,
    Event,
    EventKind,
    NewToken,
    Role,
    TokenUse,
    checked_name,
)
from sync.store.account_events import note, said
from sync.store.account_rows import ACCOUNT, account_from, kept_orgs
from sync.store.account_tables import account, api_token
from sync.store.columns import AnyRow
from sync.store.database import Database

NOTED_SECONDS = 60
"""That a token is in use is written this often, and not with every call."""

_row = api_token.c
_SHOWN = (
    _row.id,
    _row.name,
    _row.role,
    _row.orgs,
    _row.created_by,
    _row.created_at,
    _row.last_used_at,
    _row.revoked_at,
)


class ApiTokens(Database):
    """The tokens' part of `AccountStore`."""

    def tokens(self) -> list[ApiToken]:
        """All tokens, newest first."""
        with self.reading() as connection:
            rows = connection.execute(select(*_SHOWN).order_by(_row.id.desc())).all()
        return [_token(row) for row in rows]

    def create_token(self, new: NewToken, digest: str, by: str) -> ApiToken:
        """Make a token; NotAllowed."""
        name = checked_name(new.name)
        with self.writing() as connection:
            if new.account_id is not None:
                _require_maker(connection, new.account_id, new)
            now = self.clock_of(connection)
            values = {
                "digest": digest,
                "name": name,
                "role": new.role,
                "orgs": kept_orgs(new.orgs),
                "account_id": new.account_id,
                "created_by": by,
                "created_at": now,
            }
            adding = insert(api_token).values(**values).returning(*_SHOWN)
            token = _token(connection.execute(adding).one())
            detail = f"token {token.id}: {new.role.value}, {said(new.orgs)}"
            note(connection, Event(now, EventKind.TOKEN_MADE, name, by, detail=detail))
            return token

    def revoke_token(self, token_id: int, by: str) -> ApiToken:
        """Let a token count no more, for good; UnknownReference. Twice is once."""
        query = select(*_SHOWN).where(_row.id == token_id)
        with self.writing() as connection:
            found = connection.execute(query.with_for_update()).one_or_none()
            if found is None:
                raise UnknownReference(
                    f"There is no token {token_id}: `license-sync admin tokens list` shows them."
                )
            if found.revoked_at is None:
                now = self.clock_of(connection)
                revoking = update(api_token).where(_row.id == token_id)
                connection.execute(revoking.values(revoked_at=now))
                detail = f"token {token_id}"
                note(connection, Event(now, EventKind.TOKEN_REVOKED, found.name, by, detail=detail))
            return _token(connection.execute(query).one())

    def use_token(self, digest: str) -> TokenUse | None:
        """The token of this digest, noting its use about once a minute; None if there is none."""
        token = select(*_SHOWN, _row.account_id).where(_row.digest == digest)
        with self.reading() as connection:
            row = connection.execute(token).one_or_none()
            if row is None:
                return None
            maker = select(*ACCOUNT).where(account.c.id == row.account_id)
            creator = connection.execute(maker).one_or_none()
            now = self.clock_of(connection)
        if row.revoked_at is None and _is_stale(row.last_used_at, now):
            self._note_token_use(row.id)
        return TokenUse(_token(row), None if creator is None else account_from(creator))

    def _note_token_use(self, token_id: int) -> None:
        with self.writing() as connection:
            now = self.clock_of(connection)
            using = update(api_token).where(_row.id == token_id)
            connection.execute(using.values(last_used_at=now))


def _require_maker(connection: Connection, account_id: int, new: NewToken) -> None:
    """Nobody makes a token that may do more than they may."""
    query = select(*ACCOUNT).where(account.c.id == account_id).with_for_update(read=True)
    row = connection.execute(query).one_or_none()
    if row is None or row.disabled_at is not None:
        raise NotAllowed("The account that makes a token has to be one that may sign in.")
    maker = account_from(row)
    is_more = new.role is Role.ADMIN and maker.role is not Role.ADMIN
    reaches_more = maker.orgs is not None and (new.orgs is None or not new.orgs <= maker.orgs)
    if is_more or reaches_more:
        raise NotAllowed("A token may do no more than who makes it: lower its role, or its orgs.")


def _is_stale(last: datetime | None, now: datetime) -> bool:
    return last is None or (now - last).total_seconds() >= NOTED_SECONDS


def _token(row: AnyRow) -> ApiToken:
    return ApiToken(
        id=row.id,
        name=row.name,
        role=row.role,
        orgs=None if row.orgs is None else frozenset(row.orgs),
        created_by=row.created_by,
        created_at=row.created_at,
        last_used_at=row.last_used_at,
        revoked_at=row.revoked_at,
    )
