"""Failed sign-ins: counted before they fail, so that many at once are many."""

from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta

from sync.ports.accounts import NewAccount, Role, Tallies, Tally
from sync.store import SqlStore
from tests.contract.store.scene import START, Clock

HERE, THERE = "192.0.2.1", "192.0.2.2"
DAY = 86400


def counted(store: SqlStore, name: str = "ada", address: str = HERE) -> Tallies:
    """What counts now, without counting."""
    seen: list[Tallies] = []

    def look(tallies: Tallies, now: datetime) -> datetime:
        seen.append(tallies)
        return now

    assert store.attempt(name, address, look) is not None
    return seen[0]


def fail(store: SqlStore, name: str = "ada", address: str = HERE) -> None:
    assert store.attempt(name, address, lambda tallies, now: None) is None


def enter(store: SqlStore, name: str = "ada", address: str = HERE) -> None:
    store.start_session(store.account(name), f"{name} {address}", DAY, address)


def test_nothing_counts_at_first(store: SqlStore) -> None:
    assert counted(store) == Tallies()


def test_a_failure_counts_for_the_name_the_address_and_both(store: SqlStore, clock: Clock) -> None:
    fail(store, "ADA")
    now = clock.pass_(5)
    fail(store)
    fail(store, "bob")
    fail(store, "ada", THERE)
    assert counted(store) == Tallies(Tally(2, now), Tally(3, now), Tally(3, now))
    assert counted(store, "eve", "192.0.2.9") == Tallies()


def test_waiting_counts_nothing(store: SqlStore) -> None:
    fail(store)
    until = START + timedelta(seconds=9)
    assert store.attempt("ada", HERE, lambda tallies, now: until) == until
    assert counted(store).pair == Tally(1, START)


def test_signing_in_takes_back_what_is_ones_own(store: SqlStore) -> None:
    store.create_account(NewAccount("ada", Role.ADMIN), "root")
    fail(store, "bob")
    fail(store, "ada", THERE)
    fail(store)
    fail(store)
    enter(store)
    after = counted(store)
    assert after == Tallies(Tally(), Tally(2, START), Tally(2, START), is_known=True)


def test_who_has_an_account_guesses_no_others_password_for_it(store: SqlStore) -> None:
    store.create_account(NewAccount("eve", Role.VIEWER), "root")
    for _ in range(5):
        fail(store, "ada")
        fail(store, "eve")
        enter_again = store.account("eve")
        store.start_session(enter_again, str(_), DAY, HERE)
    assert counted(store, "ada").address.failures == 5
    assert counted(store, "ada").pair.failures == 5


def test_an_address_is_known_to_a_name_for_a_month(store: SqlStore, clock: Clock) -> None:
    store.create_account(NewAccount("Ada", Role.ADMIN), "root")
    enter(store)
    assert counted(store, "ADA").is_known
    assert not counted(store, "ada", THERE).is_known
    assert not counted(store, "bob").is_known
    clock.pass_(30 * DAY)
    assert not counted(store).is_known


def test_failures_are_forgotten_after_a_day(store: SqlStore, clock: Clock) -> None:
    fail(store)
    clock.pass_(DAY - 1)
    assert counted(store).pair.failures == 1
    clock.pass_(1)
    assert counted(store) == Tallies()
    fail(store)
    assert counted(store).pair == Tally(1, clock.now)


def test_enabling_an_account_forgets_what_was_counted_against_its_name(store: SqlStore) -> None:
    store.create_account(NewAccount("ada", Role.ADMIN), "root")
    fail(store, "ada", THERE)
    store.enable("ada", "root")
    assert counted(store).name == Tally()


def test_names_may_be_anything(store: SqlStore) -> None:
    for name in ("", "\x00", "\udcff", "x" * 100_000, "'; DROP TABLE account; --"):
        fail(store, name)
        assert counted(store, name).pair.failures == 1


def test_many_at_once_are_many(store: SqlStore) -> None:
    def three_at_most(tallies: Tallies, now: datetime) -> datetime | None:
        return now if tallies.pair.failures >= 3 else None

    with ThreadPoolExecutor(8) as pool:
        let = list(pool.map(lambda _: store.attempt("ada", HERE, three_at_most), range(16)))
    assert let.count(None) == 3
