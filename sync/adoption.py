"""Writing requests that a person approved, each only on a record that still is as planned.

An adoption takes over an org whose users hold licenses that nobody requested: the requests are
set to what is held. What the rules would take away all the same (a lone CTI, say) is held back:
the pending row remembers it, and settle leaves it alone until a person decides.
An undo sets the requests under which the rules give what was held before.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import timedelta

from sync.errors import CallFailed, Remedy
from sync.model import UserRecord
from sync.outcomes import Result
from sync.ports.history import Intent
from sync.ports.pending import Cause, Notice, Priority
from sync.ports.runs import PlanItem, Run, RunKind, RunStore
from sync.ports.salesforce import (
    Reading,
    RecordWrite,
    UserReader,
    UserWriter,
    WriteResult,
    Written,
)
from sync.ports.scans import IntakeStore
from sync.steps import BLIND_SECONDS

LEASE_SECONDS = 60.0

_ADOPTED = "adopted: what is held becomes what is requested"
_UNDONE = "undone: the request under which the user gets back what was held before"

Sleep = Callable[[float], None]
Progress = Callable[[int], None]


@dataclass(slots=True)
class AdoptionReport:
    """How many users were adopted, and the user ids that were not, each with the reason."""

    adopted: int = 0
    held_back: int = 0
    left: dict[str, str] = field(default_factory=dict)
    is_done: bool = False

    def said(self, items: Sequence[PlanItem]) -> dict[str, str]:
        """What came of these items, for the plan's readers."""
        return {item.user_id: self.left.get(item.user_id, "done") for item in items}


@dataclass(frozen=True, slots=True)
class Adopter:
    """Carries out the approved plan of an adoption with these collaborators."""

    org: str
    runs: RunStore
    intake: IntakeStore
    reader: UserReader
    writer: UserWriter
    policy: str
    sleep: Sleep

    def apply(
        self,
        run_id: int,
        by: str,
        progress: Progress = lambda _: None,
        is_time_up: Callable[[], bool] = lambda: False,
    ) -> AdoptionReport | None:
        """Write the requests of a plan; None if somebody else is doing it.

        Not done when the time was up: whoever takes it next goes on from there. LeaseLost when the
        org is paused meanwhile; CallFailed as the writer raises it. Either way
        what is not done yet is found again by the next plan.
        """
        token = self.runs.take_to_apply(run_id, by, LEASE_SECONDS)
        if token is None:
            return None
        run, report = self.runs.run(run_id), AdoptionReport()
        after_id = run.after_id
        while items := self.runs.items(run_id, after_id, self.reader.read_limit):
            after_id = items[-1].user_id
            self.runs.confirm(run_id, token, {}, LEASE_SECONDS)
            self._page(_Applying(run, token, by), items, report)
            self.runs.confirm(run_id, token, {}, LEASE_SECONDS, report.said(items), after_id)
            progress(len(items))
            if is_time_up():
                self.runs.requeue_run(run_id, token, None, 0.0)
                return report
        self.runs.end_run(run_id, token)
        report.is_done = True
        return report

    def _page(
        self, applying: "_Applying", items: Sequence[PlanItem], report: AdoptionReport
    ) -> None:
        reading = self.reader.read([item.user_id for item in items])
        ready: list[tuple[PlanItem, UserRecord]] = []
        for item in items:
            record = reading.records.get(item.user_id)
            reason = applying.left_out(item) or _obstacle(item, record)
            if reason is not None:
                report.left[item.user_id] = reason
            elif record is not None and record.requested.on != item.requested_after:
                ready.append((item, record))
        self._hold(items, report)
        self._wait_for_age(reading, ready)
        for start in range(0, len(ready), self.writer.conditional_limit):
            self._write(applying, ready[start : start + self.writer.conditional_limit], report)

    def _hold(self, items: Sequence[PlanItem], report: AdoptionReport) -> None:
        """Remember what is held back before anything can be settled."""
        notices = [
            Notice(i.user_id, i.username, Cause.ADOPT, Priority.BULK, hold=i.hold)
            for i in items
            if i.hold
        ]
        report.held_back += len(notices)
        self.intake.notice(self.org, notices)

    def _wait_for_age(self, reading: Reading, ready: Sequence[tuple[PlanItem, UserRecord]]) -> None:
        if not ready:
            return
        newest = max(record.modified_at for _, record in ready)
        missing = timedelta(seconds=BLIND_SECONDS) - (reading.server_time - newest)
        if missing > timedelta(0):
            self.sleep(missing.total_seconds())

    def _write(
        self,
        applying: "_Applying",
        chunk: Sequence[tuple[PlanItem, UserRecord]],
        report: AdoptionReport,
    ) -> None:
        intents = [applying.intent(item, record, self.policy) for item, record in chunk]
        ids = self.runs.intend(applying.run.id, applying.token, intents)
        answers = self._send([_write_of(item, record) for item, record in chunk])
        outcomes = {}
        for id_, answer in zip(ids, answers, strict=True):
            outcomes.update(Result(id_, answer).history)
            if answer.written is Written.DONE:
                report.adopted += 1
            else:
                reason = answer.failure.message if answer.failure else answer.written.value
                report.left[answer.user_id] = reason
        self.runs.confirm(applying.run.id, applying.token, outcomes, LEASE_SECONDS)
        self._hand_on(applying, [item for item, _ in chunk if item.user_id not in report.left])

    def _hand_on(self, applying: "_Applying", items: Sequence[PlanItem]) -> None:
        """Have settle look at whom an undo wrote to, for this run; an adoption arms first."""
        if applying.run.kind is not RunKind.UNDO:
            return
        by, run_id = applying.by, applying.run.id
        notices = [
            Notice(i.user_id, i.username, Cause.UNDO, Priority.BULK, actor=by, run_id=run_id)
            for i in items
        ]
        self.intake.notice(self.org, notices)

    def _send(self, writes: Sequence[RecordWrite]) -> list[WriteResult]:
        try:
            return self.writer.write_if_unmodified(writes)
        except CallFailed as failed:
            if failed.failure.remedy is Remedy.STOP_ORG:
                raise
            written = Written.UNKNOWN if failed.maybe_arrived else Written.NOT_SENT
            return [WriteResult(write.user_id, written, failed.failure) for write in writes]


