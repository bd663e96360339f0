"""What a worker does, as a judge sees it: its rows of history, and what arrived in the org."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Protocol

from sync.model import Licenses, UserRecord
from sync.ports.conflict_log import Entry, EntryStatus
from sync.ports.history import HistoryOutcome, HistoryRow, Intent
from sync.ports.pending import Claim
from sync.ports.salesforce import RecordWrite, WriteResult, Written
from sync.ports.settling import Outcome
from tests.convergence.journal import Judge
from tests.fakes.bench import ORG, Bench

SAYS_SO = {
    HistoryOutcome.CONFIRMED: {Written.DONE},
    HistoryOutcome.REFUSED: {Written.REFUSED, Written.MOVED},
    HistoryOutcome.UNKNOWN: {Written.UNKNOWN},
    HistoryOutcome.NOT_SENT: {None, Written.NOT_SENT},
}
"""What a worker must have been told of a write for its row to say this."""


@dataclass
class Ledger:
    """What really became of the writes, by the numbers of their rows of history."""

    arrived: set[int] = field(default_factory=set)
    told: dict[int, Written] = field(default_factory=dict)
    carried_out: set[int] = field(default_factory=set)
    """Entries whose decision arrived in the org."""
    opened: dict[int, int] = field(default_factory=dict)
    """Which time that both sides were requested an entry of the log is about."""
    untold: set[int] = field(default_factory=set)
    """Entries whose decision the record seems to show before it is sent: older writes of what was
    decided on never arrived. Whether it did, nothing tells then.
    """
    creditable: dict[int, str] = field(default_factory=dict)
    """Those of them where the record shows it, and their users."""
    writes: int = 0
    last_write: dict[str, int] = field(default_factory=dict)
    unseen: set[str] = field(default_factory=set)
    """Users whose record changed since a scan last looked."""
    holders: dict[str, str] = field(default_factory=dict)
    """Under which claim each user was taken last."""
    unlooked: set[str] = field(default_factory=set)
    """Users that somebody wrote to, or was about to, and whom nobody has looked at since."""
    aged: set[str] = field(default_factory=set)
    """Users in a conflict that is younger than what happens now, by the database's clock."""

    def cannot_be_credited(self, user_id: str) -> None:
        """The record does not show any more that a decision arrived."""
        left = {entry: of for entry, of in self.creditable.items() if of != user_id}
        self.creditable = left

    def wrong(self, row: HistoryRow) -> str | None:
        """What is wrong with what the history says of a write; None if nothing is."""
        if row.outcome is HistoryOutcome.INTENDED:
            return None
        told = self.told.get(row.id)
        said_right = told in SAYS_SO[row.outcome]
        is_there = row.id in self.arrived
        if said_right and (told is Written.UNKNOWN or is_there == (told is Written.DONE)):
            return None
        return f"row {row.id} says {row.outcome}, told {told}, arrived: {is_there}"


class World(Protocol):
    """The machine, as what it watches with sees it."""

    bench: Bench
    judge: Judge
    ledger: Ledger

    def is_guard_blind(self) -> bool: ...


class Started:
    """The store of one worker; notes when it committed what it is about to write."""

    def __init__(self, world: World) -> None:
        self._world, self._behind = world, world.bench.store
        self.at = 0
        self.rows: dict[str, int] = {}
        """The number of the newest row of each user."""
        self._all: list[int] = []
        self._looks: set[str] = set()
        self._episodes: dict[str, int] = {}
        self.is_renewed = False
        """Whether it may call: a lease is renewed before each call."""

    def claim(self, *args: object) -> Claim | None:
        claim = self._behind.claim(*args)  # type: ignore[arg-type]
        if claim is not None:
            ledger = self._world.ledger
            self._looks = ledger.unlooked & {user.user_id for user in claim.users}
            self._episodes = {
                user.user_id: self._world.judge.users[user.user_id].episode for user in claim.users
            }
            ledger.holders |= {user.user_id: claim.token for user in claim.users}
        return claim

    def renew(self, claim: Claim, lease_seconds: float) -> None:
        self._behind.renew(claim, lease_seconds)
        self._check_holds(claim)
        self.is_renewed = True

    def record_intents(self, claim: Claim, intents: Sequence[Intent], *more: object) -> object:
        ids = self._behind.record_intents(claim, intents, *more)  # type: ignore[arg-type]
        self._check_holds(claim)
        self.at = self._world.ledger.writes
        self.rows |= {intent.user_id: id_ for intent, id_ in zip(intents, ids, strict=True)}
        self._all += ids
        self._will_write([intent.user_id for intent in intents])
        self._world.ledger.untold |= {
            intent.conflict_id
            for intent in intents
            if intent.conflict_id is not None and self._says_so_already(intent)
        }
        return ids

    def _says_so_already(self, intent: Intent) -> bool:
        record = self._world.bench.org.users[intent.user_id]
        return record.decided == intent.requested_after.code

    def _will_write(self, user_ids: Sequence[str]) -> None:
        """From here to the next look the time counts."""
        world = self._world
        world.ledger.unlooked |= set(user_ids)
        for user_id in world.ledger.aged & set(user_ids):
            world.judge.users[user_id].blurs()

    def book(self, claim: Claim, outcomes: Sequence[Outcome]) -> None:
        self._behind.book(claim, outcomes)
        self._check_holds(claim)
        self._has_looked(outcomes)
        for row in self._behind.history(ORG, limit=10_000):
            is_open = row.outcome is HistoryOutcome.INTENDED
            assert not (is_open and row.id in self._all), "I7: booked without its outcome"

    def _has_looked(self, outcomes: Sequence[Outcome]) -> None:
        """At what was there when it began; what it wrote itself nobody has looked at yet."""
        ledger = self._world.ledger
        for user_id in self._looks & {outcome.user.user_id for outcome in outcomes}:
            self._world.judge.users[user_id].blurred = False
        ledger.unlooked -= self._looks - set(self.rows)
        for user_id, entries in self._behind.living_entries(ORG, list(self._episodes)).items():
            for entry in entries:
                ledger.opened.setdefault(entry.id, self._episodes[user_id])

    def _check_holds(self, claim: Claim) -> None:
        """Nobody goes on with users that somebody else has taken since."""
        holders = self._world.ledger.holders
        assert all(holders[user.user_id] == claim.token for user in claim.users), "lease lost"

    def __getattr__(self, name: str) -> object:
        return getattr(self._behind, name)


