"""What a person said may be removed from one user: the brake neither keeps nor counts it."""

from sync.model import INTERFACES, Licenses, UserRecord
from sync.ports.history import HistoryOutcome, HistoryRow
from sync.ports.pending import PendingUser
from sync.ports.settling import ApprovedItem, UserContext
from sync.resolutions import CarryOut, ResolutionStep


def approved_removals(
    user: PendingUser,
    record: UserRecord,
    context: UserContext,
    resolution: ResolutionStep | None,
) -> Licenses:
    """What a released brake, a decided conflict or an approved plan lets go.

    Whoever decides a conflict saw that one user, and decided about the licenses of the conflict;
    if it is about interfaces, CTI goes with them.
    """
    allowed = user.allowed
    if isinstance(resolution, CarryOut):
        allowed |= resolution.entry.licenses
        if resolution.entry.licenses & INTERFACES:
            allowed |= INTERFACES
    for item in context.approved:
        if _is_as_planned(item, record) and not _is_spent(item, context.recent):
            allowed |= item.removed
    return allowed


def _is_as_planned(item: ApprovedItem, record: UserRecord) -> bool:
    return (record.requested.on, record.held.on) == (item.requested, item.held)


def _is_spent(item: ApprovedItem, recent: tuple[HistoryRow, ...]) -> bool:
    """Whether something was removed since: an approval is for once."""
    return any(
        row.at >= item.approved_at
        and row.outcome is HistoryOutcome.CONFIRMED
        and bool(row.intent.held_before - row.intent.held_after)
        for row in recent
    )
