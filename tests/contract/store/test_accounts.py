"""Accounts: who may sign in, and what ends what."""

from concurrent.futures import ThreadPoolExecutor

import pytest

from sync.errors import NotAllowed, UnknownReference
from sync.ports.accounts import (
    Account,
    EventKind,
    NewAccount,
    OpenIdPerson,
    Role,
    Session,
    checked_name,
)
from sync.store import SqlStore
from tests.contract.store.scene import START, Clock

IDLE, LONG, HERE = 3600.0, 12 * 3600.0, "192.0.2.1"
HASH = "a hash"


def make(store: SqlStore, name: str = "Ada", role: Role = Role.ADMIN) -> Account:
    return store.create_account(NewAccount(name, role, None, HASH), "root")


def enter(store: SqlStore, account: Account, digest: str = "d") -> None:
    store.start_session(account, digest, LONG, HERE)


def look(store: SqlStore, digest: str = "d") -> Session:
    found = store.session(digest, IDLE)
    assert found is not None
    return found


def test_an_account_is_what_was_asked_for(store: SqlStore) -> None:
    orgs = frozenset({"beta", "acme"})
    made = store.create_account(NewAccount("Ada", Role.VIEWER, orgs, HASH), "root")
    assert made == Account(made.id, "Ada", Role.VIEWER, orgs, START, "root")
    assert store.account("ADA") == made
    assert store.accounts() == [made]


def test_every_org_is_not_no_org(store: SqlStore) -> None:
    store.create_account(NewAccount("all", Role.VIEWER, None), "root")
    store.create_account(NewAccount("none", Role.VIEWER, frozenset()), "root")
    assert [account.orgs for account in store.accounts()] == [None, frozenset()]


@pytest.mark.parametrize("name", ["Ada", "ADA", " ada ", "ａｄａ"])
def test_a_name_is_given_once_whatever_its_case(store: SqlStore, name: str) -> None:
    make(store)
    with pytest.raises(NotAllowed, match="another account's: choose another"):
        make(store, name)
    assert len(store.accounts()) == 1


@pytest.mark.parametrize(
    "name", ["", "  ", "a" * 101, "a\x00b", "a\nb", "a\u202eb", "\udcff", "\u200b"]
)
def test_a_name_that_cannot_be_one(store: SqlStore, name: str) -> None:
    with pytest.raises(NotAllowed, match="A name has"):
        make(store, name)
    assert store.credentials(name) is None
    with pytest.raises(UnknownReference, match="admin users"):
        store.account(name)


@pytest.mark.parametrize("name", ["<script>alert(1)</script>", "=cmd()", "'; --", "Zoë", "数"])
def test_a_name_may_be_hostile(store: SqlStore, name: str) -> None:
    assert store.account(make(store, name).name).name == checked_name(name) == name


def test_only_credentials_have_the_hash(store: SqlStore) -> None:
    made = make(store)
    found = store.credentials("ada")
    assert found is not None
    assert (found.account, found.password_hash) == (made, HASH)
    assert store.credentials("bob") is None


def test_a_session_is_found_by_its_digest(store: SqlStore) -> None:
    made = make(store)
    enter(store, made)
    found = look(store)
    assert (found.account, found.started_at, found.ended) == (made, START, None)
    assert store.session("other", IDLE) is None


@pytest.mark.parametrize(("passed", "ended"), [(3599, None), (3600, "not used for too long")])
def test_a_session_ends_when_nobody_uses_it(
    store: SqlStore, clock: Clock, passed: float, ended: str | None
) -> None:
    enter(store, make(store))
    clock.pass_(passed)
    assert look(store).ended == ended


def test_use_keeps_a_session_but_not_for_ever(store: SqlStore, clock: Clock) -> None:
    enter(store, make(store))
    for _ in range(23):
        clock.pass_(1800)
        assert look(store).ended is None
    clock.pass_(1800)
    assert look(store).ended == "too old"


def test_signing_out_ends_a_session_once(store: SqlStore) -> None:
    enter(store, make(store))
    store.end_session("d")
    store.end_session("d")
    store.end_session("never was")
    assert look(store).ended == "signed out"
    kinds = [event.kind for event in store.account_events()]
    assert kinds == [EventKind.SIGNED_OUT, EventKind.SIGNED_IN, EventKind.CREATED]


@pytest.mark.parametrize("what", ["password", "role", "disabled"])
def test_a_change_ends_the_sessions_of_that_account_alone(store: SqlStore, what: str) -> None:
    ada, bob = make(store), make(store, "Bob")
    enter(store, ada, "a1")
    enter(store, ada, "a2")
    enter(store, bob, "b")
    if what == "password":
        store.set_password("ADA", "new", "root")
    elif what == "role":
        store.set_role("ada", Role.VIEWER, frozenset({"acme"}), "root")
    else:
        store.disable("ada", "root")
    assert look(store, "a1").ended is not None
    assert look(store, "a2").ended is not None
    assert look(store, "b").ended is None
    with pytest.raises(NotAllowed, match="just been changed: sign in again"):
        enter(store, ada, "a3")


