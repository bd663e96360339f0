"""From the answer of a write to what is booked about its user. Pure, but for the jitter."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from sync.brake import BRAKED, braked_reason
from sync.conflicts import Flagged, changes
from sync.errors import Failure, Remedy
from sync.fights import FIGHTING, TOO_OFTEN_REASON, Rest, fighting_reason
from sync.holds import HELD_BACK, held_back_reason
from sync.intake import seen_mark
from sync.model import NONE, Licenses
from sync.ports.conflict_log import CloseEntry, EntryChange
from sync.ports.history import HistoryOutcome
from sync.ports.pending import PendingUser
from sync.ports.salesforce import WriteResult, Written
from sync.ports.settling import Outcome, OutcomeKind, UserContext
from sync.resolutions import CarryOut
from sync.retrying import RETRY_SECONDS, Jitter, parked_delay, retry_delay, unsure_delay
from sync.statement import reason_of
from sync.steps import BLIND_SECONDS, Step

UNREADABLE = Failure(
    "unreadable",
    "Salesforce does not show this user to the integration user: "
    "give its permission set access to the record.",
    Remedy.PARK,
)
DELETED = "the user was deleted in Salesforce"
OUT_OF_SCOPE = "the user is not in the layout's scope any more"

_HISTORY = {
    Written.DONE: HistoryOutcome.CONFIRMED,
    Written.REFUSED: HistoryOutcome.REFUSED,
    Written.MOVED: HistoryOutcome.REFUSED,
    Written.UNKNOWN: HistoryOutcome.UNKNOWN,
    Written.NOT_SENT: HistoryOutcome.NOT_SENT,
}
_MOVED = "the record was changed since it was read"
_ALWAYS_MOVES = (
    "The record changes each time between being read and being written, so a decision could not "
    "be carried out: find what changes it all the time (a flow, an import), then try again."
)
UNKNOWN = "unknown"

_History = Mapping[int, tuple[HistoryOutcome, str | None]]


@dataclass(slots=True)
class Result:
    """The answer to a user's write, and the history rows that it decides."""

    history_id: int
    answer: WriteResult
    history: dict[int, tuple[HistoryOutcome, str | None]] = field(init=False)

    def __post_init__(self) -> None:
        self.history = {}
        self.note(self.history_id, self.answer)

    def note(self, history_id: int, answer: WriteResult) -> None:
        """Remember what became of the write behind a history row."""
        error = answer.failure.message if answer.failure else None
        if answer.written is Written.MOVED:
            error = _MOVED
        self.history[history_id] = (_HISTORY[answer.written], error)

    @property
    def reason(self) -> str:
        """Why the write failed; empty if it did not."""
        return self.answer.failure.message if self.answer.failure else ""


