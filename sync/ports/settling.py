"""The store as a settle batch sees it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Protocol

from sync.model import NONE, Licenses, UserRecord
from sync.ports.brake import NO_LIMITS, Limits
from sync.ports.conflict_log import Entry, EntryChange
from sync.ports.history import HistoryOutcome, HistoryRow, Intent
from sync.ports.pending import Claim, PendingUser, Priority


@dataclass(frozen=True, slots=True)
class ApprovedItem:
    """What a plan that a person approved said of one user: from these flags, this is removed."""

    approved_at: datetime
    requested: Licenses
    held: Licenses
    removed: Licenses


WRITES_PER_HOUR = 20
"""How often one user is written to within an hour, whoever and whatever asks for it."""


@dataclass(frozen=True, slots=True)
class UserContext:
    """What the store knows of one user besides its pending row.

    `entries` are the living entries (LIVE_STATUSES). `last_closed` maps a finding's code to the
    id of the newest ended entry, for the link of one that comes back. `recent` are the newest
    history rows that held or could have changed the interfaces, newest first (at most 10).
    `read_at` is the store's clock at that moment, the clock of those rows. `full_until` is when the
    user may be written to again, if the hour had all the writes that it may have.
    """

    entries: tuple[Entry, ...] = ()
    last_closed: Mapping[str, int] = field(default_factory=dict)
    recent: tuple[HistoryRow, ...] = ()
    approved: tuple[ApprovedItem, ...] = ()
    read_at: datetime | None = None
    full_until: datetime | None = None


class OutcomeKind(StrEnum):
    """What becomes of a claimed row."""

    SETTLED = "settled"
    """Nothing left to do: the row goes, unless the user was noticed again meanwhile."""
    AGAIN = "again"
    """Look again after `delay` seconds, no attempt more (a moved or unknown write)."""
    RETRY = "retry"
    """Due again after `delay` seconds, one attempt more."""
    PARKED = "parked"
    """For a person; due again after `delay` seconds all the same."""
    GONE = "gone"
    """The user was deleted: the row goes, entries end."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """How one claimed user is booked. `history` maps history ids to what became of them.

    `reason` is a sentence, `code` its code (RETRY, PARKED). `hold`, `braked` and `allowed` replace
    the row's.
    """

    user: PendingUser
    kind: OutcomeKind
    delay: float = 0.0
    code: str = ""
    reason: str = ""
    seen: str = ""
    username: str = ""
    hold: Licenses = NONE
    braked: Licenses = NONE
    allowed: Licenses = NONE
    requested: Licenses = NONE
    held: Licenses = NONE
    history: Mapping[int, tuple[HistoryOutcome, str | None]] = field(default_factory=dict)
    entries: tuple[EntryChange, ...] = ()


class SettleStore(Protocol):
    """The store as a settle batch sees it. LeaseLost: stop, write nothing more, book nothing."""

    def claim(
        self,
        org: str,
        fingerprint: str,
        priority: Priority,
        limit: int,
        lease_seconds: float,
    ) -> Claim | None:
        """Lease due rows of that priority, oldest first; None when there are none.

        Also None while the org is paused or armed under another fingerprint.
        """
        ...

    def now(self) -> datetime:
        """The database's clock, which history rows are dated by."""
        ...

    def renew(self, claim: Claim, lease_seconds: float) -> None:
        """Prolong the lease; LeaseLost if it ended, the org is paused or no longer armed so."""
        ...

    def context(
        self, claim: Claim, writes_per_hour: int = WRITES_PER_HOUR
    ) -> Mapping[str, UserContext]:
        """What is known of the claimed users; users without anything known may be missing."""
        ...

    def record_intents(
        self, claim: Claim, intents: Sequence[Intent], limits: Limits = NO_LIMITS
    ) -> list[int]:
        """Commit history rows for these writes; their ids in order. LeaseLost as `renew`.

        Braked, and nothing is committed, if a brake holds that these writes do not know of, or if
        they would remove more than the limits: then the brake has tripped.
        """
        ...

    def book(self, claim: Claim, outcomes: Sequence[Outcome]) -> None:
        """Book the batch in one transaction and end the lease; LeaseLost books nothing."""
        ...

    def release(self, claim: Claim, delay: float, reason: str) -> None:
        """Give all rows back untried, due after `delay` seconds; quietly nothing if lost."""
        ...

    def remember(self, org: str, records: Sequence[UserRecord]) -> None:
        """Keep what records look like for listings, unless something newer is known.

        Never fails: what was not kept is seen at the next look. Nor does `forget`.
        """
        ...

    def forget(self, org: str, user_ids: Sequence[str]) -> None:
        """Drop users that are gone from listings."""
        ...

    def names_of(self, users: Sequence[tuple[str, str]]) -> Mapping[tuple[str, str], str]:
        """The names of (org, user id) pairs, as far as they are remembered."""
        ...
