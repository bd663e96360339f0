"""The store as the scans see it: cursors, and the users that a scan notices."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from sync.model import Licenses, UserRecord
from sync.ports.conflict_log import Entry
from sync.ports.pending import Notice
from sync.ports.salesforce import Position


@dataclass(frozen=True, slots=True)
class Cursor:
    """A scan's position under a lease of its own, so that one task polls. None: never ran."""

    org: str
    source: str
    token: str
    position: Position | None
    floor: datetime | None


class IntakeStore(Protocol):
    """The store as the scans see it."""

    def take_cursor(self, org: str, source: str, lease_seconds: float) -> Cursor | None:
        """Lease a cursor; None while somebody else holds it."""
        ...

    def advance(
        self,
        cursor: Cursor,
        position: Position,
        notices: Sequence[Notice],
        *,
        floor: datetime | None = None,
        lease_seconds: float,
    ) -> int:
        """Store notices and the moved cursor in one transaction; how many rows changed.

        Prolongs the lease; LeaseLost when it ended.
        """
        ...

    def finish_cursor(self, cursor: Cursor) -> None:
        """End the lease after a whole scan: the org's last good poll is now."""
        ...

    def finished_at(self, org: str, source: str) -> datetime | None:
        """When a whole scan was finished last; None if none ever was."""
        ...

    def drop_cursor(self, cursor: Cursor) -> None:
        """End the lease after a failed scan."""
        ...

    def notice(self, org: str, notices: Sequence[Notice]) -> int:
        """Store notices that no cursor found; how many rows changed."""
        ...

    def holds(self, org: str, user_ids: Sequence[str]) -> Mapping[str, Licenses]:
        """What an adoption holds back of these users; users without a hold are missing."""
        ...

    def living_entries(self, org: str, user_ids: Sequence[str]) -> Mapping[str, tuple[Entry, ...]]:
        """The living entries of these users."""
        ...

    def remember(self, org: str, records: Sequence[UserRecord]) -> None:
        """Keep what records look like for listings, unless something newer is known.

        Never fails: what was not kept is seen at the next look.
        """
        ...
