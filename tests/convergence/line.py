"""The line between the workers and the org, and what goes wrong on it."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from enum import StrEnum

from sync.errors import CallFailed, Failure, Remedy
from sync.ports.salesforce import RecordWrite, WriteResult, Written
from tests.convergence.watching import Watched
from tests.fakes.org import FakeOrg

READS = ("read", "gone", "changed_since", "covered_until", "server_time")

NO_ANSWER = Failure("SERVER_UNAVAILABLE", "Salesforce does not answer.", Remedy.RETRY, 2.0)
NO_ACCESS = Failure("API_CURRENTLY_DISABLED", "The API is switched off.", Remedy.STOP_ORG, 60.0)
DAILY_LIMIT = Failure("REQUEST_LIMIT_EXCEEDED", "All calls are used up.", Remedy.STOP_ORG, 1800.0)

ROW_LOCK = Failure("UNABLE_TO_LOCK_ROW", "Somebody else is at it.", Remedy.RETRY, 5.0)
VALIDATION = Failure("FIELD_CUSTOM_VALIDATION_EXCEPTION", "Not like this.", Remedy.PARK)
NOT_FOUND = Failure("NOT_FOUND", "There is no such record.", Remedy.DECIDE_AGAIN)
READ_ONLY = Failure("INVALID_FIELD_FOR_INSERT_UPDATE", "Read-only.", Remedy.STOP_ORG, 60.0)


class Loss(StrEnum):
    """What becomes of a write whose answer is lost."""

    ARRIVED = "arrived"
    NEVER = "never arrives"
    LATE = "arrives later"


@dataclass(frozen=True)
class Refusal:
    """Why a record cannot be written; `only_flags`: what is said on it can."""

    failure: Failure
    only_flags: bool = False

    def is_about(self, write: RecordWrite) -> bool:
        """Whether it meets this write."""
        return not self.only_flags or bool(write.effective or write.requested)


@dataclass
class Weather:
    """What goes wrong now, for all workers and the poll.

    `failing` is met by the call after so many others, `lost` by the next write; `used_up` is how
    many calls the daily limit still refuses; `refused` stands until it is taken away. `late` are
    writes that will arrive.
    """

    failing: tuple[int, Failure] | None = None
    lost: Loss | None = None
    used_up: int = 0
    refused: dict[str, Refusal] = field(default_factory=dict)
    late: list[Callable[[], object]] = field(default_factory=list)
    was_refused: set[tuple[str, str]] = field(default_factory=set)
    """Users that a refusal ever met, with its code."""

    def clear(self) -> None:
        """Nothing goes wrong any more; what is late still is."""
        self.failing, self.lost, self.used_up = None, None, 0
        self.refused.clear()

    def meets(self) -> None:
        """A call is made; raises what it meets."""
        if self.used_up:
            self.used_up -= 1
            raise CallFailed(DAILY_LIMIT)
        if self.failing is None:
            return
        others, failure = self.failing
        self.failing = (others - 1, failure) if others else None
        if not others:
            raise CallFailed(failure)


class ReadLine:
    """The org as the poll and the workers read it."""

    def __init__(self, weather: Weather, org: FakeOrg) -> None:
        self._weather, self._org = weather, org

    def __getattr__(self, name: str) -> object:
        found = getattr(self._org, name)
        if name not in READS:
            return found

        def call(*args: object) -> object:
            self._weather.meets()
            return found(*args)

        return call


class WriteLine:
    """The org as a worker writes to it: what passes the line is watched."""

    def __init__(self, weather: Weather, watched: Watched) -> None:
        self._weather, self._watched = weather, watched
        self.write_limit = watched.write_limit
        self.conditional_limit = watched.conditional_limit

    def write(self, writes: Sequence[RecordWrite]) -> list[WriteResult]:
        return self._send(writes, self._watched.write)

    def write_if_unmodified(self, writes: Sequence[RecordWrite]) -> list[WriteResult]:
        return self._send(writes, self._watched.write_if_unmodified)

    def _send(
        self,
        writes: Sequence[RecordWrite],
        pass_on: Callable[[Sequence[RecordWrite]], list[WriteResult]],
    ) -> list[WriteResult]:
        weather, started = self._weather, self._watched.started
        assert started.is_renewed, "a call without a renewed lease"
        started.is_renewed = False
        weather.meets()
        lost, weather.lost = weather.lost, None
        refused = {w.user_id: r for w in writes if (r := self._refusal(w)) is not None}
        passing = [write for write in writes if write.user_id not in refused]
        if lost in (None, Loss.ARRIVED):
            done = {r.user_id: r for r in pass_on(passing)}
        elif lost is Loss.LATE:
            weather.late.append(lambda: pass_on(passing))
        if lost is not None:
            results = [WriteResult(w.user_id, Written.UNKNOWN, NO_ANSWER) for w in writes]
        else:
            results = [refused.get(w.user_id) or done[w.user_id] for w in writes]
        told = {self._watched.row_of(r.user_id): r.written for r in results}
        self._watched.world.ledger.told |= told
        return results

    def _refusal(self, write: RecordWrite) -> WriteResult | None:
        refusal = self._weather.refused.get(write.user_id)
        if refusal is None or not refusal.is_about(write):
            return None
        self._weather.was_refused.add((write.user_id, refusal.failure.code))
        return WriteResult(write.user_id, Written.REFUSED, refusal.failure)
