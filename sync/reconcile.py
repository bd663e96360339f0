"""The whole org, or some of its users: as a plan that writes nothing, or as notices for settle.

A run is resumable: each page is stored with the run's place before the next one is read.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace

from sync.errors import CallFailed, SyncError
from sync.holds import held_back, said_on_record
from sync.intake import case_of, is_settled, unsettled
from sync.model import NONE, Flags, Licenses, UserRecord
from sync.ports.conflict_log import Entry
from sync.ports.pending import Cause, Notice, Priority
from sync.ports.runs import PlanItem, Run, RunKind, RunStore
from sync.ports.salesforce import UserReader
from sync.ports.scans import IntakeStore
from sync.rules import Rulebook
from sync.statement import reason_of, status_of

PAGE_LIMIT = 2000
LEASE_SECONDS = 60.0

Progress = Callable[[int], None]
"""Told how many users have been read so far."""


@dataclass(frozen=True, slots=True)
class Reconciler:
    """Carries out runs of one org with these collaborators."""

    org: str
    runs: RunStore
    intake: IntakeStore
    reader: UserReader
    rulebook: Rulebook

    def carry_out(self, run_id: int, progress: Progress = lambda _: None) -> Run | None:
        """Do a queued run, or go on with one whose worker died; None if somebody else does it.

        A failed call leaves the run queued where it stands and is raised again.
        """
        taken = self.runs.take_run(run_id, LEASE_SECONDS)
        if taken is None:
            return None
        run, token = taken
        try:
            self._read_all(run, token, progress)
        except CallFailed as failed:
            self.runs.requeue_run(run_id, token, str(failed))
            raise
        except SyncError as error:
            self.runs.end_run(run_id, token, str(error))
            raise
        except Exception:
            self.runs.end_run(run_id, token, "the program failed over it: its log says where")
            raise
        self.runs.end_run(run_id, token)
        return self.runs.run(run_id)

    def _read_all(self, run: Run, token: str, progress: Progress) -> None:
        read = run.users_read
        for records, after_id in self._pages(run):
            items, notices = self._say(run, records)
            read += len(records)
            self.runs.advance_run(run.id, token, after_id, read, items, notices, LEASE_SECONDS)
            progress(read)

    def _pages(self, run: Run) -> Iterator[tuple[Sequence[UserRecord], str]]:
        if run.user_ids:
            yield from self._named(run)
            return
        after_id = run.after_id
        while True:
            page = self.reader.everyone(after_id, PAGE_LIMIT)
            if page.records:
                after_id = page.records[-1].user_id
            yield page.records, after_id
            if page.last:
                return

    def _named(self, run: Run) -> Iterator[tuple[Sequence[UserRecord], str]]:
        ids = [user_id for user_id in sorted(run.user_ids) if user_id > run.after_id]
        for start in range(0, len(ids), self.reader.read_limit):
            chunk = ids[start : start + self.reader.read_limit]
            reading = self.reader.read(chunk)
            yield [reading.records[i] for i in chunk if i in reading.records], chunk[-1]

    def _say(
        self,
        run: Run,
        records: Sequence[UserRecord],
    ) -> tuple[list[PlanItem], list[Notice]]:
        ids = [record.user_id for record in records]
        entries = self.intake.living_entries(self.org, ids) if ids else {}
        holds = self.intake.holds(self.org, ids) if ids else {}
        match run.kind:
            case RunKind.RECONCILE:
                priority = Priority.LIVE if run.user_ids else Priority.BULK
                notices = unsettled(
                    records, entries, holds, self.rulebook, Cause.RECONCILE, priority
                )
                return [], notices
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
            case RunKind.ADOPT:
                items = (adoption_item(r, self.rulebook) for r in records)
        return [item for item in items if item is not None], []


def plan_item(
    record: UserRecord, entries: tuple[Entry, ...], rulebook: Rulebook, hold: Licenses = NONE
) -> PlanItem | None:
    """What settling this record would do; None if it is settled. `hold` stays held back."""
    decision = rulebook.decide(case_of(record, entries))
    if is_settled(record, decision, entries, rulebook.version, hold):
        return None
    staying = held_back(hold, record, decision)
    return PlanItem(
        user_id=record.user_id,
        username=record.username,
        requested=record.requested.on,
        requested_after=record.requested.on,
        held=record.held.on,
        after=None if decision.effective is None else decision.effective | staying,
        status=said_on_record(decision, staying)[0],
        why=reason_of(decision),
        modified_at=record.modified_at,
    )


def adoption_item(record: UserRecord, rulebook: Rulebook) -> PlanItem | None:
    """What adopting this record would do: request what is held, and hold what rules would take.

    None for a record that requests what it holds and keeps all of it, or has unknown flags.
    """
    if record.requested.unknown or record.held.unknown:
        return None
    requested = record.held.on
    decision = rulebook.decide(replace(case_of(record, ()), requested=Flags(requested)))
    hold = NONE if decision.effective is None else record.held.on - decision.effective
    if requested == record.requested.on and not hold:
        return None
    return PlanItem(
        user_id=record.user_id,
        username=record.username,
        requested=record.requested.on,
        requested_after=requested,
        held=record.held.on,
        after=record.held.on,
        status=status_of(decision),
        why=reason_of(decision),
        hold=hold,
        modified_at=record.modified_at,
    )