@dataclass(frozen=True, slots=True)
class Booker:
    """Turns steps and their results into outcomes.

    `own_id` is the user that we write as, `names` those of others by id as far as they are known.
    """

    jitter: Jitter
    own_id: str
    names: Mapping[str, str]

    def will_park(self, step: Step, result: Result | None) -> bool:
        """Whether the user is about to be parked because its write was refused."""
        if result is None or result.answer.written is not Written.REFUSED:
            return False
        return self._refused(step, result).kind is OutcomeKind.PARKED

    def unread(self, user: PendingUser, known: UserContext, why_gone: str | None) -> Outcome:
        """The outcome of a user without a record: gone for a reason, or left for a person."""
        if why_gone is not None:
            ends = tuple(CloseEntry(e.id, by=why_gone, how=why_gone) for e in known.entries)
            return Outcome(user, OutcomeKind.GONE, entries=ends)
        return Outcome(
            user,
            OutcomeKind.PARKED,
            delay=parked_delay(user.attempts, self.jitter),
            code=UNREADABLE.code,
            reason=UNREADABLE.message,
            hold=user.hold,
            braked=user.braked,
            allowed=user.allowed,
        )

    def outcome(self, step: Step, result: Result | None) -> Outcome:
        """The outcome of a user that was read; `result` is None where nothing was written."""
        if result is None:
            if step.write is None:
                return self._settled(step, {})
            if resting := step.rest():
                return self._resting(step, resting)
            return self._outcome(step, OutcomeKind.AGAIN, {}, delay=BLIND_SECONDS)
        match result.answer.written:
            case Written.DONE:
                return self._settled(step, result.history)
            case Written.REFUSED:
                return self._refused(step, result)
            case Written.MOVED:
                return self._moved(step, result)
            case Written.UNKNOWN | Written.NOT_SENT:
                return self._unsure(step, result)

    def _settled(self, step: Step, history: _History) -> Outcome:
        if step.braked:
            reason = braked_reason(step.braked)
            return self._parked(step, history, BRAKED, reason, is_written=True)
        if step.held_back:
            reason = held_back_reason(step.held_back)
            return self._parked(step, history, HELD_BACK, reason, is_written=True)
        if step.decision.effective is None and step.waits_to_be_read:
            return self._parked(step, history, UNKNOWN, reason_of(step.decision), is_written=True)
        return self._outcome(step, OutcomeKind.SETTLED, history, is_written=True)

    def _resting(self, step: Step, resting: Rest) -> Outcome:
        """Somebody has to look at a fight; what was only too often goes on by itself."""
        is_fight = resting.code == FIGHTING
        return self._outcome(
            step,
            OutcomeKind.PARKED if is_fight else OutcomeKind.RETRY,
            {},
            delay=resting.seconds,
            code=resting.code,
            reason=fighting_reason(step.record, self.own_id, self.names)
            if is_fight
            else TOO_OFTEN_REASON,
        )

    def _moved(self, step: Step, result: Result) -> Outcome:
        """At once, then ever later: something of the org may change the record all the time."""
        tries = step.user.attempts
        if tries > len(RETRY_SECONDS):
            return self._parked(step, result.history, Written.MOVED.value, _ALWAYS_MOVES)
        delay = unsure_delay(tries - 1, None, self.jitter) if tries else 0.0
        return self._failed(step, OutcomeKind.RETRY, result, delay)

    def _refused(self, step: Step, result: Result) -> Outcome:
        failure = result.answer.failure
        if failure is None or failure.remedy is Remedy.DECIDE_AGAIN:
            return self._unsure(step, result)
        stops = failure.remedy is Remedy.STOP_ORG
        if stops and not step.is_conditional:
            return self._unsure(step, result)
        delay = None
        if failure.remedy is not Remedy.PARK and not stops:
            delay = retry_delay(step.user.attempts, failure, self.jitter)
        kind = OutcomeKind.PARKED if delay is None else OutcomeKind.RETRY
        if delay is None:
            delay = parked_delay(step.user.attempts, self.jitter)
        return self._failed(step, kind, result, delay)

    def _unsure(self, step: Step, result: Result) -> Outcome:
        delay = unsure_delay(step.user.attempts, result.answer.failure, self.jitter)
        return self._failed(step, OutcomeKind.RETRY, result, delay)

    def _failed(self, step: Step, kind: OutcomeKind, result: Result, delay: float) -> Outcome:
        failure = result.answer.failure
        return self._outcome(
            step,
            kind,
            result.history,
            delay=delay,
            code=failure.code if failure else result.answer.written.value,
            reason=failure.message if failure else "",
        )

    def _parked(
        self,
        step: Step,
        history: _History,
        code: str,
        reason: str,
        *,
        is_written: bool = False,
    ) -> Outcome:
        return self._outcome(
            step,
            OutcomeKind.PARKED,
            history,
            delay=parked_delay(step.user.attempts, self.jitter),
            code=code,
            reason=reason,
            is_written=is_written,
        )

    def _outcome(
        self,
        step: Step,
        kind: OutcomeKind,
        history: _History,
        *,
        delay: float = 0.0,
        code: str = "",
        reason: str = "",
        is_written: bool = False,
    ) -> Outcome:
        is_decided = is_written and step.target is not None
        held = step.record.held.on if step.target is None or not is_written else step.target
        return Outcome(
            user=step.user,
            kind=kind,
            delay=delay,
            code=code,
            reason=reason,
            seen=seen_mark(step.record) if kind is OutcomeKind.PARKED else "",
            username=step.record.username,
            hold=step.user.hold if step.held_back or not is_decided else NONE,
            braked=step.user.braked if step.target is None else step.braked,
            allowed=NONE if is_decided else step.user.allowed,
            requested=step.requested if is_written else step.record.requested.on,
            held=held,
            history=history,
            entries=_entries(step, held=held, is_written=is_written),
        )


def _entries(step: Step, *, held: Licenses, is_written: bool) -> tuple[EntryChange, ...]:
    """What changes in the log: nothing, if a person's decision was not carried out."""
    if isinstance(step.resolution, CarryOut) and not is_written:
        return ()
    after = Flagged(step.requested, held, step.policy)
    return changes(
        step.decision,
        step.context,
        step.record,
        after,
        step.kept,
        step.resolution,
        step.ended,
    )
