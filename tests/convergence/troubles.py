"""The machine in bad weather: calls fail, records refuse, answers are lost, clocks jump."""

from collections.abc import Iterator
from contextlib import contextmanager, suppress

from hypothesis import strategies as st
from hypothesis.stateful import precondition, rule

from sync.errors import LeaseLost
from sync.fights import FIGHTING
from sync.outcomes import UNKNOWN
from sync.ports.salesforce import Written
from tests.convergence.journal import BOTH, FREEDOM, PBX, SCV
from tests.convergence.line import (
    NO_ACCESS,
    NO_ANSWER,
    NOT_FOUND,
    READ_ONLY,
    ROW_LOCK,
    VALIDATION,
    Loss,
    Refusal,
)
from tests.convergence.machine import LEASE, REQUESTS, USER, WORKER, TwoWorkers
from tests.fakes.bench import ORG

REFUSALS = [
    Refusal(ROW_LOCK),
    Refusal(VALIDATION),
    Refusal(VALIDATION, only_flags=True),
    Refusal(NOT_FOUND),
    Refusal(READ_ONLY),
]
JUMP = 600
ONE_SIDE = [frozenset(), frozenset({FREEDOM}), frozenset({SCV})]


class InTrouble(TwoWorkers):
    """All that `TwoWorkers` does, and what goes wrong."""

    def __init__(self) -> None:
        super().__init__()
        self.bench.org.page_size = 2
        self.orgs_latest = 0.0
        """How far ahead the org's clock ever was."""
        self.went_back = False

    # --- failures -----------------------------------------------------------------------------

    @rule(others=st.integers(0, 4), failure=st.sampled_from([NO_ANSWER, NO_ACCESS]))
    def a_call_will_fail(self, others: int, failure: object) -> None:
        """As a whole: it never reached Salesforce, or was not let in."""
        self.weather.failing = (others, failure)  # type: ignore[assignment]

    @rule(calls=st.integers(1, 6))
    def daily_limit(self, calls: int) -> None:
        """The org's calls of the day are used up, until some have been refused."""
        self.weather.used_up = calls

    @rule(user=USER, refusal=st.sampled_from([*REFUSALS, *[None] * len(REFUSALS)]))
    def a_record_refuses(self, user: int, refusal: Refusal | None) -> None:
        """Writes to one record are refused, until they are not."""
        self.weather.refused.pop(self.users[user], None)
        if refusal is not None:
            self.weather.refused[self.users[user]] = refusal

    @rule(loss=st.sampled_from(Loss))
    def an_answer_will_be_lost(self, loss: Loss) -> None:
        """The next write gets no answer; whether it arrives is another matter."""
        self.weather.lost = loss

    @precondition(lambda self: self.weather.late)
    @rule()
    def what_is_late_arrives(self) -> None:
        """A write whose worker has long gone on."""
        self.weather.late.pop(0)()

    @rule()
    def person_retries(self) -> None:
        """Somebody has looked at who is parked, and lets them be tried again, at once."""
        self._check_parked()
        store, parked = self.bench.store, [user.user_id for user in self.bench.parked()]
        assert store.retry_parked(ORG, [], "ada") == len(parked)
        for row in (store.waiting(ORG, user_id) for user_id in parked):
            assert row is not None
            assert not row.parked
            assert row.due_at <= store.now()

    # --- workers and clocks -------------------------------------------------------------------

    @rule()
    def a_batch_at_once(self) -> None:
        """A third worker settles what is due, and nobody comes between."""
        self.poll()
        with suppress(LeaseLost):
            self._settle()
        self._check_parked()

    @rule(number=WORKER)
    def worker_is_paused(self, number: int) -> None:
        """It sleeps past its lease, and others do its work."""
        if self.workers[number] is not None:
            self.bench.org.tick(LEASE + 1)
            self.a_batch_at_once()

    @precondition(lambda self: self.workers == [None, None] and not self.weather.late)
    @rule()
    def a_while_passes(self) -> None:
        """Longer than any wait between two tries, while nothing is on its way."""
        self.bench.org.tick(330)

    @rule(seconds=st.sampled_from([-JUMP, JUMP]))
    def orgs_clock_jumps(self, seconds: int) -> None:
        """Never further back, all in all, than the overlap scan looks: that is the reconcile's."""
        target = self.bench.jumped.total_seconds() + seconds
        if target >= self.orgs_latest - JUMP:
            self.bench.set_orgs_clock(seconds)
            self.went_back = self.went_back or seconds < 0
            self._blur()
            self.orgs_latest = max(self.orgs_latest, target)

    @rule(seconds=st.sampled_from([-JUMP, JUMP]))
    def databases_clock_jumps(self, seconds: int) -> None:
        """Leases end at once, or last much longer."""
        self.bench.set_databases_clock(seconds)
        self._blur()
        if seconds < 0:
            self.ledger.aged |= {e.user_id for e in self.bench.living() if e.kind == "conflict"}

    def _blur(self) -> None:
        """The known exception of decision 5: which write came last is told by the time."""
        for user_id in self.ledger.unlooked:
            self.judge.users[user_id].blurs()
            self.ledger.cannot_be_credited(user_id)

    def is_guard_blind(self) -> bool:
        """An edit that a clock gone back dates before our reading looks like none."""
        return self.went_back

    # --- stories: what chance alone rarely tells ----------------------------------------------

    @rule(user=USER, first=st.sampled_from(ONE_SIDE))
    def a_conflict_comes_up(self, user: int, first: frozenset[str]) -> None:
        """One side is asked for and given, then both are asked for."""
        for wanted in (first, BOTH):
            self.bench.org.tick(3)
            self.admin_edits(user, wanted)
            self.a_batch_at_once()

    @rule(user=USER, first=st.sampled_from(ONE_SIDE), held=st.sampled_from(["CF", "S", "-"]))
    def a_hand_picks_a_side(self, user: int, first: frozenset[str], held: str) -> None:
        """And a worker looks."""
        self.a_conflict_comes_up(user, first)
        self.hand_moves_what_is_held(user, held)
        self.a_batch_at_once()

    @rule(user=USER, wanted=st.sampled_from(REQUESTS))
    def a_user_is_given_up(self, user: int, wanted: frozenset[str]) -> None:
        """No write of its record is taken, and nobody looks at why."""
        self.a_record_refuses(user, Refusal(VALIDATION))
        self.admin_edits(user, wanted)
        self.a_batch_at_once()

    @rule(
        user=USER,
        sides=st.permutations(ONE_SIDE),
        jump=st.sampled_from([-JUMP, 0, 0, JUMP]),
        call=st.sampled_from(["write", "book"]),
    )
    def an_edit_comes_between(
        self, user: int, sides: list[frozenset[str]], jump: int, call: str
    ) -> None:
        """A worker is about to write, or to book, one side when both are asked for and seen.

        The clocks have been apart for a while, perhaps: that is no jump in between.
        """
        if jump:
            self.databases_clock_jumps(jump)
        self.admin_edits(user, sides[0])
        self.a_batch_at_once()
        self.bench.org.tick(3)
        self.admin_edits(user, sides[1])
        with self._worker_before(call):
            self.admin_edits(user, BOTH)
            self.poll()
        self.a_batch_at_once()

    @rule(
        user=USER,
        first=st.sampled_from(ONE_SIDE),
        keep=st.sampled_from([FREEDOM, SCV, None]),
        loss=st.sampled_from([*Loss, None, None]),
        seconds=st.sampled_from([0, 3]),
    )
    def a_decision_goes_wrong(
        self, user: int, first: frozenset[str], keep: str | None, loss: Loss | None, seconds: int
    ) -> None:
        """Nobody hears what became of it, or (None) the record is edited in the last moment."""
        self.a_conflict_comes_up(user, first)
        self.admin_decides(user, keep)
        self.bench.org.tick(seconds)
        self.weather.lost = loss
        if loss is not None:
            self.a_batch_at_once()
            return
        with self._worker_before("write_if_unmodified"):
            self.admin_edits(user, BOTH | {PBX})

    @rule(user=USER, keep=st.sampled_from([FREEDOM, SCV, None]))
    def a_decision_is_overtaken(self, user: int, keep: str | None) -> None:
        """The record is edited after a decision, and before a worker looks."""
        self.admin_decides(user, keep)
        self.admin_edits(user, BOTH | {PBX})
        self.a_batch_at_once()

    @rule(user=USER, sides=st.permutations(ONE_SIDE))
    def a_worker_is_late(self, user: int, sides: list[frozenset[str]]) -> None:
        """It sleeps before its write until another has written something else."""
        self.admin_edits(user, sides[0])
        with self._worker_before("write"):
            self.bench.org.tick(LEASE + 1)
            self.admin_edits(user, sides[1])
            self.a_batch_at_once()
        self.admin_edits(user, BOTH)

    @rule(user=USER, sides=st.permutations(ONE_SIDE))
    def a_conflicts_end_is_not_booked(self, user: int, sides: list[frozenset[str]]) -> None:
        """The worker that saw it end dies; then both are asked for anew."""
        self.a_conflict_comes_up(user, sides[0])
        self.bench.org.tick(3)
        self.admin_edits(user, sides[1])
        with self._worker_before("book"):
            for number in (0, 1):
                self.worker_dies(number)
        self.admin_edits(user, BOTH)

    @contextmanager
    def _worker_before(self, name: str) -> Iterator[None]:
        """A worker that is free stops before this call, and then goes on to its end."""
        self.poll()
        free = next((number for number in (0, 1) if self.workers[number] is None), None)
        if free is not None:
            self.worker_starts(free)
            self._go_on_to(free, f"before {name}")
        yield
        if free is not None:
            self._go_on_to(free, "done")

    def _go_on_to(self, number: int, where: str) -> None:
        for _ in range(60):
            worker = self.workers[number]
            if worker is None or worker.gate.at == where:
                return
            self.worker_goes_on(number, 1)

    # --- the end ------------------------------------------------------------------------------

    def _heal(self) -> None:
        self.weather.clear()
        super()._heal()
        while self.weather.late:
            self.what_is_late_arrives()

    def _retry(self) -> None:
        """Who is parked was refused, or is fought for: a person lets them be tried again."""
        self.person_retries()
        self._get_quiet()

    def _check_parked(self) -> None:
        """Nobody is parked because Salesforce was down: only who was refused, or is fought for."""
        super()._check_parked()
        for user in self.bench.parked():
            was_refused = (user.user_id, user.code) in self.weather.was_refused
            assert was_refused or user.code in (FIGHTING, UNKNOWN, Written.MOVED), user
