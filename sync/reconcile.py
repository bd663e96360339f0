"""The whole org, or some of its users: as a plan that writes nothing, or as notices for settle.

A run is resumable: each page is stored with the run's place before the next one is read.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from sync.errors import LeaseLost, SyncError
from sync.intake import unsettled
from sync.model import NONE, UserRecord
from sync.plan_items import adoption_item, plan_item
from sync.ports.pending import Cause, Notice, Priority
from sync.ports.runs import Changed, PlanItem, Run, RunKind, RunStore
from sync.ports.salesforce import UserReader
from sync.ports.scans import IntakeStore
from sync.retrying import RETRY_SECONDS
from sync.rules import Rulebook
from sync.undoing import undo_item

PAGE_LIMIT = 2000
LEASE_SECONDS = 60.0

PASS_SECONDS = 45.0
"""How long a run is gone on with at a time: tasks have an end, and there are other runs."""

TRIES = 8
"""How often a run may fail in the same place."""

_Part = tuple[Sequence[UserRecord], str, bool, list[PlanItem], list[Notice]]
"""Records, the place after them, whether that is all, and what the run makes of them."""

Progress = Callable[[int], None]
"""Told how many users have been read so far."""

_OTHER_RULES = "It was queued under other rules, features or fields than the process that took it."
_BROKE = "The program failed over it: its log says where."


@dataclass(frozen=True, slots=True)
class Reconciler:
    """Carries out runs of one org with these collaborators."""

    org: str
    runs: RunStore
    intake: IntakeStore
    reader: UserReader
    rulebook: Rulebook
    fingerprint: str
    monotonic: Callable[[], float]

    def carry_out(
        self, run_id: int, progress: Progress = lambda _: None, seconds: float = PASS_SECONDS
    ) -> Run | None:
        """Do a due run for a while, or go on with one; None if somebody else does it.

        A run that is not done after `seconds` is queued again, to be gone on with. So is one that
        failed, after a wait; the failure is raised. One that fails `TRIES` times in the same place
        ends as failed, and so does one that was queued under another fingerprint.
        """
        taken = self.runs.take_run(run_id, LEASE_SECONDS)
        if taken is None:
            return None
        run, token = taken
        if run.fingerprint != self.fingerprint:
            self.runs.end_run(run_id, token, _OTHER_RULES)
            return self.runs.run(run_id)
        passing = _Pass(self, run, token, progress, until=self.monotonic() + seconds)
        try:
            is_done = passing.read_on()
        except LeaseLost:
            raise
        except ValueError:
            self.runs.end_run(run_id, token, _BROKE)
            raise
        except Exception as error:
            reason = str(error) if isinstance(error, SyncError) else _BROKE
            self._failed(passing, reason)
            raise
        if is_done:
            self.runs.end_run(run_id, token, remark=self._remark(run))
        else:
            self.runs.requeue_run(run_id, token, None, 0.0)
        return self.runs.run(run_id)

    def _remark(self, run: Run) -> str | None:
        """What an undo of a run cannot know: whose changes were that run's but not noted so."""
        if run.kind is not RunKind.UNDO or run.of_run is None:
            return None
        users = self.runs.changed_under_no_run(run)
        if not users:
            return None
        return (
            f"In the time of run {run.of_run}, users changed under no run: {users}. They are not "
            "in this plan; to take their changes back too, undo the stretch of time."
        )

    def _failed(self, passing: "_Pass", reason: str) -> None:
        tries = 1 if passing.got_on else passing.run.tries
        if tries >= TRIES:
            self.runs.end_run(passing.run.id, passing.token, reason)
        else:
            delay = RETRY_SECONDS[min(tries, len(RETRY_SECONDS)) - 1]
            self.runs.requeue_run(passing.run.id, passing.token, reason, delay)

    def pages(self, run: Run) -> Iterator[tuple[Sequence[UserRecord], str, bool]]:
        """What a run has still to read: records, the place after them, and whether that is all."""
        if run.user_ids:
            yield from self._named(run)
            return
        after_id = run.after_id
        while True:
            page = self.reader.everyone(after_id, PAGE_LIMIT)
            if page.records:
                after_id = page.records[-1].user_id
            yield page.records, after_id, page.last
            if page.last:
                return

    def _named(self, run: Run) -> Iterator[tuple[Sequence[UserRecord], str, bool]]:
        ids = [user_id for user_id in sorted(run.user_ids) if user_id > run.after_id]
        for start in range(0, len(ids), self.reader.read_limit):
            chunk = ids[start : start + self.reader.read_limit]
            reading = self.reader.read(chunk)
            found = [reading.records[i] for i in chunk if i in reading.records]
            yield found, chunk[-1], chunk[-1] == ids[-1]

    def say(self, run: Run, records: Sequence[UserRecord]) -> tuple[list[PlanItem], list[Notice]]:
        """What a run makes of a page of records: items of a plan, or notices."""
        ids = [record.user_id for record in records]
        entries = self.intake.living_entries(self.org, ids) if ids else {}
        holds = self.intake.holds(self.org, ids) if ids else {}
        match run.kind:
            case RunKind.RECONCILE:
                priority = Priority.LIVE if run.user_ids else Priority.BULK
                notices = unsettled(
                    records, entries, holds, self.rulebook, Cause.RECONCILE, priority
                )
                return [], [replace(notice, run_id=run.id) for notice in notices]
            case RunKind.PLAN:
                items = (
                    plan_item(
                        r,
                        entries.get(r.user_id, ()),
                        self.rulebook,
                        holds.get(r.user_id, NONE),
                    )
                    for r in records
                )
            case RunKind.UNDO:
                raise ValueError("an undo reads the history: see `undone`")
            case RunKind.ADOPT:
                items = (adoption_item(r, self.rulebook) for r in records)
        return [item for item in items if item is not None], []

    def undone(
        self, changes: Sequence[Changed], records: Mapping[str, UserRecord]
    ) -> list[PlanItem]:
        """What an undo makes of users whom license-sync changed."""
        ids = [change.user_id for change in changes]
        entries = self.intake.living_entries(self.org, ids) if ids else {}
        items = (
            undo_item(c, records.get(c.user_id), entries.get(c.user_id, ()), self.rulebook)
            for c in changes
        )
        return [item for item in items if item is not None]


