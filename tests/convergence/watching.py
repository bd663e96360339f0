"""What a worker does, as a judge sees it: its rows of history, and what arrived in the org."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Protocol

from sync.model import Licenses
from sync.ports.history import HistoryOutcome, HistoryRow, Intent
from sync.ports.salesforce import RecordWrite, WriteResult, Written
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
    carried_out: dict[int, str] = field(default_factory=dict)
    """Entries whose decision arrived in the org, and their users."""
    writes: int = 0
    last_write: dict[str, int] = field(default_factory=dict)

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

    def record_intents(self, claim: object, intents: Sequence[Intent], *more: object) -> object:
        ids = self._behind.record_intents(claim, intents, *more)  # type: ignore[arg-type]
        self.at = self._world.ledger.writes
        self.rows |= {intent.user_id: id_ for intent, id_ in zip(intents, ids, strict=True)}
        self._all += ids
        return ids

    def book(self, *args: object) -> None:
        self._behind.book(*args)  # type: ignore[arg-type]
        for row in self._behind.history(ORG, limit=10_000):
            is_open = row.outcome is HistoryOutcome.INTENDED
            assert not (is_open and row.id in self._all), "I7: booked without its outcome"

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
            if write.requested and not world.is_guard_blind():
                assert before.requested.on == row.intent.requested_before, "I3: overtaken"
            self._judge(write, row)
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
        if ledger.last_write.get(user_id, -1) <= self.started.at:
            decided = None
            if write.decided is not None:
                decided = frozenset(Licenses.from_code(write.decided).names)
            judged.holds(frozenset(world.bench.held(user_id).names), decided)
            ledger.last_write[user_id] = ledger.writes + 1
        if row.intent.conflict_id is not None:
            ledger.carried_out[row.intent.conflict_id] = user_id


def _check_says(intent: Intent, write: RecordWrite) -> None:
    """I7: the row says what is written."""
    for flags, after in (
        (write.effective, intent.held_after),
        (write.requested, intent.requested_after),
    ):
        assert all(on == (name in after) for name, on in flags.items()), (intent, write)
    assert write.status in (None, intent.status_after)
    assert write.decided in (None, intent.requested_after.code)
