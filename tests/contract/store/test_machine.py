"""Any order of notices, claims, bookings, pauses and waits, against a model in plain Python."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta

import hypothesis.strategies as st
import pytest
from hypothesis import HealthCheck, settings
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule, run_state_machine_as_test
from sqlalchemy import delete
from sqlalchemy.engine import Engine

from sync.errors import LeaseLost
from sync.model import NONE, Licenses
from sync.ports.pending import Cause, Claim, Notice, PendingUser, Priority
from sync.ports.settling import Outcome, OutcomeKind
from sync.store import SqlStore, make_engine
from sync.store.tables import org_state, pending_lease, pending_user
from tests.contract.store.scene import CTI, LEASE, ORG, PBX, Clock

USERS = ["005A", "005B", "005a"]
PRINTS = ["print-1", "print-2"]
users = st.sampled_from(USERS)
holds = st.sampled_from([NONE, NONE, CTI, PBX])


@dataclass
class Row:
    """What the model knows of a pending user."""

    seen: str
    priority: Priority
    noticed_at: datetime
    due_at: datetime
    hold: Licenses
    attempts: int = 0
    parked_at: datetime | None = None
    error: str = ""
    noticed: int = 1
    """How often it was noticed: the model's version."""
    hold_noticed: int = 0
    lease: str | None = None


@dataclass
class Lease:
    """What the model knows of a claim."""

    claim: Claim
    until: datetime
    versions: dict[str, int] = field(default_factory=dict)