@dataclass(slots=True)
class _Pass:
    """One going on with a run, page by page."""

    reconciler: Reconciler
    run: Run
    token: str
    progress: Progress
    until: float
    got_on: bool = False

    def read_on(self) -> bool:
        """Read until the end, or until time is up; whether it came to the end."""
        made, run, read = self.reconciler, self.run, self.run.users_read
        for records, after_id, is_last, items, notices in self._parts():
            read += len(records)
            holders = sum(bool(record.held.on) for record in records)
            made.runs.advance_run(
                run.id, self.token, after_id, read, items, notices, LEASE_SECONDS, holders
            )
            made.intake.remember(made.org, records)
            self.got_on = True
            self.progress(read)
            if not is_last and made.monotonic() > self.until:
                return False
        return True

    def _parts(self) -> Iterator[_Part]:
        """Records with what the run makes of them, page by page."""
        if self.run.kind is RunKind.UNDO:
            yield from self._undone()
            return
        for records, after_id, is_last in self.reconciler.pages(self.run):
            yield records, after_id, is_last, *self.reconciler.say(self.run, records)

    def _undone(self) -> Iterator[_Part]:
        made, after_id = self.reconciler, self.run.after_id
        limit = made.reader.read_limit
        is_last = False
        while not is_last:
            changes = made.runs.changes(self.run, after_id, limit)
            is_last = len(changes) < limit
            records: Mapping[str, UserRecord] = {}
            if changes:
                after_id = changes[-1].user_id
                records = made.reader.read([change.user_id for change in changes]).records
            yield list(records.values()), after_id, is_last, made.undone(changes, records), []
