"""Two workers, an admin and a clock, stopped and started anywhere: no order breaks an invariant."""

from contextlib import ExitStack, suppress
from itertools import pairwise

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    rule,
    run_state_machine_as_test,
)

from sync.errors import LeaseLost
from sync.model import NONE, Flags, Licenses
from sync.ports.conflict_log import EntryStatus
from sync.ports.pending import Priority
from sync.ports.salesforce import RecordWrite
from sync.store.tables import metadata
from tests.convergence.journal import BOTH, FREEDOM, PBX, PCI, SCV, Judge, Judged
from tests.convergence.stepping import CALLS, PORTS, Gate, Gated, Worker
from tests.fakes.bench import FINGERPRINT, ORG, Bench, memory_bench, open_bench
from tests.fakes.org import ADMIN

USERS = 3
REQUESTS = [
    frozenset(),
    frozenset({FREEDOM}),
    frozenset({SCV}),
    BOTH,
    BOTH | {PBX},
    frozenset({FREEDOM, PBX}),
    frozenset({"CTI"}),
    frozenset({PCI, SCV}),
]
LEASE = 30.0


class TwoWorkers(RuleBasedStateMachine):
    """The machine. `open_bench_here` is set by the tests: which database it runs on."""

    database: str | None = None

    def __init__(self) -> None:
        super().__init__()
        self.stack = ExitStack()
        opened = memory_bench() if self.database is None else open_bench(self.database)
        self.bench: Bench = self.stack.enter_context(opened)
        self.workers: list[Worker | None] = [None, None]
        self.claimed_at = [self.bench.org.now, self.bench.org.now]
        self.judge = Judge()
        self.users: list[str] = []
        self.intended_writes = 0
        self.writes = 0
        self.last_write: dict[str, int] = {}

    @initialize()
    def fill(self) -> None:
        """Users that nobody has synced; every write passes by the judge."""
        for number in range(1, USERS + 1):
            user_id = self.bench.user(number)
            self.users.append(user_id)
            self.judge.users[user_id] = Judged()

    # --- people -------------------------------------------------------------------------------

    @rule(user=st.integers(0, USERS - 1), wanted=st.sampled_from(REQUESTS))
    def admin_edits(self, user: int, wanted: frozenset[str]) -> None:
        """An admin sets what is requested, perhaps within the second of another change."""
        user_id = self.users[user]
        self.judge.users[user_id].asks(wanted)
        self.bench.org.request(user_id, Licenses.from_names(wanted))

    @rule(user=st.integers(0, USERS - 1), keep=st.sampled_from([FREEDOM, SCV, None]))
    def admin_decides(self, user: int, keep: str | None) -> None:
        """An admin decides the open conflict of a user, if there is one."""
        kept = Licenses.from_names([keep] if keep else [])
        for entry in self.bench.living(self.users[user]):
            if entry.kind == "conflict" and entry.status is not EntryStatus.DECIDING:
                self.bench.resolve(entry.user_id, kept)

    @rule(user=st.integers(0, USERS - 1))
    def admin_dismisses(self, user: int) -> None:
        """An admin puts something aside."""
        for entry in self.bench.living(self.users[user])[:1]:
            if entry.status is EntryStatus.OPEN:
                self.bench.store.dismiss(entry.id, "ada", "later")

    @rule(
        user=st.integers(0, USERS - 1),
        held=st.sampled_from(["C", "CF", "S", "CFS", "-"]),
    )
    def hand_moves_what_is_held(self, user: int, held: str) -> None:
        """A hand on the effective flags of a user in conflict: it must not pick the side."""
        user_id = self.users[user]
        in_log = any(entry.kind == "conflict" for entry in self.bench.living(user_id))
        if in_log and self.judge.users[user_id].requested >= BOTH:
            self.bench.org.edit(user_id, held=Flags(Licenses.from_code(held)), by=ADMIN)

    @rule(user=st.integers(0, USERS - 1), hidden=st.booleans())
    def a_flag_comes_and_goes(self, user: int, hidden: bool) -> None:
        """A flag of a record cannot be read, or can again: nothing else about it changes."""
        record = self.bench.org.users[self.users[user]]
        held = Flags(record.held.on, Licenses.from_names([PCI]) if hidden else NONE)
        if held != record.held:
            self.bench.org.edit(record.user_id, held=held, by=record.modified_by or ADMIN)

    # --- time and intake ----------------------------------------------------------------------

    @rule(seconds=st.sampled_from([0.3, 1, 3, 31]))
    def time_passes(self, seconds: float) -> None:
        """Sometimes longer than a lease."""
        self.bench.org.tick(seconds)

    @rule()
    def poll(self) -> None:
        """The poll finds what changed."""
        self.bench.poll()

    # --- workers ------------------------------------------------------------------------------

    @rule(number=st.integers(0, 1))
    def worker_starts(self, number: int) -> None:
        """A worker begins a batch, if it is not in one."""
        if self.workers[number] is None:
            self.workers[number] = Worker(lambda gate: self._settle(number, gate))

    @rule(number=st.integers(0, 1), steps=st.integers(1, 12))
    def worker_goes_on(self, number: int, steps: int) -> None:
        """A worker does its next steps."""
        for _ in range(steps):
            worker = self.workers[number]
            if worker is None:
                return
            self._step(number, worker)

    @rule(number=st.integers(0, 1))
    def worker_dies(self, number: int) -> None:
        """kill -9: what it had written stays, what it had not booked is lost."""
        worker = self.workers[number]
        if worker is not None:
            worker.kill()
            self.workers[number] = None

    def _settle(self, number: int, gate: Gate) -> None:
        watched = _Watched(self)
        settler = self.bench.settler(
            store=Gated(_Started(self.bench.store, watched), gate, PORTS),
            reader=Gated(self.bench.org, gate, CALLS),
            writer=Gated(watched, gate, CALLS),
        )
        with suppress(LeaseLost):
            settler.settle(FINGERPRINT, Priority.LIVE, 100)

    def _step(self, number: int, worker: Worker) -> None:
        worker.step()
        if worker.is_done:
            self.workers[number] = None

    # --- what must always hold ----------------------------------------------------------------

    @invariant()
    def one_living_entry_for_each_rule(self) -> None:
        """I4."""
        living = [(e.user_id, e.code) for e in self.bench.living()]
        assert len(living) == len(set(living))

    @invariant()
    def no_write_without_history(self) -> None:
        """I7: as many intents as writes at least, each before its write."""
        assert self.intended_writes >= len(self.bench.org.written)

    @invariant()
    def requests_change_only_by_people(self) -> None:
        """I3: what the judge saw people ask is what the records ask."""
        for user_id, judged in self.judge.users.items():
            assert frozenset(self.bench.requested(user_id).names) == judged.requested

    def teardown(self) -> None:
        """Everybody finishes, then it gets quiet, and the judge looks."""
        try:
            for worker in self.workers:
                if worker is not None:
                    worker.finish()
            self.bench.org.tick(LEASE + 1)
            for user in range(USERS):
                self.a_flag_comes_and_goes(user, hidden=False)
            # What is decided and not carried out yet is carried out now, and the judge looks on.
            watched = _Watched(self)
            store = _Started(self.bench.store, watched)
            self.bench.quiet(rounds=60, store=store, writer=watched)
            self._judge()
        finally:
            self.stack.close()

    def _judge(self) -> None:
        for user_id in self.users:
            wrong = self.judge.wrong(user_id, frozenset(self.bench.held(user_id).names))
            assert wrong is None, wrong
            self._judge_log(user_id)
        assert self.bench.parked() == []
        written = len(self.bench.org.written)
        self.bench.quiet()
        assert len(self.bench.org.written) == written, "I5: twice is once"

    def _judge_log(self, user_id: str) -> None:
        judged = self.judge.users[user_id]
        codes = {e.code for e in self.bench.living(user_id)}
        in_conflict = judged.requested >= BOTH
        assert ("mutually_exclusive" in codes or "both_held" in codes) == in_conflict
        assert ("needs_freedom" in codes) == (
            "CTI" in judged.requested and FREEDOM not in judged.requested
        )
        assert ("not_in_use" in codes) == (PCI in judged.requested)
        for older, newer in pairwise(
            [e for e in self.bench.entries(user_id) if e.code == "mutually_exclusive"]
        ):
            assert newer.previous_id == older.id, "what comes back points to what went before"