def test_a_new_role_is_in_force(store: SqlStore) -> None:
    make(store)
    store.set_role("ada", Role.VIEWER, frozenset({"acme"}), "root")
    found = store.account("ada")
    assert (found.role, found.orgs) == (Role.VIEWER, {"acme"})


def test_enabling_brings_back_the_account_but_no_session(store: SqlStore, clock: Clock) -> None:
    enter(store, make(store))
    store.disable("ada", "root")
    assert store.account("ada").disabled_at == clock.now
    store.enable("ada", "root")
    assert look(store).ended == "disabled"
    enter(store, store.account("ada"), "again")
    assert look(store, "again").ended is None


def test_a_rehash_ends_nothing_and_replaces_no_newer_password(store: SqlStore) -> None:
    made = make(store)
    enter(store, made)
    store.rehash(made.id, HASH, "stronger")
    store.rehash(made.id, HASH, "late")
    found = store.credentials("ada")
    assert found is not None
    assert found.password_hash == "stronger"
    assert look(store).ended is None


def test_what_happened_is_told_newest_first(store: SqlStore) -> None:
    ada = make(store)
    enter(store, ada)
    store.set_role("ADA", Role.VIEWER, frozenset({"b", "a"}), "root")
    store.set_password("ada", "x", "eve")
    store.disable("ada", "eve")
    store.refuse_sign_in("aDa", HERE, "wrong password")
    store.refuse_sign_in("my secret\x00 typed here", HERE, "wrong password")
    told = [(e.kind, e.name, e.actor, e.address, e.detail) for e in store.account_events()]
    assert told == [
        (EventKind.REFUSED, "(no account)", "", HERE, "wrong password"),
        (EventKind.REFUSED, "Ada", "", HERE, "wrong password"),
        (EventKind.DISABLED, "Ada", "eve", "", ""),
        (EventKind.PASSWORD_SET, "Ada", "eve", "", ""),
        (EventKind.ROLE_SET, "Ada", "root", "", "viewer, a, b"),
        (EventKind.SIGNED_IN, "Ada", "Ada", HERE, ""),
        (EventKind.CREATED, "Ada", "root", "", "admin, all orgs"),
    ]
    assert len(store.account_events(limit=2)) == 2


def test_a_person_of_an_identity_provider_is_met_once(store: SqlStore) -> None:
    person = OpenIdPerson("sub-1", "ada@acme.example", Role.VIEWER, frozenset({"acme"}))
    first = store.meet_person(person)
    enter(store, first)
    assert store.meet_person(person) == first
    assert look(store).ended is None
    found = store.credentials("ada@acme.example")
    assert found is not None
    assert found.password_hash is None


def test_what_the_identity_provider_says_now_counts(store: SqlStore) -> None:
    acme = frozenset({"acme"})
    first = store.meet_person(OpenIdPerson("sub-1", "ada", Role.ADMIN, acme))
    enter(store, first)
    now = store.meet_person(OpenIdPerson("sub-1", "ada.b", Role.VIEWER, acme))
    assert (now.id, now.name, now.role) == (first.id, "ada.b", Role.VIEWER)
    assert look(store).ended == "role set"
    with pytest.raises(UnknownReference):
        store.account("ada")


def test_an_identity_provider_gives_nobody_anothers_account(store: SqlStore) -> None:
    make(store)
    with pytest.raises(NotAllowed, match="another account's"):
        store.meet_person(OpenIdPerson("sub-1", "ADA", Role.ADMIN, None))
    store.meet_person(OpenIdPerson("sub-1", "bob", Role.ADMIN, None))
    with pytest.raises(NotAllowed, match="another account's"):
        store.meet_person(OpenIdPerson("sub-1", "ada", Role.ADMIN, None))


def test_a_disabled_person_stays_out(store: SqlStore) -> None:
    person = OpenIdPerson("sub-1", "ada", Role.ADMIN, None)
    store.meet_person(person)
    store.disable("ada", "root")
    with pytest.raises(NotAllowed, match="disabled: ask"):
        store.meet_person(person)


def test_of_two_who_take_a_name_at_once_one_gets_it(store: SqlStore) -> None:
    def take(_: int) -> bool:
        try:
            make(store)
        except NotAllowed:
            return False
        return True

    with ThreadPoolExecutor(4) as pool:
        assert sorted(pool.map(take, range(4))) == [False, False, False, True]


def test_who_signs_in_twice_at_once_for_the_first_time_is_one(store: SqlStore) -> None:
    person = OpenIdPerson("sub-1", "ada", Role.ADMIN, None)
    with ThreadPoolExecutor(4) as pool:
        met = set(pool.map(lambda _: store.meet_person(person).id, range(8)))
    assert len(met) == 1
    assert len(store.account_events()) == 1
