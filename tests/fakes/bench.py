"""A settle bench: a fake org, a real store, and what a test wants to say about them."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from functools import cache

from sqlalchemy import Engine, create_engine
from sqlalchemy.pool import StaticPool

from config.policies import load_policy
from sync.model import NONE, License, Licenses
from sync.ports.brake import SANE_LIMITS, Limits
from sync.ports.conflict_log import LIVE_STATUSES, Entry, Resolution
from sync.ports.history import HistoryRow
from sync.ports.pending import Cause, Notice, Priority
from sync.ports.review import EntryFilter, ParkedUser
from sync.rules import Rulebook
from sync.scan import Scanner
from sync.settle import Settler, SettleReport
from sync.store.engine import make_engine
from sync.store.schema import upgrade
from sync.store.store import SqlStore
from tests.fakes.org import START, FakeOrg, record

ORG = "acme"
FINGERPRINT = "approved"

CTI = Licenses.of(License.CTI)
FREEDOM = Licenses.of(License.FREEDOM)
SCV = Licenses.of(License.SCV)
PBX = Licenses.of(License.PBX)
RECORD = Licenses.of(License.RECORD)
BOTH = FREEDOM | SCV


@dataclass(slots=True)
class Bench:
    """An armed org with one store; `skew` is by how much the store's clock is ahead.

    `jumped` is by how much the org's clock was set ahead since: what only counts seconds, as a
    worker does, has not noticed.
    """

    store: SqlStore
    org: FakeOrg
    rulebook: Rulebook
    skew: timedelta = field(default=timedelta(0))
    limits: Limits = SANE_LIMITS
    jumped: timedelta = field(default=timedelta(0))

    def set_orgs_clock(self, seconds: float) -> None:
        """The org's clock jumps, and no other."""
        by = timedelta(seconds=seconds)
        self.org.now += by
        self.skew -= by
        self.jumped += by

    def set_databases_clock(self, seconds: float) -> None:
        """The database's clock jumps, and no other."""
        self.skew += timedelta(seconds=seconds)

    def user(self, number: int = 10, *, requested: Licenses = NONE, held: Licenses = NONE) -> str:
        """Put a user into the org."""
        one = record(number, requested=requested, held=held)
        self.org.add(one)
        return one.user_id

    def conflict(self, held: Licenses = FREEDOM) -> str:
        """A user that held one side, asked for both, and waits in the log."""
        user = self.user(requested=held)
        self.quiet()
        self.org.tick(3)
        self.org.request(user, BOTH)
        self.quiet()
        return user

    def notice(self, *user_ids: str, priority: Priority = Priority.LIVE) -> None:
        """Tell the store to look at these users."""
        notices = [Notice(i, self.org.users[i].username, Cause.POLL, priority) for i in user_ids]
        self.store.notice(ORG, notices)

    def settler(self, **changes: object) -> Settler:
        """A settler of the org."""
        return Settler(
            **{
                "org": ORG,
                "store": self.store,
                "reader": self.org,
                "writer": self.org,
                "rulebook": self.rulebook,
                "own_id": self.org.user_id(),
                "jitter": lambda: 0.0,
                "monotonic": self._seconds,
                "limits": self.limits,
                **changes,
            }  # type: ignore[arg-type]
        )

    def settle(self, *user_ids: str) -> SettleReport | None:
        """Notice these users, let the blind second pass, and settle one batch."""
        self.notice(*user_ids)
        return self.batch()

    def _seconds(self) -> float:
        return (self.org.now - self.jumped).timestamp()

    def batch(self, **changes: object) -> SettleReport | None:
        """Settle one batch of what is due; `changes` as of a settler."""
        return self.settler(**changes).settle(FINGERPRINT, Priority.LIVE, 2000)

    def poll(self) -> int:
        """Poll once; how many rows were noticed."""
        report = Scanner(ORG, self.store, self.org, self.rulebook).poll()
        return 0 if report is None else report.noticed

    def quiet(self, rounds: int = 20, **changes: object) -> None:
        """Poll and settle until nothing is left to do; `changes` as of a settler."""
        for _ in range(rounds):
            self.org.tick(3)
            noticed = self.poll()
            if self.batch(**changes) is None and not noticed:
                return
        raise AssertionError("it never gets quiet")

    def held(self, user_id: str) -> Licenses:
        """What the user's record holds."""
        return self.org.users[user_id].held.on

    def requested(self, user_id: str) -> Licenses:
        """What the user's record requests."""
        return self.org.users[user_id].requested.on

    def status(self, user_id: str) -> str | None:
        """What the user's record says."""
        return self.org.users[user_id].status

    def living(self, user_id: str | None = None) -> list[Entry]:
        """Living entries of the log."""
        wanted = EntryFilter(org=ORG, user_id=user_id, statuses=LIVE_STATUSES)
        return list(self.store.entries(wanted))

    def entries(self, user_id: str | None = None) -> list[Entry]:
        """All entries of the log."""
        return list(self.store.entries(EntryFilter(org=ORG, user_id=user_id)))

    def resolve(self, user_id: str, keep: Licenses, by: str = "ada") -> Entry:
        """A person decides the user's conflict on what the log shows."""
        (entry,) = [e for e in self.living(user_id) if e.kind == "conflict"]
        seen = Resolution(keep, by, self.store.now(), entry.requested, entry.held)
        return self.store.resolve(entry.id, seen)

    def parked(self) -> list[ParkedUser]:
        """Parked users."""
        return list(self.store.parked(ORG))

    def history(self, user_id: str | None = None) -> list[HistoryRow]:
        """History, newest first."""
        return list(self.store.history(ORG, user_id))


@contextmanager
def open_bench(url: str, features: tuple[str, ...] = ("scv",)) -> Iterator[Bench]:
    """A bench on this database, armed."""
    with _bench(make_engine(url), features) as made:
        yield made


@contextmanager
def _bench(
    engine: Engine, features: tuple[str, ...], skew: timedelta = timedelta(0)
) -> Iterator[Bench]:
    org = FakeOrg()
    policy = load_policy("natterbox-2022")
    try:
        store = SqlStore(engine, clock=lambda: org.now + made.skew)
        made = Bench(store, org, Rulebook(policy, policy.features_of(features)), skew)
        store.arm(ORG, org.organization, FINGERPRINT, by="test")
        yield made
    finally:
        engine.dispose()


@contextmanager
def memory_bench(
    features: tuple[str, ...] = ("scv",), skew: timedelta = timedelta(0)
) -> Iterator[Bench]:
    """A bench on a database in memory: milliseconds, for many examples."""
    engine = create_engine(
        "sqlite://", poolclass=StaticPool, connect_args={"check_same_thread": False}
    )
    connection = engine.raw_connection()
    connection.driver_connection.deserialize(_empty_database())  # type: ignore[union-attr]
    connection.close()
    with _bench(engine, features, skew) as made:
        yield made


@cache
def _empty_database() -> bytes:
    engine = create_engine(
        "sqlite://", poolclass=StaticPool, connect_args={"check_same_thread": False}
    )
    upgrade(engine)
    connection = engine.raw_connection()
    try:
        return bytes(connection.driver_connection.serialize())  # type: ignore[union-attr]
    finally:
        connection.close()
        engine.dispose()


__all__ = [
    "BOTH",
    "CTI",
    "FREEDOM",
    "ORG",
    "PBX",
    "RECORD",
    "SCV",
    "START",
    "Bench",
    "memory_bench",
    "open_bench",
]
