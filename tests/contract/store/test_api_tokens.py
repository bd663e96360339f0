"""Tokens for programs."""

import pytest

from sync.errors import NotAllowed, UnknownReference
from sync.ports.accounts import Account, ApiToken, EventKind, NewAccount, NewToken, Role, TokenUse
from sync.store import SqlStore
from tests.contract.store.scene import START, Clock

ACME = frozenset({"acme"})


def make(store: SqlStore, role: Role = Role.ADMIN, orgs: frozenset[str] | None = ACME) -> Account:
    return store.create_account(NewAccount("ada", role, orgs), "root")


def use(store: SqlStore, digest: str = "d") -> TokenUse:
    found = store.use_token(digest)
    assert found is not None
    return found


def test_a_token_is_found_by_its_digest(store: SqlStore) -> None:
    made = store.create_token(NewToken("ci", Role.VIEWER, ACME), "d", "root")
    assert made == ApiToken(made.id, "ci", Role.VIEWER, ACME, "root", START)
    assert store.tokens() == [made]
    assert use(store) == TokenUse(made, None)
    assert store.use_token("other") is None


def test_its_use_is_noted_about_once_a_minute(store: SqlStore, clock: Clock) -> None:
    store.create_token(NewToken("ci", Role.VIEWER), "d", "root")
    for passed, noted in ((0, 0), (59, 0), (1, 60), (30, 60)):
        clock.pass_(passed)
        use(store)
        last = store.tokens()[0].last_used_at
        assert last is not None
        assert (last - START).total_seconds() == noted


def test_a_revoked_token_stays_revoked(store: SqlStore, clock: Clock) -> None:
    made = store.create_token(NewToken("ci", Role.VIEWER), "d", "root")
    now = clock.pass_(5)
    assert store.revoke_token(made.id, "eve").revoked_at == now
    clock.pass_(5)
    assert store.revoke_token(made.id, "bob").revoked_at == now
    assert use(store).token.revoked_at == now
    assert store.tokens()[0].last_used_at is None
    told = [(e.kind, e.name, e.actor) for e in store.account_events()]
    assert told == [(EventKind.TOKEN_REVOKED, "ci", "eve"), (EventKind.TOKEN_MADE, "ci", "root")]


def test_there_is_no_such_token(store: SqlStore) -> None:
    with pytest.raises(UnknownReference, match="no token 7: `license-sync admin tokens list`"):
        store.revoke_token(7, "eve")


@pytest.mark.parametrize("name", ["", "a" * 101, "a\x00"])
def test_a_name_that_cannot_be_one(store: SqlStore, name: str) -> None:
    with pytest.raises(NotAllowed, match="A name has"):
        store.create_token(NewToken(name, Role.VIEWER), "d", "root")


def test_its_maker_comes_with_it_as_the_maker_is_now(store: SqlStore) -> None:
    ada = make(store)
    store.create_token(NewToken("ci", Role.ADMIN, ACME, ada.id), "d", "ada")
    store.set_role("ada", Role.VIEWER, ACME, "root")
    store.disable("ada", "root")
    assert use(store).creator == store.account("ada")


@pytest.mark.parametrize(
    ("role", "orgs"), [(Role.ADMIN, ACME), (Role.VIEWER, None), (Role.VIEWER, frozenset({"b"}))]
)
def test_nobody_makes_a_token_that_may_do_more(
    store: SqlStore, role: Role, orgs: frozenset[str] | None
) -> None:
    ada = make(store, Role.VIEWER)
    with pytest.raises(NotAllowed, match="no more than who makes it"):
        store.create_token(NewToken("ci", role, orgs, ada.id), "d", "ada")
    assert store.tokens() == []


def test_a_disabled_account_makes_no_token(store: SqlStore) -> None:
    ada = make(store)
    store.disable("ada", "root")
    with pytest.raises(NotAllowed, match="has to be one that may sign in"):
        store.create_token(NewToken("ci", Role.VIEWER, ACME, ada.id), "d", "ada")
