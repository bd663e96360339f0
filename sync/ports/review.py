"""The store as people see it: the conflict log, parked users, history, and figures."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from sync.model import FindingKind, Licenses
from sync.ports.conflict_log import Entry, EntryStatus, Resolution
from sync.ports.history import HistoryRow
from sync.ports.pending import Cause, Priority


@dataclass(frozen=True, slots=True)
class ParkedUser:
    """A user that waits for a person, with the reason as one sentence. `hold`: held back."""

    org: str
    user_id: str
    username: str
    code: str
    reason: str
    attempts: int
    parked_at: datetime
    due_at: datetime
    hold: Licenses
    requested: Licenses
    held: Licenses


@dataclass(frozen=True, slots=True)
class WaitingUser:
    """A pending row as people see it. `error` is why the last try failed, if it did."""

    org: str
    user_id: str
    username: str
    cause: Cause
    priority: Priority
    noticed_at: datetime
    due_at: datetime
    attempts: int
    leased: bool
    parked: bool
    error: str | None


@dataclass(frozen=True, slots=True)
class OrgFigures:
    """What waits in one org. `pending` counts rows that are not parked."""

    org: str
    pending: int
    oldest_pending_at: datetime | None
    parked: int
    open_conflicts: int
    open_refusals: int


@dataclass(frozen=True, slots=True)
class EntryFilter:
    """Which entries to list; None and empty mean any. Newest last."""

    org: str | None = None
    user_id: str | None = None
    kind: FindingKind | None = None
    code: str | None = None
    statuses: Sequence[EntryStatus] = ()


class ReviewStore(Protocol):
    """What people look at and decide. Listings stream, oldest first."""

    def now(self) -> datetime:
        """The database's clock."""
        ...

    def entries(self, wanted: EntryFilter) -> Iterator[Entry]:
        """Entries of the conflict log."""
        ...

    def entry(self, entry_id: int) -> Entry:
        """One entry; UnknownReference."""
        ...

    def resolve(self, entry_id: int, resolution: Resolution) -> Entry:
        """Record a decision and make its user due at once, in one transaction.

        `resolution.decided_at` is replaced by the database's time. NotAllowed if the entry is no
        conflict, or somebody decided it already (says who, what and when), or it ended.
        A dismissed conflict can be resolved.
        """
        ...

    def dismiss(self, entry_id: int, by: str, note: str) -> Entry:
        """Put an entry aside until its flags or the policy change; NotAllowed as above."""
        ...

    def parked(self, org: str | None = None) -> Iterator[ParkedUser]:
        """Parked users."""
        ...

    def retry_parked(self, org: str | None, user_ids: Sequence[str], by: str) -> int:
        """Make parked users due at once; how many.

        Users that are named lose their hold where that is why they are parked. If none are named,
        it is all of the org's (of every org's) but those held back: to remove what somebody holds
        takes their name.
        """
        ...

    def waiting(self, org: str, user_id: str) -> WaitingUser | None:
        """The pending row of one user."""
        ...

    def history(
        self, org: str | None = None, user_id: str | None = None, limit: int = 100
    ) -> Iterator[HistoryRow]:
        """The newest rows of the history, newest first."""
        ...

    def figures(self) -> Mapping[str, OrgFigures]:
        """What waits, by org; orgs with nothing may be missing."""
        ...


@dataclass(frozen=True, slots=True)
class DueWork:
    """What one org has to be woken for."""

    org: str
    live: int
    bulk: int
    runs: tuple[int, ...]


class SweepStore(Protocol):
    """The store as the sweep and the health check see it."""

    def due_work(self) -> Mapping[str, DueWork]:
        """Orgs with rows that are due and free, or runs that nobody holds."""
        ...

    def beat(self, name: str) -> None:
        """Note that the part `name` has just made progress."""
        ...

    def beats(self) -> Mapping[str, datetime]:
        """When each part last made progress."""
        ...
