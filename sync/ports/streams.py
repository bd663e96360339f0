"""The store as whoever listens to an org's events sees it, and how well that goes."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Protocol

from sync.ports.orgs import OrgStore
from sync.ports.pending import Notice


@dataclass(frozen=True, slots=True)
class Source:
    """Whose events under which topic: a position of another source means nothing here."""

    org: str
    organization_id: str
    topic: str


@dataclass(frozen=True, slots=True)
class Stream:
    """A source under a lease, so that one process listens to it. No position: begin afresh."""

    source: Source
    token: str
    position: bytes | None


@dataclass(frozen=True, slots=True)
class Heard:
    """What arrived, for the store: who to look at, and what to measure.

    `events` counts all, `mattered` those that touched what we read. `milliseconds` are between
    an event's commit and now, by the org's clock and the database's. `missed` says why more
    may have changed than was told: then the whole org is looked at.
    """

    position: bytes
    notices: Sequence[Notice] = ()
    events: int = 0
    mattered: int = 0
    commits: Sequence[datetime] = ()
    missed: str | None = None


@dataclass(frozen=True, slots=True)
class StreamStatus:
    """How listening to one org goes.

    `opened_at` is when the stream that is open now first answered, None while there is none.
    `position_at` is when the place to go on from was last stored. `problem` is a sentence.
    """

    org: str
    topic: str
    holder: str | None
    lease_until: datetime | None
    opened_at: datetime | None
    heard_at: datetime | None
    position_at: datetime | None
    problem: str | None
    events: int
    mattered: int
    restarts: int

    def works(self, now: datetime) -> bool:
        """Whether changes are being told at this time, by the database's clock."""
        return (
            self.opened_at is not None and self.lease_until is not None and now < self.lease_until
        )


@dataclass(frozen=True, slots=True)
class Delays:
    """How often something took how long: counts by the upper limits of `sync.delays`."""

    org: str
    counts: Mapping[float, int] = field(default_factory=dict)
    seconds: float = 0.0


class StreamStore(OrgStore, Protocol):
    """The store as a listener sees it. LeaseLost: another process listens by now."""

    def take_stream(self, source: Source, holder: str, lease_seconds: float) -> Stream | None:
        """Lease a source; None while somebody else holds it."""
        ...

    def renew_stream(self, stream: Stream, lease_seconds: float) -> None:
        """Prolong the lease."""
        ...

    def hear(self, stream: Stream, heard: Heard, lease_seconds: float) -> int:
        """Store who to look at and the moved position in one transaction; how many rows changed.

        From the first time on the stream counts as open. What was missed queues a reconcile of
        an armed org, unless one that was queued for that waits already.
        """
        ...

    def lose_position(self, stream: Stream) -> None:
        """Forget the position: the next stream begins afresh."""
        ...

    def drop_stream(self, stream: Stream, problem: str | None) -> None:
        """End the lease and say why, if something is wrong; quietly nothing if it is lost."""
        ...

    def free_streams(self, holders: Sequence[str]) -> None:
        """End the leases of these holders, which are known to be dead."""
        ...


class ListenedStore(Protocol):
    """The store as people and the pace of polling see it."""

    def streams(self) -> Mapping[str, StreamStatus]:
        """By org; orgs that nobody ever listened to are missing."""
        ...

    def listens(self, org: str) -> bool:
        """Whether changes of this org are being told at this moment."""
        ...

    def delays(self, measure: str) -> Mapping[str, Delays]:
        """What was measured since ever, by org."""
        ...
