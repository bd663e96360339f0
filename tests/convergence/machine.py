"""Two workers, an admin and a clock, stopped and started anywhere; what must hold whenever.

`troubles` adds what goes wrong.
"""

from contextlib import ExitStack, suppress
from itertools import pairwise

from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from sync.errors import CallFailed, LeaseLost
from sync.intake import unsettled
from sync.model import NONE, Flags, Licenses
from sync.ports.conflict_log import EntryStatus
from sync.ports.pending import Cause, Priority
from sync.scan import Scanner
from sync.settle import SettleReport
from tests.convergence.journal import BOTH, FREEDOM, PBX, PCI, SCV, Judge, Judged
from tests.convergence.line import ReadLine, Weather, WriteLine
from tests.convergence.stepping import CALLS, PORTS, Gate, Gated, Worker
from tests.convergence.watching import Ledger, Started, Watched
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
USER = st.integers(0, USERS - 1)
WORKER = st.integers(0, 1)


class TwoWorkers(RuleBasedStateMachine):
    """The machine. `database` is set by the tests: which one it runs on."""

    database: str | None = None

    def __init__(self) -> None:
        super().__init__()
        self.stack = ExitStack()
        opened = memory_bench() if self.database is None else open_bench(self.database)
        self.bench: Bench = self.stack.enter_context(opened)
        self.bench.org.page_size = 2
        self.workers: list[Worker | None] = [None, None]
        self.judge = Judge()
        self.ledger = Ledger()
        self.weather = Weather()
        self.users: list[str] = []

    @initialize()
    def fill(self) -> None:
        """Users that nobody has synced; every write passes by the judge."""
        for number in range(1, USERS + 1):
            user_id = self.bench.user(number)
            self.users.append(user_id)
            self.judge.users[user_id] = Judged()
        self.poll()
        self.overlap()

    # --- people -------------------------------------------------------------------------------

    @rule(user=USER, wanted=st.sampled_from(REQUESTS))
    def admin_edits(self, user: int, wanted: frozenset[str]) -> None:
        """An admin sets what is requested, perhaps within the second of another change."""
        user_id = self.users[user]
        self.judge.users[user_id].asks(wanted)
        self.bench.org.request(user_id, Licenses.from_names(wanted))

    @rule(user=USER, keep=st.sampled_from([FREEDOM, SCV, None]))
    def admin_decides(self, user: int, keep: str | None) -> None:
        """An admin decides the open conflict of a user, if there is one."""
        kept = Licenses.from_names([keep] if keep else [])
        for entry in self.bench.living(self.users[user]):
            if entry.kind == "conflict" and entry.status is not EntryStatus.DECIDING:
                self.bench.resolve(entry.user_id, kept)

    @rule(user=USER)
    def admin_dismisses(self, user: int) -> None:
        """An admin puts something aside."""
        for entry in self.bench.living(self.users[user])[:1]:
            if entry.status is EntryStatus.OPEN:
                self.bench.store.dismiss(entry.id, "ada", "later")

    @rule(user=USER, held=st.sampled_from(["C", "CF", "S", "CFS", "-"]))
    def hand_moves_what_is_held(self, user: int, held: str) -> None:
        """A hand on the effective flags of a user in conflict: it must not pick the side."""
        user_id = self.users[user]
        in_log = any(entry.kind == "conflict" for entry in self.bench.living(user_id))
        if in_log and self.judge.users[user_id].requested >= BOTH:
            self.bench.org.edit(user_id, held=Flags(Licenses.from_code(held)), by=ADMIN)

    @rule(user=USER, hidden=st.booleans())
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
        with suppress(CallFailed):
            self._scanner().poll()

    @rule()
    def overlap(self) -> None:
        """What the poll may have passed is looked at again."""
        with suppress(CallFailed):
            self._scanner().overlap()

    def _scanner(self) -> Scanner:
        reader = ReadLine(self.weather, self.bench.org)
        return Scanner(ORG, self.bench.store, reader, self.bench.rulebook)  # type: ignore[arg-type]

    # --- workers ------------------------------------------------------------------------------

    @rule(number=WORKER)
    def worker_starts(self, number: int) -> None:
        """A worker begins a batch, if it is not in one."""
        if self.workers[number] is None:
            self.workers[number] = Worker(self._settle_gated)

    @rule(number=WORKER, steps=st.integers(1, 12))
    def worker_goes_on(self, number: int, steps: int) -> None:
        """A worker does its next steps."""
        for _ in range(steps):
            worker = self.workers[number]
            if worker is None:
                return
            worker.step()
            if worker.is_done:
                self.workers[number] = None

    @rule(number=WORKER)
    def worker_dies(self, number: int) -> None:
        """kill -9: what it had written stays, what it had not booked is lost."""
        worker = self.workers[number]
        if worker is not None:
            worker.kill()
            self.workers[number] = None

    def _settle_gated(self, gate: Gate) -> None:
        with suppress(LeaseLost):
            self._settle(gate)

    def _settle(self, gate: Gate | None = None) -> SettleReport | None:
        store = Started(self)
        parts = {
            "store": (store, PORTS),
            "reader": (ReadLine(self.weather, self.bench.org), CALLS),
            "writer": (WriteLine(self.weather, Watched(self, store)), CALLS),
        }
        settler = self.bench.settler(
            **{k: p if gate is None else Gated(p, gate, names) for k, (p, names) in parts.items()}
        )
        return settler.settle(FINGERPRINT, Priority.LIVE, 100)

    def is_guard_blind(self) -> bool:
        """Whether a write may overtake an edit because the org's clock went back."""
        return False

    # --- what must always hold ----------------------------------------------------------------

    @invariant()
    def one_living_entry_for_each_rule(self) -> None:
        """I4."""
        living = [(e.user_id, e.code) for e in self.bench.living()]
        assert len(living) == len(set(living))

    @invariant()
    def who_is_parked_can_be_seen(self) -> None:
        """I2."""
        assert all(user.code and user.reason for user in self.bench.parked())

    @invariant()
    def requests_change_only_by_people(self) -> None:
        """I3: what the judge saw people ask is what the records ask."""
        for user_id, judged in self.judge.users.items():
            assert frozenset(self.bench.requested(user_id).names) == judged.requested

    # --- the end ------------------------------------------------------------------------------

    def teardown(self) -> None:
        """Everybody finishes, then it gets quiet, and the judge looks."""
        try:
            self._heal()
            self._get_quiet()
            self._retry()
            self._judge()
        finally:
            self.stack.close()

    def _heal(self) -> None:
        for worker in self.workers:
            if worker is not None:
                worker.finish()
        self.bench.org.tick(LEASE + 1)
        for user in range(len(self.users)):
            self.a_flag_comes_and_goes(user, hidden=False)

    def _get_quiet(self) -> None:
        """Scan and settle until nobody waits but the parked; decisions are carried out now."""
        for _ in range(90):
            self.bench.org.tick(3)
            noticed = self._scanner().poll(), self._scanner().overlap()
            if self._settle() is None and not any(r.noticed for r in noticed if r is not None):
                waiting = self.bench.store.figures().get(ORG)
                if waiting is None or not waiting.pending:
                    return
                self.bench.org.tick(330)
        raise AssertionError("it never gets quiet")

    def _retry(self) -> None:
        """In calm weather nobody is parked."""
        assert self.bench.parked() == []

    def _judge(self) -> None:
        for user_id in self.users:
            record = self.bench.org.users[user_id]
            held = frozenset(self.bench.held(user_id).names)
            wrong = self.judge.wrong(user_id, held, record.status, record.decided)
            assert wrong is None, wrong
            self._judge_log(user_id)
        assert self.bench.parked() == []
        rows = self.bench.store.history(ORG, limit=10_000)
        assert [wrong for row in rows if (wrong := self.ledger.wrong(row))] == []
        self._judge_quiet()

    def _judge_quiet(self) -> None:
        """I5, and I2: a whole scan finds nobody who was forgotten."""
        store, records = self.bench.store, list(self.bench.org.users.values())
        living, rules = store.living_entries(ORG, self.users), self.bench.rulebook
        assert unsettled(records, living, {}, rules, Cause.RECONCILE, Priority.BULK) == []
        written = len(self.bench.org.written)
        self._get_quiet()
        assert len(self.bench.org.written) == written, "I5: twice is once"

    def _judge_log(self, user_id: str) -> None:
        judged = self.judge.users[user_id]
        living = {e.code: e for e in self.bench.living(user_id)}
        assert not any(e.status is EntryStatus.DECIDING for e in living.values())
        in_conflict = {"mutually_exclusive", "both_held"} & set(living)
        assert bool(in_conflict) == (judged.requested >= BOTH)
        assert ("needs_freedom" in living) == (
            "CTI" in judged.requested and FREEDOM not in judged.requested
        )
        assert ("not_in_use" in living) == (PCI in judged.requested)
        for code in in_conflict:
            if judged.kept is not None and not judged.doubtful:
                assert frozenset(living[code].kept.names) == judged.kept, (living[code], judged)
        entries = self.bench.entries(user_id)
        for older, newer in pairwise([e for e in entries if e.code == "mutually_exclusive"]):
            assert newer.previous_id == older.id, "what comes back points to what went before"
