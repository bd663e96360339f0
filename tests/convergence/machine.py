"""Two workers, an admin and a clock, stopped and started anywhere; what must hold whenever.

`troubles` adds what goes wrong.
"""

from collections.abc import Callable
from contextlib import ExitStack, suppress

from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from sync.errors import CallFailed, LeaseLost
from sync.intake import unsettled
from sync.model import NONE, Flags, Licenses
from sync.ports.conflict_log import EntryStatus
from sync.ports.pending import Cause, Priority
from sync.scan import Scanner, ScanReport
from sync.settle import SettleReport
from tests.convergence.journal import BOTH, FREEDOM, PBX, PCI, SCV, Judge, Judged
from tests.convergence.line import ReadLine, Weather, WriteLine
from tests.convergence.stepping import CALLS, PORTS, Gate, Gated, Worker
from tests.convergence.verdict import judge_all, judge_kept
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
        self.workers: list[Worker | None] = [None, None]
        self.judge = Judge()
        self.ledger = Ledger()
        self.weather = Weather()
        self.users: list[str] = []
        self.polled = self.bench.org.now
        """The newest stamp that a poll has seen."""

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
        self.ledger.unseen.add(user_id)

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
        """A hand on the flags of a user whose conflict is in the log: it must not pick the side."""
        user_id = self.users[user]
        judged, opened = self.judge.users[user_id], self.ledger.opened
        known = {opened.get(e.id) for e in self.bench.living(user_id) if e.kind == "conflict"}
        if judged.episode in known and judged.requested >= BOTH:
            judged.by_hand = True
            self.bench.org.edit(user_id, held=Flags(Licenses.from_code(held)), by=ADMIN)
            self.ledger.unseen.add(user_id)

    @rule(user=USER, hidden=st.booleans())
    def a_flag_comes_and_goes(self, user: int, hidden: bool) -> None:
        """A flag of a record cannot be read, or can again: nothing else about it changes."""
        record = self.bench.org.users[self.users[user]]
        held = Flags(record.held.on, Licenses.from_names([PCI]) if hidden else NONE)
        if held != record.held:
            self.bench.org.edit(record.user_id, held=held, by=record.modified_by or ADMIN)
            self.ledger.unseen.add(record.user_id)

    # --- time and intake ----------------------------------------------------------------------

    @rule(seconds=st.sampled_from([0.3, 1, 3, 31]))
    def time_passes(self, seconds: float) -> None:
        """Sometimes longer than a lease."""
        self.bench.org.tick(seconds)

    @rule()
    def poll(self) -> None:
        """The poll finds what changed."""
        self._scan(Scanner.poll)

    @rule()
    def overlap(self) -> None:
        """What the poll may have passed is looked at again."""
        self._scan(Scanner.overlap)

    def _scan(self, scan: Callable[[Scanner], ScanReport | None]) -> int:
        """How many it noticed. The poll passes what a clock that went back dates too old."""
        stamps = {user.user_id: user.modstamp for user in self.bench.org.users.values()}
        since = self.polled
        if scan is Scanner.poll:
            self.polled = max(since, *stamps.values())
        with suppress(CallFailed):
            report = scan(self._scanner())
            assert report is not None, "only one scans at a time here"
            is_slow = scan is Scanner.overlap
            self.ledger.unseen -= {u for u, at in stamps.items() if is_slow or at >= since}
            return report.noticed
        return 0

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
        for entries in self.bench.store.living_entries(ORG, self.users).values():
            assert len({entry.code for entry in entries}) == len(entries)

    @invariant()
    def nobody_is_forgotten(self) -> None:
        """I2: who is not settled waits, or will be seen by the next scan."""
        forgotten = [user for user in self._unsettled() if self._is_done(user)]
        assert forgotten == []

    @invariant()
    def a_conflict_keeps_what_was_held(self) -> None:
        """What the log says is judged as soon as nothing is left to do."""
        for user_id, entries in self.bench.store.living_entries(ORG, self.users).items():
            judged, is_hidden = (
                self.judge.users[user_id],
                self.bench.org.users[user_id].held.unknown,
            )
            if judged.kept is not None and not is_hidden and self._is_done(user_id):
                judge_kept({e.code: e for e in entries}, judged)

    def _is_done(self, user_id: str) -> bool:
        """Whether nobody will look at the user by what is known: not waiting, not to be seen."""
        is_waiting = self.bench.store.waiting(ORG, user_id) is not None
        return not is_waiting and user_id not in self.ledger.unseen

    def _unsettled(self) -> list[str]:
        living, rules = self.bench.store.living_entries(ORG, self.users), self.bench.rulebook
        records = self.bench.org.users.values()
        found = unsettled(records, living, {}, rules, Cause.RECONCILE, Priority.BULK)
        return [notice.user_id for notice in found]

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
        for round_ in range(90):
            self.bench.org.tick(3 if round_ < 20 else 30)
            noticed = self._scan(Scanner.poll) + self._scan(Scanner.overlap)
            self.nobody_is_forgotten()
            if self._settle() is None and not noticed:
                waiting = self.bench.store.figures().get(ORG)
                if waiting is None or not waiting.pending:
                    return
                self.bench.org.tick(330)
        raise AssertionError("it never gets quiet")

    def _check_parked(self) -> None:
        """I2: people can see who it is, and why."""
        assert all(user.code and user.reason for user in self.bench.parked())

    def _retry(self) -> None:
        """In calm weather nobody is parked."""
        self._check_parked()
        assert self.bench.parked() == []

    def _judge(self) -> None:
        assert self.bench.parked() == []
        assert self._unsettled() == [], "a reconcile finds somebody"
        judge_all(self)
        written = len(self.bench.org.written)
        self._get_quiet()
        assert len(self.bench.org.written) == written, "I5: twice is once"