class _Started:
    """The store of one worker; notes when it committed what it is about to write."""

    def __init__(self, behind: object, watched: "_Watched") -> None:
        self._behind, self._watched = behind, watched

    def record_intents(self, *args: object) -> object:
        ids = self._behind.record_intents(*args)  # type: ignore[attr-defined]
        self._watched.started = self._watched.machine.writes
        return ids

    def __getattr__(self, name: str) -> object:
        return getattr(self._behind, name)


class _Watched:
    """The org as one worker writes to it, with the judge looking on.

    A write is late if another worker wrote that user after this one had committed to its own.
    """

    def __init__(self, machine: TwoWorkers) -> None:
        self.machine = machine
        self.started = 0
        self.write_limit = machine.bench.org.write_limit
        self.conditional_limit = machine.bench.org.conditional_limit

    def write(self, writes: list[RecordWrite]) -> object:
        return self._watch("write", writes)

    def write_if_unmodified(self, writes: list[RecordWrite]) -> object:
        return self._watch("write_if_unmodified", writes)

    def _watch(self, name: str, writes: list[RecordWrite]) -> object:
        machine = self.machine
        rows = machine.bench.store.history(ORG, limit=10_000)
        machine.intended_writes = sum(1 for _ in rows)
        before = {w.user_id: machine.bench.org.users[w.user_id] for w in writes}
        results = getattr(machine.bench.org, name)(writes)
        machine.writes += 1
        for write in writes:
            if machine.bench.org.users[write.user_id] is not before[write.user_id]:
                self._judge(write)
        return results

    def _judge(self, write: RecordWrite) -> None:
        judged = self.machine.judge.users[write.user_id]
        if write.requested:
            judged.asks(frozenset(self.machine.bench.requested(write.user_id).names))
        if self.machine.last_write.get(write.user_id, -1) <= self.started:
            decided = None
            if write.decided is not None:
                decided = frozenset(Licenses.from_code(write.decided).names)
            judged.holds(frozenset(self.machine.bench.held(write.user_id).names), decided)
            self.machine.last_write[write.user_id] = self.machine.writes


class TestInMemory:
    """Many examples: the database is in memory."""

    def test_no_order_breaks_an_invariant(self) -> None:
        run_state_machine_as_test(
            TwoWorkers, settings=settings(max_examples=80, stateful_step_count=60)
        )


def test_no_order_breaks_an_invariant_on_a_real_database(database_url: str) -> None:
    """Few examples: each starts from the tables emptied."""

    class Here(TwoWorkers):
        database = database_url

        def teardown(self) -> None:
            engine = self.bench.store.engine
            try:
                super().teardown()
            finally:
                with engine.begin() as connection:
                    for table in reversed(metadata.sorted_tables):
                        if table.name not in ("counter",):
                            connection.execute(table.delete())
                engine.dispose()

    run_state_machine_as_test(Here, settings=settings(max_examples=10, stateful_step_count=40))
