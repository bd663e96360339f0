"""What a program may do that shows a token."""

import logging

import pytest
from starlette.requests import Request

from admin.access import SignedIn
from admin.signin.tokens import Unauthorized, bearer, create_token
from sync.ports.accounts import Account, NewAccount, NewToken, Role
from sync.store import SqlStore

ACME, BOTH = frozenset({"acme"}), frozenset({"acme", "beta"})


def call(given: str | None) -> Request:
    headers = [] if given is None else [(b"authorization", given.encode("latin-1"))]
    return Request({"type": "http", "headers": headers, "client": ("192.0.2.1", 1)})


def ada(store: SqlStore, role: Role, orgs: frozenset[str] | None) -> Account:
    return store.create_account(NewAccount("ada", role, orgs), "root")


def test_a_token_is_somebody(store: SqlStore) -> None:
    token, secret = create_token(store, NewToken("ci", Role.ADMIN, ACME), "root")
    who = bearer(call(f"Bearer {secret}"), store)
    assert who == SignedIn(username=f"ci (token {token.id} of root)", role=Role.ADMIN, orgs=ACME)
    assert who == bearer(call(f"bearer  {secret} "), store)


@pytest.mark.parametrize(
    "given", [None, "", "Bearer", "Bearer ", "Basic x", "Bearer lsync_" + "x" * 43, "Bearer é"]
)
def test_what_is_no_token(store: SqlStore, given: str | None) -> None:
    create_token(store, NewToken("ci", Role.ADMIN, ACME), "root")
    with pytest.raises(Unauthorized):
        bearer(call(given), store)


def test_a_revoked_token_is_refused_and_that_is_logged(
    store: SqlStore, caplog: pytest.LogCaptureFixture
) -> None:
    token, secret = create_token(store, NewToken("ci", Role.ADMIN), "root")
    store.revoke_token(token.id, "root")
    with caplog.at_level(logging.WARNING), pytest.raises(Unauthorized, match="does not count"):
        bearer(call(f"Bearer {secret}"), store)
    assert f"token {token.id} was refused (revoked), from 192.0.2.1" in caplog.text
    assert secret not in caplog.text


def test_a_token_ends_with_the_account_that_made_it(store: SqlStore) -> None:
    maker = ada(store, Role.ADMIN, None)
    _, secret = create_token(store, NewToken("ci", Role.ADMIN, None, maker.id), "ada")
    store.disable("ada", "root")
    with pytest.raises(Unauthorized):
        bearer(call(f"Bearer {secret}"), store)
    store.enable("ada", "root")
    assert bearer(call(f"Bearer {secret}"), store).may_change


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
    who = bearer(call(f"Bearer {secret}"), store)
    assert (who.role, who.orgs) == (Role.VIEWER, left)
