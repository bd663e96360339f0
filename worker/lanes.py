"""Which workers an org's task runs on: nobody's trouble may take all slots of the live ones.

An org holds one slot of the live workers at a time (of five or more: so many that two orgs leave
one). What finds that taken waits for a moment, since a look that finds a change wakes who settles
it before it ends itself. What still finds it taken, and what belongs to an org whose last live
task took long (slow answers, tens of thousands of users), is carried out by the workers of the
queue `slow`. There, each kind of an org's work has one slot. Marks expire, so that a killed
worker blocks nothing for long, and lost marks cost one more task that takes long: what may be
done at once is decided by the database's leases.
"""

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from enum import StrEnum

import redis
from redis.exceptions import LockError
from redis.lock import Lock

TURN_SECONDS = 15
"""How long a killed worker's turn stands; that of a task that goes on is renewed in time."""

YOUNG_SECONDS = 1.0
"""A live turn of less is waited for: by far most tasks end sooner."""

TRIES, _BETWEEN_TRIES = 50, YOUNG_SECONDS / 50

_RENEWALS = 3

LONG_SECONDS = 5.0
"""A live task of this length makes room: others may have waited for it all that time."""

FORWARDED_SECONDS = 180
"""After this, work that was sent aside and never arrived is sent again; a minute or so late."""

ASIDE_SECONDS = 60
"""How long an org stays aside after its last task that took long: a few polls."""


class Lane(StrEnum):
    """The queues, by who may be on them."""

    LIVE = "live"
    BULK = "bulk"
    SLOW = "slow"


class Verdict(StrEnum):
    """What becomes of a task that is about to run."""

    RUN = "run"
    ASIDE = "aside"
    """To the queue `slow`."""
    DROP = "drop"
    """The same work of this org is being done there; the next tick looks again."""


class Lanes:
    """Turns and marks of orgs, kept in the broker. `live_turns` are the slots an org may hold."""

    def __init__(
        self,
        broker: redis.Redis,
        live_turns: int,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self._broker = broker
        self._live_turns = live_turns
        self._sleep = sleep

    @contextmanager
    def turn(self, org: str, lane: Lane, kind: str) -> Iterator[Verdict]:
        """Take the org's turn for the block, if the verdict is to run."""
        if lane is not Lane.SLOW and self._broker.exists(_aside(org)):
            yield Verdict.ASIDE
            return
        if lane is Lane.BULK:
            yield Verdict.RUN
            return
        turns = _turns(org, lane, kind, self._live_turns)
        turn = self._take(turns)
        if turn is None and lane is Lane.LIVE:
            turn = self._wait(turns)
        if turn is None:
            yield Verdict.ASIDE if lane is Lane.LIVE else Verdict.DROP
            return
        try:
            with _renewed(turn):
                yield Verdict.RUN
        finally:
            with suppress(LockError):  # it ended, and may be another task's by now
                turn.release()

    def took(self, org: str, seconds: float) -> None:
        """Note how long a task of the org's live work took."""
        if seconds >= LONG_SECONDS:
            self._broker.set(_aside(org), 1, ex=ASIDE_SECONDS)

    def leaves(self, org: str, work: str) -> bool:
        """Whether to send this work aside: none of the same is on its way there."""
        return bool(self._broker.set(_forwarded(org, work), 1, nx=True, ex=FORWARDED_SECONDS))

    def arrived(self, org: str, work: str) -> None:
        """It is there, or could not be sent: from now on the same may be sent again."""
        self._broker.delete(_forwarded(org, work))

    def _take(self, turns: list[str]) -> Lock | None:
        for name in turns:
            # Another thread renews it.
            turn: Lock = self._broker.lock(name, timeout=TURN_SECONDS, thread_local=False)
            if turn.acquire(blocking=False):
                self._broker.set(_young(name), 1, px=int(YOUNG_SECONDS * 1000))
                return turn
        return None

    def _wait(self, turns: list[str]) -> Lock | None:
        """One of these live turns, as long as there is a young one and for no longer than that."""
        for _ in range(TRIES):
            if not self._broker.exists(*map(_young, turns)):
                break
            self._sleep(_BETWEEN_TRIES)
            if turn := self._take(turns):
                return turn
        return None


@contextmanager
def _renewed(turn: Lock) -> Iterator[None]:
    """Renew the turn meanwhile, so that it can end soon after a worker that was killed."""
    ended = threading.Event()
    thread = threading.Thread(target=_go_on, args=(turn, ended), daemon=True)
    thread.start()
    try:
        yield
    finally:
        ended.set()
        thread.join()


def _go_on(turn: Lock, ended: threading.Event) -> None:
    while not ended.wait(TURN_SECONDS / _RENEWALS):
        with suppress(redis.RedisError):  # it ends, and another task may begin beside this one
            turn.reacquire()


def rounds(most: int, clock: Callable[[], float] = time.monotonic) -> Iterator[int]:
    """Up to so many rounds of a task; none begins once they have taken long."""
    end = clock() + LONG_SECONDS
    for number in range(most):
        if number and clock() >= end:
            return
        yield number


def live_turns(live_workers: int) -> int:
    """How many slots of the live workers one org may hold: two such orgs leave one to the rest."""
    return max(1, (live_workers - 1) // 2)


def _turns(org: str, lane: Lane, kind: str, count: int) -> list[str]:
    if lane is Lane.LIVE:
        return [f"license-sync:turn:live:{number}:{org}" for number in range(count)]
    return [f"license-sync:turn:slow:{kind}:{org}"]


def _young(turn: str) -> str:
    return f"{turn}:young"


def _aside(org: str) -> str:
    return f"license-sync:aside:{org}"


def _forwarded(org: str, work: str) -> str:
    return f"license-sync:forwarded:{org}:{work}"
