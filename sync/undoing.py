"""What taking back means for one user: the request under which the rules give the former licenses.

Pure. Effective licenses follow from requests, so that writing them alone would not last: an undo
writes requests, each only if nobody changed the record since.
"""

from collections.abc import Iterator
from dataclasses import replace

from sync.findings import labels
from sync.intake import case_of
from sync.model import Flags, Licenses, UserRecord
from sync.ports.conflict_log import Entry
from sync.ports.runs import Changed, PlanItem
from sync.rules import Rulebook
from sync.statement import reason_of, status_of


def undo_item(
    change: Changed,
    record: UserRecord | None,
    entries: tuple[Entry, ...],
    rulebook: Rulebook,
) -> PlanItem | None:
    """What taking a change back would do; None where it took and gave nothing.

    Of a user that is left out `after` is None, and `why` says the reason.
    """
    if change.held_before == change.held_after:
        return None
    if record is None:
        return _left(change, "Left out: the user cannot be read.")
    obstacle = _obstacle(change, record)
    if obstacle is not None:
        return _left(change, f"Left out: {obstacle}.", record)
    case = case_of(record, entries)
    why = ""
    for requested in _candidates(change, record):
        decision = rulebook.decide(replace(case, requested=Flags(requested)))
        if decision.effective == change.held_before:
            return replace(
                _item(change, record, requested),
                after=change.held_before,
                status=status_of(decision).value,
                why=reason_of(decision) or "as it was before",
            )
        why = why or reason_of(decision)
    return _left(change, _impossible(change.held_before, why), record)


def _obstacle(change: Changed, record: UserRecord) -> str | None:
    """Why a user is left as it is; None if nothing stands against it."""
    if record.requested.unknown or record.held.unknown:
        return "a license field is hidden"
    if change.is_over:
        return "license-sync changed the user again since"
    if change.is_edited:
        return "the requests were edited between the changes to take back"
    if (record.requested.on, record.held.on) != (change.requested_after, change.held_after):
        return "the record was edited since"
    return None


def _candidates(change: Changed, record: UserRecord) -> Iterator[Licenses]:
    """Requests to try: what was asked before, today's with what differs, what was held."""
    held, former = record.held.on, change.held_before
    yield change.requested_before
    yield (record.requested.on | (former - held)) - (held - former)
    yield former


def _impossible(former: Licenses, why: str) -> str:
    what = labels(former) if former else "nothing at all"
    return f"Left out: the rules would not leave the user with {what}. {why}".strip()


def _left(change: Changed, why: str, record: UserRecord | None = None) -> PlanItem:
    if record is None:
        requested = change.requested_after
        return PlanItem(
            user_id=change.user_id,
            username=change.username,
            requested=requested,
            requested_after=requested,
            held=change.held_after,
            after=None,
            status="",
            why=why,
        )
    return replace(_item(change, record, record.requested.on), why=why)


def _item(change: Changed, record: UserRecord, requested_after: Licenses) -> PlanItem:
    return PlanItem(
        user_id=change.user_id,
        username=record.username,
        requested=record.requested.on,
        requested_after=requested_after,
        held=record.held.on,
        after=None,
        status=record.status or "",
        why="",
        modified_at=record.modified_at,
    )
