"""The conflict log as people and scans read it, and what a person decides in it."""

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Select, select, update
from sqlalchemy.engine import Connection

from sync.errors import NotAllowed, UnknownReference
from sync.model import FindingKind, License
from sync.ports.conflict_log import LIVE_STATUSES, Entry, EntryStatus, Resolution
from sync.ports.pending import Cause, Notice, Priority
from sync.ports.review import EntryFilter
from sync.store.columns import is_row_id
from sync.store.database import Database, chunks
from sync.store.entries import entry_from
from sync.store.notices import store_notices
from sync.store.tables import conflict

_PAGE = 500
_row = conflict.c


class ConflictLog(Database):
    """Entries: listings, and decisions of people."""

    def living_entries(self, org: str, user_ids: Sequence[str]) -> Mapping[str, tuple[Entry, ...]]:
        """The living entries of these users; users without one are missing."""
        found: dict[str, tuple[Entry, ...]] = defaultdict(tuple)
        query = select(conflict).where(_row.org == org, _row.status.in_(LIVE_STATUSES))
        with self.reading() as connection:
            for some in chunks(user_ids):
                page = query.where(_row.user_id.in_(some)).order_by(_row.id)
                for row in connection.execute(page):
                    found[row.user_id] += (entry_from(row),)
        return dict(found)

    def entries(self, wanted: EntryFilter) -> Iterator[Entry]:
        """Entries of the conflict log, oldest first, page by page."""
        query, last_id = _listing(wanted), 0
        while True:
            with self.reading() as connection:
                rows = connection.execute(query.where(_row.id > last_id)).all()
            yield from map(entry_from, rows)
            if len(rows) < _PAGE:
                return
            last_id = rows[-1].id

    def entry(self, entry_id: int) -> Entry:
        """One entry; UnknownReference."""
        with self.reading() as connection:
            return _entry(connection, entry_id)

    def resolve(self, entry_id: int, resolution: Resolution) -> Entry:
        """Record a decision and make its user due at once; NotAllowed if it is not to be decided.

        `resolution.decided_at` is replaced by the database's time.
        """
        with self.writing() as connection:
            entry, now = _entry(connection, entry_id), self.clock_of(connection)
            _require_decidable(entry, resolution)
            values = {
                "status": EntryStatus.DECIDING,
                "decided_by": resolution.decided_by,
                "decided_at": now,
                "decided_keep": resolution.keep,
                "decided_requested": resolution.seen_requested,
                "decided_held": resolution.seen_held,
                "decided_note": resolution.note,
                "resolved_at": None,
                "resolved_by": None,
                "how": None,
            }
            open_to = (EntryStatus.OPEN, EntryStatus.DISMISSED)
            return self._decide(connection, entry, resolution.decided_by, now, open_to, values)

    def dismiss(self, entry_id: int, by: str, note: str) -> Entry:
        """Put an open entry aside until its flags or the policy change.

        NotAllowed if it is not open, or if the note, the only record of why, is empty.
        """
        if not note.strip():
            raise NotAllowed("A dismissal needs a note that says why it may stay as it is.")
        with self.writing() as connection:
            entry, now = _entry(connection, entry_id), self.clock_of(connection)
            if entry.status is not EntryStatus.OPEN:
                raise _not_open(entry)
            values = {
                "status": EntryStatus.DISMISSED,
                "note": note,
                "resolved_at": now,
                "resolved_by": by,
                "how": "dismissed",
            }
            return self._decide(connection, entry, by, now, (EntryStatus.OPEN,), values)

    def _decide(
        self,
        connection: Connection,
        entry: Entry,
        by: str,
        now: datetime,
        open_to: Sequence[EntryStatus],
        values: Mapping[str, Any],
    ) -> Entry:
        """The user first, then the entry (see the order of locks); only one person gets it."""
        notice = Notice(entry.user_id, entry.username, Cause.RESOLUTION, Priority.LIVE, actor=by)
        store_notices(self, connection, now, entry.org, [notice])
        still_open = (_row.id == entry.id, _row.status.in_(open_to))
        decided = connection.execute(update(conflict).where(*still_open).values(**values))
        after = _entry(connection, entry.id)
        if not decided.rowcount:
            raise _not_open(after)
        return after


def _entry(connection: Connection, entry_id: int) -> Entry:
    row = None
    if is_row_id(entry_id):
        row = connection.execute(select(conflict).where(_row.id == entry_id)).one_or_none()
    if row is None:
        raise UnknownReference(
            f"There is no entry {entry_id} in the conflict log: "
            "`license-sync conflicts list` shows those that are there."
        )
    return entry_from(row)


def _listing(wanted: EntryFilter) -> Select[Any]:
    query = select(conflict).order_by(_row.id).limit(_PAGE)
    for column, value in (
        (_row.org, wanted.org),
        (_row.user_id, wanted.user_id),
        (_row.kind, wanted.kind),
        (_row.code, wanted.code),
    ):
        if value is not None:
            query = query.where(column == value)
    return query.where(_row.status.in_(wanted.statuses)) if wanted.statuses else query


def _require_decidable(entry: Entry, resolution: Resolution) -> None:
    if entry.kind is not FindingKind.CONFLICT:
        raise NotAllowed(
            f"Entry {entry.id} is a {entry.kind.value} and offers no choice: "
            "change the request or the org's features."
        )
    if entry.status not in (EntryStatus.OPEN, EntryStatus.DISMISSED):
        raise _not_open(entry)
    if resolution.keep - entry.licenses or resolution.keep == entry.licenses:
        raise NotAllowed(
            f"Entry {entry.id} is about {_labels(entry.licenses)}: keep one of these, or none."
        )


def _not_open(entry: Entry) -> NotAllowed:
    """Who was there before, what they did and when."""
    decided = entry.resolution
    if entry.status is EntryStatus.DECIDING and decided is not None:
        return NotAllowed(
            f"{decided.decided_by} decided entry {entry.id} at {_clock(decided.decided_at)}: "
            f"to keep {_labels(decided.keep)}."
        )
    verb = "dismissed" if entry.status is EntryStatus.DISMISSED else "ended"
    return NotAllowed(
        f"Entry {entry.id} was {verb} at {_clock(entry.resolved_at)} by {entry.resolved_by}"
        f" ({entry.note if verb == 'dismissed' else entry.how})."
    )


def _labels(licenses: Sequence[License] | Any) -> str:
    return " and ".join(name.label for name in licenses) or "neither"


def _clock(time: datetime | None) -> str:
    return "?" if time is None else f"{time:%Y-%m-%d %H:%M:%S} UTC"
