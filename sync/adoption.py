"""Taking over an org whose users hold licenses that nobody requested yet.

The requests are set to what is held, each record only if it still is what the plan saw. What the
rules would take away all the same (a lone CTI, say) is held back: the pending row remembers it,
and settle leaves it alone until a person decides.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import timedelta

from sync.errors import CallFailed, Remedy
from sync.model import UserRecord
from sync.outcomes import Result
from sync.ports.history import Intent
from sync.ports.pending import Cause, Notice, Priority
from sync.ports.runs import PlanItem, RunStore
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

Sleep = Callable[[float], None]
Progress = Callable[[int], None]


@dataclass(slots=True)
class AdoptionReport:
    """How many users were adopted, and the user ids that were not, each with the reason."""

    adopted: int = 0
    held_back: int = 0
    left: dict[str, str] = field(default_factory=dict)


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
        self, run_id: int, by: str, progress: Progress = lambda _: None
    ) -> AdoptionReport | None:
        """Write the requests of a plan; None if somebody else is doing it.

        LeaseLost when the org is paused meanwhile; CallFailed as the writer raises it. Either way
        what is not done yet is found again by the next plan.
        """
        token = self.runs.take_to_apply(run_id, by, LEASE_SECONDS)
        if token is None:
            return None
        report, after_id = AdoptionReport(), ""
        while items := self.runs.items(run_id, after_id, self.reader.read_limit):
            after_id = items[-1].user_id
            self.runs.confirm(run_id, token, {}, LEASE_SECONDS)
            self._page(_Applying(run_id, token, by), items, report)
            progress(len(items))
        self.runs.end_run(run_id, token)
        return report

    def _page(
        self, applying: "_Applying", items: Sequence[PlanItem], report: AdoptionReport
    ) -> None:
        reading = self.reader.read([item.user_id for item in items])
        ready: list[tuple[PlanItem, UserRecord]] = []
        for item in items:
            record = reading.records.get(item.user_id)
            reason = _obstacle(item, record)
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
        ids = self.runs.intend(applying.run_id, applying.token, intents)
        answers = self._send([_write_of(item, record) for item, record in chunk])
        outcomes = {}
        for id_, answer in zip(ids, answers, strict=True):
            outcomes.update(Result(id_, answer).history)
            if answer.written is Written.DONE:
                report.adopted += 1
            else:
                reason = answer.failure.message if answer.failure else answer.written.value
                report.left[answer.user_id] = reason
        self.runs.confirm(applying.run_id, applying.token, outcomes, LEASE_SECONDS)

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
    run_id: int
    token: str
    by: str

    def intent(self, item: PlanItem, record: UserRecord, policy: str) -> Intent:
        return Intent(
            user_id=item.user_id,
            username=item.username,
            cause=Cause.ADOPT,
            actor=self.by,
            requested_before=record.requested.on,
            requested_after=item.requested_after,
            held_before=record.held.on,
            held_after=record.held.on,
            status_after=record.status or "",
            why="adopted: what is held becomes what is requested",
            policy=policy,
            run_id=self.run_id,
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
