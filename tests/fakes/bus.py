"""An event bus in memory: a log of events, streams over it, and what may go wrong with them."""

from collections import deque
from dataclasses import dataclass, field
from datetime import datetime

from sync.errors import CallFailed, Failure, Remedy
from sync.ports.events import POSITION_LOST, Batch, ChangeEvent

LOST = Failure(POSITION_LOST, "The place is lost.", Remedy.RETRY)
CUT = Failure("bus_unavailable", "The bus is down.", Remedy.RETRY)


def position(number: int) -> bytes:
    """The place after so many events."""
    return number.to_bytes(8, "big")


@dataclass(slots=True)
class FakeBus:
    """Implements `EventBus`. `kept_from` is the first event that it still has.

    `each` events come in a batch, and each is told `times` times. `refusals` meet the next streams,
    one each. A stream that is `mute` says nothing.
    """

    log: list[ChangeEvent] = field(default_factory=list)
    kept_from: int = 0
    each: int = 3
    times: int = 1
    mute: bool = False
    ends_after_a_word: bool = False
    refusals: deque[Failure] = field(default_factory=deque)
    streams: list["FakeStream"] = field(default_factory=list)

    def publish(
        self,
        *user_ids: str,
        matters: bool = True,
        everyone: bool = False,
        at: datetime | None = None,
        actor: str = "",
        is_ours: bool = False,
    ) -> None:
        """Let the org tell of a change."""
        place = position(len(self.log) + 1)
        self.log.append(ChangeEvent(place, user_ids, matters, everyone, at, actor, is_ours))

    def subscribe(self, topic: str, after: bytes | None, events: int) -> "FakeStream":
        """Open a stream."""
        start = len(self.log) if after is None else int.from_bytes(after, "big")
        stream = FakeStream(self, topic, start, events, is_fresh=after is None)
        self.streams.append(stream)
        if self.refusals:
            stream.end = self.refusals.popleft()
        elif start < self.kept_from:
            stream.end = LOST
        return stream

    def cut(self, failure: Failure = CUT) -> None:
        """End all streams."""
        for stream in self.streams:
            stream.end = stream.end or failure


@dataclass(slots=True)
class FakeStream:
    """Implements `Subscription`."""

    bus: FakeBus
    topic: str
    reached: int
    credit: int
    is_fresh: bool
    end: Failure | None = None
    has_spoken: bool = False
    asked: list[int] = field(default_factory=list)
    closed: bool = False

    def next(self, seconds: float) -> Batch | None:
        """What is there; a keepalive first of all if nothing is."""
        assert not self.closed
        if self.end is not None:
            raise CallFailed(self.end)
        if self.bus.mute or self.credit <= 0:
            return None
        found = self.bus.log[self.reached : self.reached + min(self.bus.each, self.credit)]
        if not found and (self.has_spoken or not seconds):
            return None
        self.has_spoken = True
        if self.bus.ends_after_a_word:
            self.end = CUT
        self.reached += len(found)
        self.credit -= len(found)
        return Batch(tuple(found * self.bus.times), position(self.reached))

    def ask_for(self, events: int) -> None:
        """Let more events come."""
        assert events > 0
        self.credit = min(self.credit + events, 100)
        self.asked.append(events)

    def close(self) -> None:
        """End it."""
        self.closed = True