class Watched:
    """The org as one worker writes to it, with the judge looking on.

    A write is late if another worker wrote that user after this one had committed to its own.
    """

    def __init__(self, world: World, started: Started) -> None:
        self.world, self.started = world, started
        self.write_limit = world.bench.org.write_limit
        self.conditional_limit = world.bench.org.conditional_limit

    def row_of(self, user_id: str) -> int:
        """The number of the row of history that this worker's write of a user has."""
        return self.started.rows[user_id]

    def write(self, writes: Sequence[RecordWrite]) -> list[WriteResult]:
        return [result for write in writes for result in self._watch("write", write)]

    def write_if_unmodified(self, writes: Sequence[RecordWrite]) -> list[WriteResult]:
        return [result for write in writes for result in self._watch("write_if_unmodified", write)]

    def _watch(self, name: str, write: RecordWrite) -> list[WriteResult]:
        world, user_id = self.world, write.user_id
        row = self._row(user_id)
        _check_says(row.intent, write)
        before = world.bench.org.users[user_id]
        results: list[WriteResult] = getattr(world.bench.org, name)([write])
        if results[0].written is Written.DONE:
            world.ledger.arrived.add(row.id)
            world.ledger.unseen.add(user_id)
            if write.requested and not world.is_guard_blind():
                _check_saw(world.bench.store.entry(row.intent.conflict_id or 0), before)
            self._judge(write, row)
            world.ledger.unlooked.add(user_id)
        world.ledger.writes += 1
        return results

    def _row(self, user_id: str) -> HistoryRow:
        """I7: it was committed before the write."""
        wanted = self.row_of(user_id)
        rows = self.world.bench.store.history(ORG, user_id, limit=10_000)
        return next(row for row in rows if row.id == wanted)

    def _judge(self, write: RecordWrite, row: HistoryRow) -> None:
        world, ledger, user_id = self.world, self.world.ledger, write.user_id
        judged = world.judge.users[user_id]
        if write.requested:
            judged.asks(frozenset(world.bench.requested(user_id).names))
        if ledger.last_write.get(user_id, -1) > self.started.at:
            self._comes_late(user_id)
        else:
            decided = None
            if write.decided is not None:
                decided = frozenset(Licenses.from_code(write.decided).names)
            judged.holds(frozenset(world.bench.held(user_id).names), decided)
            ledger.last_write[user_id] = ledger.writes + 1
        if row.intent.conflict_id is not None:
            ledger.carried_out.add(row.intent.conflict_id)
            if world.bench.store.entry(row.intent.conflict_id).status is EntryStatus.DECIDING:
                ledger.creditable[row.intent.conflict_id] = user_id

    def _comes_late(self, user_id: str) -> None:
        """Over one that nobody has looked at: the record does not say any more what came before."""
        if user_id in self.world.ledger.unlooked:
            self.world.judge.users[user_id].is_overwritten()
            self.world.ledger.cannot_be_credited(user_id)


def _check_saw(entry: Entry, record: UserRecord) -> None:
    """I3: a decision is carried out on the record that the person saw, or not at all."""
    seen = entry.resolution
    assert seen is not None, "nobody decided"
    assert (seen.seen_requested, seen.seen_held) == (record.requested.on, record.held.on)


def _check_says(intent: Intent, write: RecordWrite) -> None:
    """I7: the row says what is written."""
    for flags, after in (
        (write.effective, intent.held_after),
        (write.requested, intent.requested_after),
    ):
        assert all(on == (name in after) for name, on in flags.items()), (intent, write)
    assert write.status in (None, intent.status_after)
    assert write.decided in (None, intent.requested_after.code)
