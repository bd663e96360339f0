"""Rows of the conflict log as entries."""

from sync.ports.conflict_log import Entry, Resolution
from sync.store.columns import AnyRow


def entry_from(row: AnyRow) -> Entry:
    """An entry from a whole row of `conflict`."""
    return Entry(
        id=row.id,
        org=row.org,
        user_id=row.user_id,
        username=row.username,
        kind=row.kind,
        code=row.code,
        licenses=row.licenses,
        message=row.message,
        status=row.status,
        requested=row.requested,
        held=row.held,
        kept=row.kept,
        policy=row.policy,
        opened_at=row.opened_at,
        seen_at=row.seen_at,
        seen_count=row.seen_count,
        resolution=_resolution(row),
        resolved_at=row.resolved_at,
        resolved_by=row.resolved_by,
        how=row.how,
        note=row.note,
        previous_id=row.previous_id,
    )


def _resolution(row: AnyRow) -> Resolution | None:
    if row.decided_by is None:
        return None
    return Resolution(
        keep=row.decided_keep,
        decided_by=row.decided_by,
        decided_at=row.decided_at,
        seen_requested=row.decided_requested,
        seen_held=row.decided_held,
        note=row.decided_note or "",
    )
