"""Who may use the review page and its API: accounts, their sessions, and tokens for programs.

Session ids and tokens never come here, only their digests (`digest`): whoever reads the database
can be nobody by it. What a person did to an account is an event, and events are only added.
"""

import hashlib
import unicodedata
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Protocol

from sync.errors import NotAllowed

LONGEST_NAME = 100
_CONTROLS = ("Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp")


class Role(StrEnum):
    """What an account may do."""

    VIEWER = "viewer"
    ADMIN = "admin"


class EventKind(StrEnum):
    """What happened to an account or a token."""

    CREATED = "created"
    RENAMED = "renamed"
    PASSWORD_SET = "password set"  # noqa: S105 - a word for it, not one
    ROLE_SET = "role set"
    DISABLED = "disabled"
    ENABLED = "enabled"
    SIGNED_IN = "signed in"
    SIGNED_OUT = "signed out"
    REFUSED = "refused"
    TOKEN_MADE = "token made"  # noqa: S105 - as above
    TOKEN_REVOKED = "token revoked"  # noqa: S105 - as above


@dataclass(frozen=True, slots=True)
class Account:
    """A person who may sign in. `orgs` None is every org; `subject` is who OpenID says it is.

    `stamp` moves with every change that ends the account's sessions.
    """

    id: int
    name: str
    role: Role
    orgs: frozenset[str] | None
    created_at: datetime
    created_by: str
    disabled_at: datetime | None = None
    subject: str | None = None
    stamp: int = 0


@dataclass(frozen=True, slots=True)
class NewAccount:
    """An account to be made. Without a password hash nobody signs in by password."""

    name: str
    role: Role
    orgs: frozenset[str] | None = None
    password_hash: str | None = None


@dataclass(frozen=True, slots=True)
class Credentials:
    """An account with what proves its password, None if it has none."""

    account: Account
    password_hash: str | None


@dataclass(frozen=True, slots=True)
class OpenIdPerson:
    """Who an identity provider says is there, and what the org's settings make of it."""

    subject: str
    name: str
    role: Role
    orgs: frozenset[str] | None


@dataclass(frozen=True, slots=True)
class Session:
    """Somebody signed in. `ended` says why it counts no more, None while it does."""

    account: Account
    started_at: datetime
    seen_at: datetime
    ends_at: datetime
    ended: str | None = None


@dataclass(frozen=True, slots=True)
class NewToken:
    """A token to be made, by the account `account_id`; by the command line if that is None."""

    name: str
    role: Role
    orgs: frozenset[str] | None = None
    account_id: int | None = None


@dataclass(frozen=True, slots=True)
class ApiToken:
    """A token that a program shows instead of signing in."""

    id: int
    name: str
    role: Role
    orgs: frozenset[str] | None
    created_by: str
    created_at: datetime
    last_used_at: datetime | None = None
    revoked_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class TokenUse:
    """A token that was shown, and the account that made it, if one did."""

    token: ApiToken
    creator: Account | None


@dataclass(frozen=True, slots=True)
class Tally:
    """Sign-ins that failed and nobody has forgotten; the last of them at `last_at`."""

    failures: int = 0
    last_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Tallies:
    """What counts against a sign-in: this name from this address, the address, the name.

    `is_known`: the name has signed in from there lately.
    """

    pair: Tally = Tally()
    address: Tally = Tally()
    name: Tally = Tally()
    is_known: bool = False


Wait = Callable[[Tallies, datetime], datetime | None]
"""The rule of the throttle: until when to wait, from what counts and the time now."""


@dataclass(frozen=True, slots=True)
class Event:
    """One thing that happened: to which account or token, by whom, from where."""

    at: datetime
    kind: EventKind
    name: str
    actor: str
    address: str = ""
    detail: str = ""


class AccountStore(Protocol):
    """The store as sign-in sees it. Accounts are named in any case; UnknownReference if none."""

    def accounts(self) -> list[Account]:
        """All accounts, by name."""
        ...

    def account(self, name: str) -> Account:
        """One account."""
        ...

    def create_account(self, new: NewAccount, by: str) -> Account:
        """Make an account; NotAllowed if the name is taken or cannot be one."""
        ...

    def credentials(self, name: str) -> Credentials | None:
        """What proves who somebody is; None if nobody is called that."""
        ...

    def set_password(self, name: str, password_hash: str, by: str) -> None:
        """Replace the password and end all sessions of the account."""
        ...

    def rehash(self, account_id: int, old: str, new: str) -> None:
        """Keep the same password under a stronger hash, unless it was replaced meanwhile."""
        ...

    def set_role(self, name: str, role: Role, orgs: frozenset[str] | None, by: str) -> None:
        """Change what an account may do, and end its sessions."""
        ...

    def disable(self, name: str, by: str) -> None:
        """Let nobody use the account, and end its sessions; its tokens count no more."""
        ...

    def enable(self, name: str, by: str) -> None:
        """Undo `disable`, and forget failed sign-ins under this name."""
        ...

    def meet_person(self, person: OpenIdPerson) -> Account:
        """The account of this subject, made or brought up to date.

        NotAllowed if it is disabled, or the name is another account's.
        """
        ...

    def attempt(self, name: str, address: str, wait: Wait) -> datetime | None:
        """Begin a sign-in: until when to wait, or None and it counts as failed from now on.

        It is counted before the password is looked at, so that many at once are counted too.
        """
        ...

    def start_session(self, account: Account, digest: str, seconds: float, address: str) -> None:
        """Sign somebody in; what `attempt` counted is taken back.

        NotAllowed if the account has changed since it was read.
        """
        ...

    def session(self, digest: str, idle_seconds: float, *, in_use: bool = True) -> Session | None:
        """The session, ended or not, noting its use; None if there never was one.

        A page that refreshes itself is no use: nobody need sit there.
        """
        ...

    def end_session(self, digest: str) -> None:
        """Sign out; nothing if it ended already."""
        ...

    def refuse_sign_in(self, name: str, address: str, why: str) -> None:
        """Note that somebody was not let in."""
        ...

    def tokens(self) -> list[ApiToken]:
        """All tokens, newest first."""
        ...

    def create_token(self, new: NewToken, digest: str, by: str) -> ApiToken:
        """Make a token; NotAllowed if its name cannot be one, or its maker may not make it."""
        ...

    def revoke_token(self, token_id: int, by: str) -> ApiToken:
        """Let a token count no more, for good; UnknownReference."""
        ...

    def use_token(self, digest: str) -> TokenUse | None:
        """The token of this digest, noting its use about once a minute; None if there is none."""
        ...

    def account_events(self, limit: int = 100) -> list[Event]:
        """What happened last, newest first."""
        ...


def digest(secret: str) -> str:
    """What is kept of a session id or a token. It has 256 random bits: no salt is needed."""
    return hashlib.sha256(secret.encode("utf-8", "surrogatepass")).hexdigest()


def name_key(name: str) -> str:
    """What makes two names the same: case and compatible letters do not matter."""
    return unicodedata.normalize("NFKC", name).casefold().strip()


def checked_name(name: str) -> str:
    """The name as it is kept; NotAllowed if it is too long, or has what cannot be seen."""
    name = unicodedata.normalize("NFC", name).strip()
    if not name_key(name) or len(name) > LONGEST_NAME:
        raise NotAllowed(f"A name has 1 to {LONGEST_NAME} characters: choose another one.")
    if any(unicodedata.category(letter) in _CONTROLS for letter in name):
        raise NotAllowed("A name has no invisible characters: type it anew.")
    return name
