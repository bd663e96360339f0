"""Programs show a token where people have a session.

A token may do what it says, and no more than the account that made it may do now; one made on the
command line has no such account. What is kept is its digest.
"""

import logging
import re
import secrets
from collections.abc import Callable

from admin.access import SignedIn
from sync.ports.accounts import (
    AccountStore,
    ApiToken,
    NewToken,
    Role,
    TokenUse,
    digest,
)

log = logging.getLogger(__name__)

PREFIX = "lsync_"
"""Tells a token at a glance, also to those who look for secrets in logs and repositories."""

_TOKEN = re.compile(rf"{PREFIX}[\w-]{{43}}", re.ASCII)


def create_token(store: AccountStore, new: NewToken, by: str) -> tuple[ApiToken, str]:
    """A new token, and what a program has to show: this once and never again. NotAllowed."""
    secret = PREFIX + secrets.token_urlsafe(32)
    return store.create_token(new, digest(secret), by), secret


def authenticator(store: AccountStore) -> Callable[[str], SignedIn | None]:
    """What tells whose token a text is; None, which is logged, for one that does not count.

    It blocks: call it from a thread.
    """

    def whose(given: str) -> SignedIn | None:
        found = store.use_token(digest(given)) if _TOKEN.fullmatch(given) else None
        why = _refusal(found)
        if found is None or why is not None:
            which = "unknown" if found is None else found.token.id
            log.warning("token %s was refused (%s)", which, why)
            return None
        return _person(found)

    return whose


def _refusal(found: TokenUse | None) -> str | None:
    if found is None:
        return "there is none"
    if found.token.revoked_at is not None:
        return "revoked"
    if found.creator is not None and found.creator.disabled_at is not None:
        return "its maker is disabled"
    return None


def _person(found: TokenUse) -> SignedIn:
    """The token's rights, cut to those of its maker."""
    token, maker = found.token, found.creator
    role, orgs = token.role, token.orgs
    if maker is not None:
        role = role if maker.role is Role.ADMIN else Role.VIEWER
        orgs = _both(orgs, maker.orgs)
    return SignedIn(username=_actor(token), role=role, orgs=orgs)


def _actor(token: ApiToken) -> str:
    """How the history names what a program did: who made its token stands there too."""
    return f"{token.name} (token {token.id} of {token.created_by})"


def _both(one: frozenset[str] | None, other: frozenset[str] | None) -> frozenset[str] | None:
    if one is None:
        return other
    return one if other is None else one & other
