"""Sessions as cookies. The id is the browser's alone: what is kept and logged is its digest.

`__Host-` binds the cookie to this very host and to TLS
(https://datatracker.ietf.org/doc/html/draft-ietf-httpbis-rfc6265bis#section-4.1.3.2).
"""

import logging
import re
import secrets
from dataclasses import dataclass

from starlette.requests import Request
from starlette.responses import Response

from admin.access import SignedIn
from sync.ports.accounts import Account, AccountStore, Session, digest

log = logging.getLogger(__name__)

_ID = re.compile(r"[\w-]{43}", re.ASCII)


@dataclass(frozen=True, slots=True)
class SessionRules:
    """How long a session lasts, in seconds, and whether browsers come by TLS."""

    seconds: float
    idle_seconds: float
    is_https: bool


class Sessions:
    """Starts sessions, finds them, ends them."""

    def __init__(self, store: AccountStore, rules: SessionRules) -> None:
        self._store = store
        self._rules = rules
        self.cookie = f"{'__Host-' if rules.is_https else ''}license_sync_session"

    def start(self, account: Account, address: str) -> str:
        """A new session's id. NotAllowed if the account has just been changed."""
        made = secrets.token_urlsafe(32)
        self._store.start_session(account, digest(made), self._rules.seconds, address)
        return made

    def find(self, given: str, address: str, *, in_use: bool = True) -> SignedIn | None:
        """Whose session this is; None if it is none, or over: which is logged."""
        if not _ID.fullmatch(given):
            return None
        found = self._store.session(digest(given), self._rules.idle_seconds, in_use=in_use)
        if found is None:
            log.warning("a session that is not known was refused, from %s", address)
            return None
        if found.ended is not None:
            log.warning(
                "a session of account %s was refused (%s), from %s",
                found.account.id,
                found.ended,
                address,
            )
            return None
        return person_of(found)

    def end(self, given: str) -> None:
        """Sign out."""
        if _ID.fullmatch(given):
            self._store.end_session(digest(given))

    def given(self, request: Request) -> str:
        """The session id that a browser shows; empty if it shows none."""
        return request.cookies.get(self.cookie, "")

    def put(self, response: Response, session_id: str) -> None:
        """Give a browser its session."""
        response.set_cookie(
            self.cookie,
            session_id,
            path="/",
            httponly=True,
            samesite="lax",
            secure=self._rules.is_https,
        )

    def take(self, response: Response) -> None:
        """Take a browser's session away."""
        response.delete_cookie(
            self.cookie, path="/", httponly=True, samesite="lax", secure=self._rules.is_https
        )


def person_of(session: Session) -> SignedIn:
    """Who is behind a session, with what they may do now."""
    who = session.account
    return SignedIn(username=who.name, role=who.role, orgs=who.orgs)
