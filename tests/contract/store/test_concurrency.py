"""Several workers and people at once, on the database's own clock."""

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from typing import TypeVar

import pytest
from sqlalchemy.engine import Engine

from sync.errors import LeaseLost, NotAllowed
from sync.ports.history import HistoryOutcome
from sync.ports.pending import Cause, Claim, Priority
from sync.ports.settling import Outcome, OutcomeKind
from sync.store import SqlStore
from tests.contract.store.scene import (
    ANN,
    FREEDOM,
    LEASE,
    ORG,
    PRINT,
    SCV,
    Clock,
    Scene,
    a_notice,
    a_resolution,
    an_intent,
    an_opening,
)

_T = TypeVar("_T")
USERS = [f"005{i:015}" for i in range(400)]


@pytest.fixture
def live(engine: Engine) -> SqlStore:
    """A store on the database's clock, with the armed org."""
    store = SqlStore(engine)
    store.arm(ORG, "00D", PRINT, "ann")
    return store


def at_once(*acts: Callable[[], _T]) -> list[_T]:
    """Run these in threads that start together; their results."""
    barrier = threading.Barrier(len(acts))

    def start(act: Callable[[], _T]) -> _T:
        barrier.wait()
        return act()

    with ThreadPoolExecutor(len(acts)) as pool:
        return list(pool.map(start, acts))


def claim(store: SqlStore, limit: int) -> Claim | None:
    """Claim users."""
    return store.claim(ORG, PRINT, Priority.LIVE, limit, LEASE)


def test_claims_never_share_a_user(live: SqlStore) -> None:
    live.notice(ORG, [a_notice(user) for user in USERS])

    def claim_all() -> list[str]:
        mine: list[str] = []
        while (taken := claim(live, 17)) is not None:
            mine += [user.user_id for user in taken.users]
        return mine

    taken = [user for mine in at_once(*[claim_all] * 4) for user in mine]
    assert sorted(taken) == USERS


def test_notices_in_any_order_wait_for_each_other_but_never_in_a_circle(live: SqlStore) -> None:
    def notice(mark: str, users: list[str]) -> Callable[[], int]:
        notices = [a_notice(user, seen=mark) for user in users]
        return lambda: sum(live.notice(ORG, notices) for _ in range(3))

    at_once(
        notice("a", USERS),
        notice("b", USERS[::-1]),
        notice("c", USERS[200:] + USERS[:200]),
        notice("", USERS),
    )
    taken = claim(live, 9999)
    assert taken is not None
    assert sorted(user.user_id for user in taken.users) == USERS


class SideBySide:
    """Workers, a scan and an admin on the same users."""

    def __init__(self, store: SqlStore, users: list[str]) -> None:
        self.store = store
        self.users = users
        self.over = threading.Event()

    def work(self) -> None:
        """Settle until all others are done."""
        while not self.over.is_set():
            taken = claim(self.store, 13)
            if taken is not None:
                _settle(self.store, taken)

    def scan(self) -> None:
        """Notice everybody, forwards and backwards in turn."""
        for i in range(40):
            users = self.users[::-1] if i % 2 else self.users
            self.store.notice(ORG, [a_notice(user, seen=f"{i}") for user in users])

    def decide(self) -> None:
        """Decide whatever is open."""
        for _ in range(10):
            for entries in self.store.living_entries(ORG, self.users).values():
                _try_to_decide(self.store, entries[0].id)

    def scan_and_decide(self) -> None:
        """Both at once, then let the workers end."""
        try:
            at_once(self.scan, self.decide)
        finally:
            self.over.set()


def test_batches_notices_and_people_go_on_side_by_side(live: SqlStore) -> None:
    """Nobody deadlocks, nobody is forgotten."""
    users = USERS[:60]
    side_by_side = SideBySide(live, users)
    at_once(side_by_side.work, side_by_side.work, side_by_side.scan_and_decide)
    while (taken := claim(live, 100)) is not None:
        _settle(live, taken)
    assert all(live.waiting(ORG, user) is None for user in users)
    outcomes = {row.outcome for row in live.history(limit=99999)}
    assert outcomes == {HistoryOutcome.CONFIRMED}