class PendingMachine(RuleBasedStateMachine):
    """Two fingerprints, three users, any number of workers."""

    engine: Engine

    def __init__(self) -> None:
        super().__init__()
        with self.engine.begin() as connection:
            for table in (pending_user, pending_lease, org_state):
                connection.execute(delete(table))
        self.clock = Clock()
        self.store = SqlStore(self.engine, self.clock)
        self.rows: dict[str, Row] = {}
        self.leases: list[Lease] = []
        self.armed: str | None = None
        self.pauses: set[str | None] = set()
        self.count = 0

    @property
    def now(self) -> datetime:
        """The time."""
        return self.clock.now

    @rule(
        user=users,
        seen=st.sampled_from(["", "m1", "m2"]),
        priority=st.sampled_from(Priority),
        hold=holds,
    )
    def notice(self, user: str, seen: str, priority: Priority, hold: Licenses) -> None:
        changed = self.store.notice(ORG, [Notice(user, "", Cause.POLL, priority, seen, hold)])
        self.count += 1
        row = self.rows.get(user)
        if row is None:
            self.rows[user] = Row(seen, priority, self.now, self.now, hold, noticed=self.count)
            self.rows[user].hold_noticed = self.count if hold else 0
            assert changed == 1
            return
        is_news = not seen or seen != row.seen or (bool(hold) and hold != row.hold)
        assert changed == (is_news or priority < row.priority)
        row.priority = min(row.priority, priority)
        if is_news:
            self._renotice(row, seen, hold)

    def _renotice(self, row: Row, seen: str, hold: Licenses) -> None:
        row.noticed = self.count
        row.noticed_at = self.now if row.parked_at else row.noticed_at
        row.seen, row.due_at = seen or row.seen, self.now
        row.attempts, row.parked_at, row.error = 0, None, ""
        if hold:
            row.hold, row.hold_noticed = hold, self.count

    @rule(
        priority=st.sampled_from(Priority),
        limit=st.integers(1, 3),
        fingerprint=st.sampled_from(PRINTS),
    )
    def claim(self, priority: Priority, limit: int, fingerprint: str) -> None:
        claim = self.store.claim(ORG, fingerprint, priority, limit, LEASE)
        if self.pauses or self.armed != fingerprint:
            assert claim is None
            return
        due = [
            user
            for user, row in self.rows.items()
            if row.priority == priority and row.due_at <= self.now and not self._is_leased(row)
        ]
        due.sort(key=lambda user: (self.rows[user].due_at, user))
        assert [u.user_id for u in claim.users] if claim else due[:limit] == []
        if claim is not None:
            assert [user.user_id for user in claim.users] == due[:limit]
            versions = {user: self.rows[user].noticed for user in due[:limit]}
            self.leases.append(Lease(claim, self.now + timedelta(seconds=LEASE), versions))
            for user in claim.users:
                self._check_claimed(user, claim)

    def _check_claimed(self, user: PendingUser, claim: Claim) -> None:
        row = self.rows[user.user_id]
        row.lease = claim.token
        assert (user.attempts, user.noticed_at) == (row.attempts, row.noticed_at)
        assert (user.hold, user.priority) == (row.hold, row.priority)

    def _is_leased(self, row: Row) -> bool:
        return any(
            lease.claim.token == row.lease and lease.until > self.now for lease in self.leases
        )

    def _pick(self, data: st.DataObject) -> Lease | None:
        return data.draw(st.sampled_from(self.leases)) if self.leases else None

    def _holds(self, lease: Lease) -> bool:
        return lease.until > self.now

    @rule(data=st.data())
    def renew(self, data: st.DataObject) -> None:
        if (lease := self._pick(data)) is None:
            return
        stopped = bool(self.pauses) or self.armed != lease.claim.fingerprint
        if _is_lost(lambda: self.store.renew(lease.claim, LEASE)):
            assert stopped or not self._holds(lease)
        else:
            assert self._holds(lease)
            assert not stopped
            lease.until = self.now + timedelta(seconds=LEASE)

    @rule(data=st.data(), delay=st.sampled_from([0, 40]))
    def release(self, data: st.DataObject, delay: float) -> None:
        if (lease := self._pick(data)) is None:
            return
        self.store.release(lease.claim, delay, "trouble")
        if not self._holds(lease):
            return
        for row in self._let_go(lease).values():
            row.due_at = self.now + timedelta(seconds=delay)
            row.error = row.error if row.parked_at else "trouble"

    def _let_go(self, lease: Lease) -> dict[str, Row]:
        lease.until = self.now
        held = {u: row for u, row in self.rows.items() if row.lease == lease.claim.token}
        for row in held.values():
            row.lease = None
        return held

    @rule(data=st.data())
    def book(self, data: st.DataObject) -> None:
        if (lease := self._pick(data)) is None:
            return
        outcomes = [
            Outcome(
                user,
                data.draw(st.sampled_from(OutcomeKind)),
                delay=data.draw(st.sampled_from([0, 40])),
                reason="no",
                seen=data.draw(st.sampled_from(["", "m2"])),
                hold=data.draw(holds),
            )
            for user in lease.claim.users
            if data.draw(st.integers(0, 4))
        ]
        lost = _is_lost(lambda: self.store.book(lease.claim, outcomes))
        assert lost != self._holds(lease)
        if lost:
            return
        by_user = {outcome.user.user_id: outcome for outcome in outcomes}
        for user, row in self._let_go(lease).items():
            self._booked(user, row, by_user.get(user), lease.versions[user])

    def _booked(self, user: str, row: Row, outcome: Outcome | None, version: int) -> None:
        ends = outcome is not None and outcome.kind in (OutcomeKind.SETTLED, OutcomeKind.GONE)
        row.due_at = self.now
        if outcome is None:
            return
        if row.noticed != version:
            row.noticed_at = self.now if ends else row.noticed_at
            row.hold = row.hold if row.hold_noticed > version else outcome.hold
            return
        if ends:
            del self.rows[user]
            return
        row.due_at, row.hold = self.now + timedelta(seconds=outcome.delay), outcome.hold
        if outcome.kind is not OutcomeKind.AGAIN:
            row.attempts, row.error, row.seen = row.attempts + 1, "no", outcome.seen or row.seen
        if outcome.kind is OutcomeKind.PARKED:
            row.parked_at = row.parked_at or self.now

    @rule(named=st.lists(users, max_size=2))
    def retry_parked(self, named: list[str]) -> None:
        parked = [
            user
            for user, row in self.rows.items()
            if row.parked_at and (user in named if named else not row.hold)
        ]
        assert self.store.retry_parked(ORG, named, "ann") == len(parked)
        for user in parked:
            self.count += 1
            row = self.rows[user]
            self._renotice(row, "", NONE)
            row.priority, row.hold, row.hold_noticed = Priority.LIVE, NONE, self.count

    @rule(seconds=st.sampled_from([0.001, LEASE - 0.001, LEASE, 40]))
    def pass_time(self, seconds: float) -> None:
        self.clock.pass_(seconds)

    @rule(fingerprint=st.sampled_from(PRINTS))
    def arm(self, fingerprint: str) -> None:
        self.store.arm(ORG, "00D", fingerprint, "ann")
        self.armed = fingerprint

    @rule(org=st.sampled_from([ORG, None]))
    def pause(self, org: str | None) -> None:
        self.store.pause(org, "ann")
        self.pauses.add(org)

    @rule(org=st.sampled_from([ORG, None]))
    def resume(self, org: str | None) -> None:
        self.store.resume(org, "ann")
        self.pauses.discard(org)

    @invariant()
    def every_row_is_as_the_model_says(self) -> None:
        """The store's rows, read as people read them."""
        for user in USERS:
            waiting, row = self.store.waiting(ORG, user), self.rows.get(user)
            assert (waiting is None) == (row is None)
            if waiting is None or row is None:
                continue
            assert (waiting.priority, waiting.attempts) == (row.priority, row.attempts)
            assert (waiting.noticed_at, waiting.due_at) == (row.noticed_at, row.due_at)
            assert (waiting.parked, waiting.error or "") == (row.parked_at is not None, row.error)
            assert waiting.leased == self._is_leased(row)
        parked = {p.user_id: (p.parked_at, p.hold) for p in self.store.parked(ORG)}
        assert parked == {u: (r.parked_at, r.hold) for u, r in self.rows.items() if r.parked_at}

    @invariant()
    def what_is_due_is_said_to_be(self) -> None:
        """The sweep wakes an org exactly when a claim would find something."""
        due = [
            row.priority
            for row in self.rows.values()
            if row.due_at <= self.now and not self._is_leased(row)
        ]
        may_write = self.armed is not None and not self.pauses
        work = self.store.due_work().get(ORG)
        counted = (work.live, work.bulk) if work else (0, 0)
        expected = (due.count(Priority.LIVE), due.count(Priority.BULK)) if may_write else (0, 0)
        assert counted == expected


def _is_lost(act: Callable[[], None]) -> bool:
    try:
        act()
    except LeaseLost:
        return True
    return False


@pytest.fixture
def machine(database_url: str) -> Iterator[type[PendingMachine]]:
    """The machine on a fresh database."""
    engine = make_engine(database_url)
    yield type("Machine", (PendingMachine,), {"engine": engine})
    engine.dispose()


@pytest.mark.timeout(300)
def test_pending_users_live_as_the_model_says(
    machine: type[PendingMachine], database_url: str
) -> None:
    run_state_machine_as_test(
        machine,
        settings=settings(
            max_examples=12,
            stateful_step_count=40,
            deadline=None,
            suppress_health_check=list(HealthCheck),
        ),
    )
