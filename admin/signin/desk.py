"""The sign-in desk: who says who they are gets a session, or one sentence that says why not.

A refusal is an event and a log line. A name that is no account's stands in neither: people type
their password there.
"""

import logging
from datetime import datetime
from typing import Protocol

from admin.signin.passwords import Passwords
from admin.signin.sessions import Sessions
from admin.signin.throttle import wait_sentence, wait_until
from sync.errors import NotAllowed
from sync.ports.accounts import AccountStore, Credentials, OpenIdPerson

log = logging.getLogger(__name__)

WRONG = "Name or password is wrong: try again."
DISABLED = "This account is disabled: ask whoever runs license-sync."


class SignInRefused(NotAllowed):
    """Somebody was not let in."""


class MustWait(SignInRefused):
    """Too many sign-ins failed."""


class NotEntitled(SignInRefused):
    """An identity provider vouches for somebody, and the settings give them no role."""

    def __init__(self, name: str, sentence: str) -> None:
        super().__init__(sentence)
        self.name = name


class SignInStore(AccountStore, Protocol):
    """What the desk asks of the store."""

    def now(self) -> datetime:
        """The database's clock."""
        ...


class Desk:
    """Lets people in. Everything here blocks: call it from a thread."""

    def __init__(self, store: SignInStore, passwords: Passwords, sessions: Sessions) -> None:
        self._store = store
        self._passwords = passwords
        self._sessions = sessions

    def by_password(self, name: str, password: str, address: str) -> str:
        """The id of a new session; SignInRefused."""
        until = self._store.attempt(name, address, wait_until)
        if until is not None:
            log.warning("a sign-in from %s has to wait", address)
            raise MustWait(wait_sentence(until, self._store.now()))
        found = self._store.credentials(name)
        if not self._passwords.fits(password, None if found is None else found.password_hash):
            raise self._refused(name, address, "wrong password", WRONG)
        assert found is not None
        if found.account.disabled_at is not None:
            raise self._refused(name, address, "disabled", DISABLED)
        made = self._sessions.start(found.account, address)
        self._strengthen(found, password)
        return made

    def by_openid(self, person: OpenIdPerson, address: str) -> str:
        """The id of a new session for somebody that an identity provider vouches for."""
        try:
            return self._sessions.start(self._store.meet_person(person), address)
        except NotAllowed as error:
            raise self._refused(person.name, address, "OpenID Connect", str(error)) from None

    def note_not_entitled(self, refused: NotEntitled, address: str) -> None:
        """Somebody is who they say, and may not see the page: their name is no secret."""
        self._refused(refused.name, address, f"no role for {refused.name}", str(refused))

    def _strengthen(self, found: Credentials, password: str) -> None:
        known = found.password_hash
        if known is not None and self._passwords.is_weak(known):
            self._store.rehash(found.account.id, known, self._passwords.hash(password))

    def _refused(self, name: str, address: str, why: str, sentence: str) -> SignInRefused:
        self._store.refuse_sign_in(name, address, why)
        log.warning("a sign-in from %s was refused: %s", address, why)
        return SignInRefused(sentence)
