"""What a program may do that shows a token."""

import logging

import pytest

from admin.access import SignedIn
from admin.signin.tokens import authenticator, create_token
from sync.ports.accounts import Account, NewAccount, NewToken, Role
from sync.store import SqlStore

ACME, BOTH = frozenset({"acme"}), frozenset({"acme", "beta"})


def ada(store: SqlStore, role: Role, orgs: frozenset[str] | None) -> Account:
    return store.create_account(NewAccount("ada", role, orgs), "root")


def test_a_token_is_somebody(store: SqlStore) -> None:
    token, secret = create_token(store, NewToken("ci", Role.ADMIN, ACME), "root")
    who = authenticator(store)(secret)
    assert who == SignedIn(username=f"ci (token {token.id} of root)", role=Role.ADMIN, orgs=ACME)


@pytest.mark.parametrize("given", ["", "x", "lsync_" + "x" * 43, "é", "\ud800", "x" * 10_000])
def test_what_is_no_token(store: SqlStore, given: str) -> None:
    create_token(store, NewToken("ci", Role.ADMIN, ACME), "root")
    assert authenticator(store)(given) is None


def test_a_revoked_token_is_refused_and_that_is_logged(
    store: SqlStore, caplog: pytest.LogCaptureFixture
) -> None:
    token, secret = create_token(store, NewToken("ci", Role.ADMIN), "root")
    store.revoke_token(token.id, "root")
    with caplog.at_level(logging.WARNING):
        assert authenticator(store)(secret) is None
    assert f"token {token.id} was refused (revoked)" in caplog.text
    assert secret not in caplog.text


def test_a_token_ends_with_the_account_that_made_it(store: SqlStore) -> None:
    maker = ada(store, Role.ADMIN, None)
    _, secret = create_token(store, NewToken("ci", Role.ADMIN, None, maker.id), "ada")
    store.disable("ada", "root")
    assert authenticator(store)(secret) is None
    store.enable("ada", "root")
    who = authenticator(store)(secret)
    assert who is not None
    assert who.may_change


@pytest.mark.parametrize(
    ("token_orgs", "maker_orgs", "left"),
    [(None, ACME, ACME), (BOTH, ACME, ACME), (ACME, None, ACME), (ACME, frozenset(), frozenset())],
)
def test_a_token_never_does_more_than_its_maker_may_now(
    store: SqlStore,
    token_orgs: frozenset[str] | None,
    maker_orgs: frozenset[str] | None,
    left: frozenset[str],
) -> None:
    maker = ada(store, Role.ADMIN, None)
    _, secret = create_token(store, NewToken("ci", Role.ADMIN, token_orgs, maker.id), "ada")
    store.set_role("ada", Role.VIEWER, maker_orgs, "root")
    who = authenticator(store)(secret)
    assert who is not None
    assert (who.role, who.orgs) == (Role.VIEWER, left)
