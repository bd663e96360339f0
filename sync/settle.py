"""The batch: claim, read, decide, write what differs, book.

Whatever happens in between, a claimed user ends settled, due again, or parked where people see
it. Nothing is written whose history row is not committed, and nothing under a lost lease.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import timedelta
from typing import TypeVar

from sync.errors import Braked, CallFailed, LeaseLost, Remedy
from sync.fights import FIGHTING
from sync.outcomes import DELETED, OUT_OF_SCOPE, Booker, Result
from sync.ports.brake import SANE_LIMITS, Limits
from sync.ports.conflict_log import OpenEntry
from sync.ports.pending import Claim, Priority
from sync.ports.salesforce import (
    Reading,
    RecordWrite,
    UserReader,
    UserWriter,
    WriteResult,
    Written,
)
from sync.ports.settling import WRITES_PER_HOUR, Outcome, SettleStore, UserContext
from sync.retrying import RETRY_SECONDS, Jitter, wished
from sync.rules import Rulebook
from sync.sightings import sightings
from sync.steps import Step, failed_write, step_for

LEASE_SECONDS = 30.0

BATCH_SECONDS = 45.0
"""After this a batch sends nothing more and books what it did: a worker is cut off at twice that.

A call that is under way by then is waited for.
"""


@dataclass(frozen=True, slots=True)
class SettleReport:
    """What one batch did, in users. `failed` is the failure that stopped it before its end."""

    claimed: int
    outcomes: Mapping[str, int]
    opened: int
    stopped_by: CallFailed | None = None


@dataclass(frozen=True, slots=True)
class Settler:
    """Settles users of one org with these collaborators. `own_id` is the user that we write as."""

    org: str
    store: SettleStore
    reader: UserReader
    writer: UserWriter
    rulebook: Rulebook
    own_id: str
    jitter: Jitter
    monotonic: Callable[[], float]
    limits: Limits = SANE_LIMITS
    writes_per_hour: int = WRITES_PER_HOUR
    lease_seconds: float = LEASE_SECONDS

    def settle(self, fingerprint: str, priority: Priority, limit: int) -> SettleReport | None:
        """Settle up to `limit` due users; None when nothing is due or the org may not write.

        Raises LeaseLost when the batch was taken away: nothing of it was booked.
        """
        until = self.monotonic() + BATCH_SECONDS
        claim = self.store.claim(self.org, fingerprint, priority, limit, self.lease_seconds)
        if claim is None:
            return None
        try:
            context = self.store.context(claim, self.writes_per_hour)
            self.store.renew(claim, self.lease_seconds)
            reading = self.reader.read([user.user_id for user in claim.users])
            org_ahead = reading.server_time - self.store.now()
            gone = self._gone(claim, reading)
        except CallFailed as failed:
            wait = wished(failed.failure) or RETRY_SECONDS[1]
            self.store.release(claim, wait * (1 + self.jitter()), str(failed))
            return SettleReport(len(claim.users), {}, 0, failed)
        return _Batch(self, claim, context, reading, org_ahead, gone, until).run()

    def _gone(self, claim: Claim, reading: Reading) -> frozenset[str]:
        if not reading.unreadable:
            return frozenset()
        self.store.renew(claim, self.lease_seconds)
        return self.reader.gone(sorted(reading.unreadable))


@dataclass(slots=True)
class _Batch:
    """One claim on its way from records to outcomes."""

    settler: Settler
    claim: Claim
    context: Mapping[str, UserContext]
    reading: Reading
    org_ahead: timedelta
    gone: frozenset[str]
    until: float
    stopped_by: CallFailed | None = None
    lost: bool = False
    results: dict[str, Result] = field(default_factory=dict)

    def run(self) -> SettleReport:
        steps = self._written()
        booker = Booker(self.settler.jitter, self.settler.own_id, self._names(steps))
        self._say_parked([s for s in steps.values() if booker.will_park(s, self._result(s))])
        outcomes = self._outcomes(steps, booker)
        self.settler.store.book(self.claim, outcomes)
        self._remember(steps)
        return _report(outcomes, self.stopped_by)

    def _remember(self, steps: Mapping[str, Step]) -> None:
        """For people to find; all that matters is booked by now."""
        store, org = self.settler.store, self.claim.org
        store.remember(org, sightings(steps.values(), self.results))
        store.forget(org, sorted(self.gone | self.reading.outside))

    def _written(self) -> dict[str, Step]:
        """Decide and write. If the brake stands against it, nothing is intended yet: decide again
        under the brake, which leaves nothing that it could stand against.
        """
        steps = self._steps()
        try:
            self._write([step for step in steps.values() if self._may_write(step)])
        except Braked as braked:
            self.claim = replace(self.claim, brake_id=braked.brake_id)
            steps = self._steps()
            self._write([step for step in steps.values() if self._may_write(step)])
        return steps

    def _steps(self) -> dict[str, Step]:
        steps = {}
        for user in self.claim.users:
            record = self.reading.records.get(user.user_id)
            if record is not None:
                known = self.context.get(user.user_id, UserContext())
                steps[user.user_id] = step_for(
                    user,
                    record,
                    known,
                    self.settler.rulebook,
                    self.settler.own_id,
                    brake=self.claim.brake_id is not None,
                    org_ahead=self.org_ahead,
                )
        return steps

    def _may_write(self, step: Step) -> bool:
        is_ripe = not step.is_too_young(self.reading.server_time)
        return step.write is not None and is_ripe and step.rest() is None

    def _names(self, steps: Mapping[str, Step]) -> Mapping[str, str]:
        """The names of those who changed what we fight for; remembered ones, without a call."""
        fought = [s.record for s in steps.values() if (r := s.rest()) and r.code == FIGHTING]
        others = {record.modified_by for record in fought if record.modified_by}
        if not others:
            return {}
        found = self.settler.store.names_of([(self.claim.org, other) for other in sorted(others)])
        return {user_id: name for (_, user_id), name in found.items()}

    def _result(self, step: Step) -> Result | None:
        return self.results.get(step.user.user_id)

    def _write(self, steps: Sequence[Step]) -> None:
        """Commit the intents, then write them: the guarded ones first, they are a person's."""
        if not steps:
            return
        history = self._intend(steps)
        writer = self.settler.writer
        guarded = [step for step in steps if step.is_conditional]
        plain = [step for step in steps if not step.is_conditional]
        for chunk in _chunks(guarded, writer.conditional_limit):
            self._call(chunk, history, conditional=True)
        for chunk in _chunks(plain, writer.write_limit):
            self._call(chunk, history, conditional=False)

    def _intend(self, steps: Sequence[Step]) -> dict[str, int]:
        intents = [step.intent() for step in steps]
        ids = self.settler.store.record_intents(self.claim, intents, self.settler.limits)
        return {step.user.user_id: id_ for step, id_ in zip(steps, ids, strict=True)}

    def _call(
        self, steps: Sequence[Step], history: Mapping[str, int], *, conditional: bool
    ) -> None:
        writes = [step.write for step in steps if step.write is not None]
        for result in self._send(writes, conditional=conditional):
            self.results[result.user_id] = Result(history[result.user_id], result)
            failure = result.failure
            if failure is not None and failure.remedy is Remedy.STOP_ORG and not conditional:
                # A field made read-only is refused record by record: no record is to blame. If it
                # is a requested one, only decisions meet it: they are parked, all else goes on.
                self.stopped_by = self.stopped_by or CallFailed(failure)

    def _send(self, writes: Sequence[RecordWrite], *, conditional: bool) -> list[WriteResult]:
        """One call, or none at all once the batch has been stopped or took long."""
        settler = self.settler
        if self.stopped_by is not None or self.lost or settler.monotonic() >= self.until:
            return _all(writes, Written.NOT_SENT)
        try:
            settler.store.renew(self.claim, settler.lease_seconds)
            if conditional:
                return settler.writer.write_if_unmodified(writes)
            return settler.writer.write(writes)
        except LeaseLost:
            self.lost = True
        except CallFailed as failed:
            if failed.failure.remedy is Remedy.STOP_ORG:
                self.stopped_by = failed
            if failed.maybe_arrived:
                return _all(writes, Written.UNKNOWN)
            return [WriteResult(w.user_id, Written.NOT_SENT, failed.failure) for w in writes]
        return _all(writes, Written.NOT_SENT)

    def _say_parked(self, steps: Sequence[Step]) -> None:
        """Write on the records of users about to be parked that they are; best effort."""
        told: list[tuple[Step, RecordWrite]] = []
        for step in steps:
            result = self._result(step)
            write = failed_write(step.record, result.reason) if result else None
            if write is not None:
                told.append((step, write))
        if not told or self.lost or self.stopped_by is not None:
            return
        intents = [step.failed_intent(write) for step, write in told]
        try:
            ids = self.settler.store.record_intents(self.claim, intents)
        except LeaseLost:
            return
        for chunk in _chunks(list(zip(told, ids, strict=True)), self.settler.writer.write_limit):
            answers = self._send([write for (_, write), _ in chunk], conditional=False)
            for ((step, _), id_), answer in zip(chunk, answers, strict=True):
                self.results[step.user.user_id].note(id_, answer)

    def _why_gone(self, user_id: str) -> str | None:
        if user_id in self.reading.outside:
            return OUT_OF_SCOPE
        return DELETED if user_id in self.gone else None

    def _outcomes(self, steps: Mapping[str, Step], booker: Booker) -> list[Outcome]:
        outcomes = []
        for user in self.claim.users:
            step = steps.get(user.user_id)
            if step is not None:
                outcomes.append(booker.outcome(step, self._result(step)))
            else:
                known = self.context.get(user.user_id, UserContext())
                outcomes.append(booker.unread(user, known, self._why_gone(user.user_id)))
        return outcomes


def _all(writes: Sequence[RecordWrite], written: Written) -> list[WriteResult]:
    return [WriteResult(write.user_id, written) for write in writes]


_T = TypeVar("_T")


def _chunks(items: Sequence[_T], size: int) -> list[Sequence[_T]]:
    return [items[i : i + size] for i in range(0, len(items), size)]


def _report(outcomes: Sequence[Outcome], stopped_by: CallFailed | None) -> SettleReport:
    counts: dict[str, int] = {}
    for outcome in outcomes:
        counts[outcome.kind.value] = counts.get(outcome.kind.value, 0) + 1
    opened = sum(isinstance(change, OpenEntry) for o in outcomes for change in o.entries)
    return SettleReport(len(outcomes), counts, opened, stopped_by)