def _settle(store: SqlStore, taken: Claim) -> None:
    known = store.context(taken)
    ids = store.record_intents(taken, [an_intent(user.user_id) for user in taken.users])
    store.renew(taken, LEASE)
    outcomes = []
    for user, id_ in zip(taken.users, ids, strict=True):
        has_entry = user.user_id in known and known[user.user_id].entries
        outcomes.append(
            Outcome(
                user,
                OutcomeKind.SETTLED,
                history={id_: (HistoryOutcome.CONFIRMED, None)},
                entries=() if has_entry else (an_opening(),),
            )
        )
    store.book(taken, outcomes)


def _try_to_decide(store: SqlStore, entry_id: int) -> None:
    with suppress(NotAllowed):
        store.resolve(entry_id, a_resolution())


def test_of_people_who_decide_at_once_one_is_heard(live: SqlStore) -> None:
    live.notice(ORG, [a_notice()])
    taken = claim(live, 1)
    assert taken is not None
    live.book(taken, [Outcome(taken.users[0], OutcomeKind.SETTLED, entries=(an_opening(),))])
    (entry,) = live.living_entries(ORG, [ANN])[ANN]

    def decide(by: str) -> Callable[[], str]:
        def attempt() -> str:
            keep = FREEDOM if by in ("ann", "cid") else SCV
            try:
                live.resolve(entry.id, a_resolution(keep, by=by))
            except NotAllowed as refused:
                return str(refused)
            return by

        return attempt

    people = ["ann", "bob", "cid", "dan"]
    answers = at_once(*[decide(by) for by in people])
    (winner,) = [answer for answer in answers if answer in people]
    assert sum(f"{winner} decided entry" in answer for answer in answers) == 3
    decided = live.entry(entry.id).resolution
    assert decided is not None
    assert decided.decided_by == winner
    waiting = live.waiting(ORG, ANN)
    assert waiting is not None
    assert waiting.cause is Cause.RESOLUTION


def test_one_of_two_books_when_the_lease_ends_between_them(scene: Scene, clock: Clock) -> None:
    scene.notice(*USERS[:50])
    slow = scene.claim()
    clock.pass_(LEASE)
    quick = scene.claim()

    def book(taken: Claim) -> Callable[[], bool]:
        def attempt() -> bool:
            try:
                scene.book(taken, OutcomeKind.RETRY, delay=5, reason=taken.token)
            except LeaseLost:
                return False
            return True

        return attempt

    assert at_once(book(slow), book(quick)) == [False, True]
    waiting = scene.store.waiting(ORG, USERS[0])
    assert waiting is not None
    assert (waiting.attempts, waiting.error) == (1, quick.token)


def test_renewing_and_claiming_at_the_end_of_a_lease(scene: Scene, clock: Clock) -> None:
    """Never both; a claim that meets a renewal leaves the user to the next claim."""
    for _ in range(10):
        scene.notice(ANN, seen="")
        first = scene.claim()
        clock.pass_(LEASE - 0.001)

        def renew(taken: Claim = first) -> str:
            try:
                scene.store.renew(taken, LEASE)
            except LeaseLost:
                return "lost"
            return taken.token

        def take_over() -> str:
            clock.pass_(0.001)
            taken = scene.try_claim()
            return "none" if taken is None else taken.token

        kept, taken = at_once(renew, take_over)
        assert kept == "lost" or taken == "none"
        scene.clock.pass_(LEASE)
        scene.book(scene.claim(), OutcomeKind.SETTLED)


def test_one_of_many_takes_a_cursor_and_a_run(live: SqlStore) -> None:
    cursors = at_once(*[lambda: live.take_cursor(ORG, "poll", LEASE)] * 5)
    assert sum(cursor is not None for cursor in cursors) == 1
    met = at_once(*[lambda i=i: live.meet("new", f"00D{i}").organization_id for i in range(5)])
    assert len(set(met)) == 1
