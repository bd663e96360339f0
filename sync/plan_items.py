"""What a plan says of one user: what settling or adopting the record would do. Pure."""

from dataclasses import replace

from sync.holds import held_back, said_on_record
from sync.intake import case_of, is_settled
from sync.model import NONE, Decision, Flags, Licenses, Status, UserRecord
from sync.ports.conflict_log import Entry
from sync.ports.runs import PlanItem
from sync.rules import Rulebook
from sync.statement import reason_of, status_of


def plan_item(
    record: UserRecord, entries: tuple[Entry, ...], rulebook: Rulebook, hold: Licenses = NONE
) -> PlanItem | None:
    """What settling this record would do; None if it is settled. `hold` stays held back."""
    decision = rulebook.decide(case_of(record, entries))
    if is_settled(record, decision, entries, rulebook.version, hold):
        return None
    staying = held_back(hold, record, decision)
    after = None if decision.effective is None else decision.effective | staying
    status, _ = said_on_record(decision, staying)
    return _item(record, decision, record.requested.on, after, status)


def adoption_item(record: UserRecord, rulebook: Rulebook) -> PlanItem | None:
    """What adopting this record would do: request what is held, and hold what rules would take.

    None for a record that requests what it holds and keeps all of it. One with flags that cannot
    be read is in the way: `after` is None.
    """
    case = case_of(record, ())
    if record.requested.unknown or record.held.unknown:
        decision = rulebook.decide(case)
        return _item(record, decision, record.requested.on, None, status_of(decision))
    requested = record.held.on
    decision = rulebook.decide(replace(case, requested=Flags(requested)))
    hold = NONE if decision.effective is None else record.held.on - decision.effective
    if requested == record.requested.on and not hold:
        return None
    return _item(record, decision, requested, record.held.on, status_of(decision), hold)


def _item(
    record: UserRecord,
    decision: Decision,
    requested_after: Licenses,
    after: Licenses | None,
    status: Status,
    hold: Licenses = NONE,
) -> PlanItem:
    return PlanItem(
        user_id=record.user_id,
        username=record.username,
        requested=record.requested.on,
        requested_after=requested_after,
        held=record.held.on,
        after=after,
        status=status,
        why=reason_of(decision),
        hold=hold,
        modified_at=record.modified_at,
    )
