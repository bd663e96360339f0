"""The store as the review page, the API and the listings of the command line read it.

Every listing is a page of rows by keyset, so that the millionth is as quick as the first. `orgs`
limits what is found to what somebody may see: None is every org, and empty is none.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Generic, Protocol, TypeVar

from sync.model import FindingKind, License, UserRecord
from sync.ports.conflict_log import LIVE_STATUSES, Entry, EntryStatus
from sync.ports.history import HistoryOutcome, HistoryRow
from sync.ports.pending import Cause
from sync.ports.review import ParkedUser
from sync.ports.runs import PlanItem, Run, RunKind, RunStatus

Row = TypeVar("Row")
Query = TypeVar("Query")

Orgs = frozenset[str] | None

COUNTED = 10_000
"""Listings that may be long are counted up to this many rows."""

EXPORTED = 500
"""Rows read at a time where all are wanted."""


@dataclass(frozen=True, slots=True)
class Place:
    """Which page: after or before a row, named by the mark that a listing gave. Neither: first.

    `counted` is whether to say how many rows there are in all.
    """

    after: str | None = None
    before: str | None = None
    limit: int = 50
    counted: bool = True


FIRST = Place()


@dataclass(frozen=True, slots=True)
class Listing(Generic[Row]):
    """A page of rows in order. `total` is None where more than COUNTED match, or not counted.

    `following` and `preceding` are marks for `Place`, None where there is no such page. A mark
    that cannot be read is UnknownReference.
    """

    rows: tuple[Row, ...]
    total: int | None
    following: str | None = None
    preceding: str | None = None


def every(listing: Callable[[Query, Place], Listing[Row]], query: Query) -> Iterator[Row]:
    """All rows of a listing, page by page and uncounted, for as long as they are wanted."""
    place = Place(limit=EXPORTED, counted=False)
    while True:
        page = listing(query, place)
        yield from page.rows
        if page.following is None:
            return
        place = Place(after=page.following, limit=EXPORTED, counted=False)


class EntrySort(StrEnum):
    """How entries of the conflict log are ordered."""

    NEWEST = "newest"
    OLDEST = "oldest"
    USER = "user"
    MOST_SEEN = "most seen"


@dataclass(frozen=True, slots=True)
class EntryQuery:
    """Which entries of the log. `search` is the beginning of a username or a name, or an id."""

    orgs: Orgs = None
    kind: FindingKind | None = None
    code: str | None = None
    statuses: Sequence[EntryStatus] = LIVE_STATUSES
    license: License | None = None
    opened_before: datetime | None = None
    user_id: str | None = None
    search: str = ""
    sort: EntrySort = EntrySort.NEWEST


@dataclass(frozen=True, slots=True)
class KnownUser:
    """A user as license-sync last saw the record, at `looked_at` by the database's clock.

    Where nothing changes, `looked_at` follows by half days.
    """

    org: str
    record: UserRecord
    looked_at: datetime


@dataclass(frozen=True, slots=True)
class UserQuery:
    """Which users: `search` is the beginning of a username or a name in any case, or an id."""

    orgs: Orgs = None
    search: str = ""


@dataclass(frozen=True, slots=True)
class HistoryQuery:
    """Which rows of the history, newest first. `license` is one that was given or taken.

    `actor` is who did it, as it stands in the history.
    """

    orgs: Orgs = None
    user_id: str | None = None
    search: str = ""
    causes: Sequence[Cause] = ()
    actor: str | None = None
    license: License | None = None
    outcomes: Sequence[HistoryOutcome] = ()
    run_id: int | None = None
    since: datetime | None = None
    until: datetime | None = None


@dataclass(frozen=True, slots=True)
class RunQuery:
    """Which runs, newest first."""

    orgs: Orgs = None
    kinds: Sequence[RunKind] = ()
    statuses: Sequence[RunStatus] = ()


class Change(StrEnum):
    """What an item of a plan does to its user."""

    GAINS = "gains"
    LOSES = "loses"
    NEITHER = "neither"


@dataclass(frozen=True, slots=True)
class ItemQuery:
    """Which items of a plan, by user id. `license` is the one that is gained, lost or neither."""

    run_id: int
    change: Change | None = None
    license: License | None = None
    search: str = ""


@dataclass(frozen=True, slots=True)
class LicenseTotal:
    """How many users of a plan would gain a license, and how many would lose it."""

    license: License
    gained: int
    lost: int


@dataclass(frozen=True, slots=True)
class ParkedQuery:
    """Which parked users, those that wait longest first."""

    orgs: Orgs = None
    code: str | None = None
    search: str = ""


@dataclass(frozen=True, slots=True)
class Activity:
    """One hour: writes made, those that gave or took licenses otherwise than asked, new conflicts.

    `writes` counts confirmed rows of the history, `corrections` those of them whose status is
    Corrected or Conflict, `conflicts` the entries that opened. Hours with nothing are there too.
    """

    at: datetime
    writes: int
    corrections: int
    conflicts: int


class BrowseStore(Protocol):
    """What there is to read, page by page."""

    def list_entries(self, query: EntryQuery, place: Place = FIRST) -> Listing[Entry]:
        """Entries of the conflict log."""
        ...

    def list_users(self, query: UserQuery, place: Place = FIRST) -> Listing[KnownUser]:
        """Users by username, then org."""
        ...

    def known_user(self, org: str, user_id: str) -> KnownUser | None:
        """One user as it was last seen."""
        ...

    def names_of(self, users: Sequence[tuple[str, str]]) -> dict[tuple[str, str], str]:
        """The names of (org, user id) pairs; users that were never seen are missing."""
        ...

    def list_history(self, query: HistoryQuery, place: Place = FIRST) -> Listing[HistoryRow]:
        """Rows of the history."""
        ...

    def list_runs(self, query: RunQuery, place: Place = FIRST) -> Listing[Run]:
        """Runs."""
        ...

    def list_items(self, query: ItemQuery, place: Place = FIRST) -> Listing[PlanItem]:
        """Items of a plan."""
        ...

    def waiting_of(self, run_id: int) -> int:
        """How many users still wait to be settled because this run noticed them."""
        ...

    def totals(self, run_id: int) -> list[LicenseTotal]:
        """What a plan does, license by license in catalogue order; untouched ones are missing."""
        ...

    def list_parked(self, query: ParkedQuery, place: Place = FIRST) -> Listing[ParkedUser]:
        """Parked users."""
        ...

    def activity(self, orgs: Orgs, hours: int) -> list[Activity]:
        """The last hours, oldest first, the current one included."""
        ...
