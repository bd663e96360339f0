"""Polling: scans by (SystemModstamp, Id) that notice users that are not settled.

The fast poll follows the newest rows. The overlap scan comes back over what the fast poll may
have passed: a row is stamped when its transaction changes it, but seen only once that commits.
Only the server's time is used, and a cursor moves in the transaction that stores what was found.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

from sync.intake import unsettled
from sync.ports.pending import Cause, Notice, Priority
from sync.ports.salesforce import Page, Position, UserReader
from sync.ports.scans import Cursor, IntakeStore
from sync.rules import Rulebook

POLL = "poll"
OVERLAP = "overlap"

POLL_OVERLAP = timedelta(seconds=5)
SLOW_OVERLAP = timedelta(minutes=10)
"""What connectors subtract: salesforce-api section 5."""

PAGE_LIMIT = 2000
LEASE_SECONDS = 60.0


@dataclass(frozen=True, slots=True)
class ScanReport:
    """What a scan read and how many pending rows it changed."""

    source: str
    pages: int
    users_read: int
    noticed: int


@dataclass(frozen=True, slots=True)
class Scanner:
    """Scans one org with these collaborators."""

    org: str
    store: IntakeStore
    reader: UserReader
    rulebook: Rulebook
    page_limit: int = PAGE_LIMIT

    def poll(self) -> ScanReport | None:
        """Notice users changed since the last poll; None while somebody else polls."""
        cursor = self.store.take_cursor(self.org, POLL, LEASE_SECONDS)
        if cursor is None:
            return None
        return self._finish(_Scan(self, cursor, Cause.POLL), self._poll_start)

    def overlap(self) -> ScanReport | None:
        """Notice users whose changes became visible late; None while somebody else scans."""
        cursor = self.store.take_cursor(self.org, OVERLAP, LEASE_SECONDS)
        if cursor is None:
            return None
        return self._finish(_Scan(self, cursor, Cause.OVERLAP), self._overlap_start)

    def _finish(self, scan: "_Scan", prepare: "_Prepare") -> ScanReport:
        try:
            report = scan.run(prepare(scan.cursor))
        except BaseException:
            self.store.drop_cursor(scan.cursor)
            raise
        self.store.finish_cursor(scan.cursor)
        return report

    def _poll_start(self, cursor: Cursor) -> "_Range":
        stored = cursor.position or Position(self.reader.server_time() - SLOW_OVERLAP)
        return _Range(Position(stored.modstamp - POLL_OVERLAP), stored, None, None)

    def _overlap_start(self, cursor: Cursor) -> "_Range":
        now, covered = self.reader.server_time(), self.reader.covered_until()
        stored = cursor.position or Position(now)
        start = stored.modstamp - SLOW_OVERLAP
        if cursor.floor is not None:
            start = min(start, cursor.floor)
        return _Range(Position(start), stored, Position(max(now, stored.modstamp)), covered)


@dataclass(frozen=True, slots=True)
class _Range:
    """Where a scan starts, what the cursor says meanwhile, and what it says at the end.

    Without `end` the cursor follows the rows. `floor` is the new floor once all is read.
    """

    start: Position
    stored: Position
    end: Position | None
    floor: datetime | None


_Prepare = Callable[[Cursor], _Range]


@dataclass(slots=True)
class _Scan:
    """One scan from its start to the end of the rows."""

    scanner: Scanner
    cursor: Cursor
    cause: Cause

    def run(self, span: _Range) -> ScanReport:
        """Read the rows of `span`, page by page; a page is stored before the next is read."""
        start, reached = span.start, span.stored
        pages = users = noticed = 0
        while True:
            page = self.scanner.reader.changed_since(start, self.scanner.page_limit)
            pages, users = pages + 1, users + len(page.records)
            if page.records:
                start = Position(page.records[-1].modstamp, page.records[-1].user_id)
            if span.end is None:
                reached = max(reached, start, key=_order)
            elif page.last:
                reached = span.end
            noticed += self._store(page, reached, span.floor if page.last else None)
            if page.last:
                return ScanReport(self.cursor.source, pages, users, noticed)

    def _store(self, page: Page, reached: Position, floor: datetime | None) -> int:
        noticed = self.scanner.store.advance(
            self.cursor,
            reached,
            self._notices(page),
            floor=floor,
            lease_seconds=LEASE_SECONDS,
        )
        self.scanner.store.remember(self.scanner.org, page.records)
        return noticed

    def _notices(self, page: Page) -> list[Notice]:
        scanner = self.scanner
        ids = [record.user_id for record in page.records]
        entries = scanner.store.living_entries(scanner.org, ids) if ids else {}
        holds = scanner.store.holds(scanner.org, ids) if ids else {}
        return unsettled(page.records, entries, holds, scanner.rulebook, self.cause, Priority.LIVE)


def _order(position: Position) -> tuple[datetime, str]:
    return position.modstamp, position.user_id