@dataclass(frozen=True, slots=True)
class _Applying:
    run: Run
    token: str
    by: str

    def left_out(self, item: PlanItem) -> str | None:
        """Why the plan itself leaves a user out; an adoption asks the record for that."""
        return item.why if self.run.kind is RunKind.UNDO and item.after is None else None

    def intent(self, item: PlanItem, record: UserRecord, policy: str) -> Intent:
        return Intent(
            user_id=item.user_id,
            username=item.username,
            cause=Cause.UNDO if self.run.kind is RunKind.UNDO else Cause.ADOPT,
            actor=self.by,
            requested_before=record.requested.on,
            requested_after=item.requested_after,
            held_before=record.held.on,
            held_after=record.held.on,
            status_after=record.status or "",
            why=_UNDONE if self.run.kind is RunKind.UNDO else _ADOPTED,
            policy=policy,
            run_id=self.run.id,
        )


def _obstacle(item: PlanItem, record: UserRecord | None) -> str | None:
    """Why a user cannot be adopted as planned; None if nothing stands against it."""
    if record is None:
        return "the user cannot be read"
    if record.requested.unknown or record.held.unknown:
        return "a license field is hidden"
    if record.held.on != item.held:
        return "the licenses changed since the plan"
    if record.requested.on not in (item.requested, item.requested_after):
        return "the request changed since the plan"
    return None


def _write_of(item: PlanItem, record: UserRecord) -> RecordWrite:
    changed = item.requested_after ^ record.requested.on
    return RecordWrite(
        user_id=item.user_id,
        requested={name: name in item.requested_after for name in changed},
        unless_modified_since=record.modified_at,
    )
