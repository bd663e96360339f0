"""Licenses held back: an adoption found them held, and the rules would take them away.

They stay until the request, the org's features or a person says otherwise (docs/decisions/0004).
"""

from sync.brake import braked_reason
from sync.model import INTERFACES, NONE, Decision, Licenses, Status, UserRecord
from sync.statement import failed_message, message_of, status_of

HELD_BACK = "held_back"


def held_back(hold: Licenses, record: UserRecord, decision: Decision) -> Licenses:
    """Which licenses stay although the decision takes them away.

    A license of the hold stays while it is requested and held; an interface only until another
    interface is granted anew: then the person who asked for that one has decided.
    """
    if decision.effective is None:
        return NONE
    staying = (hold & record.requested.on & record.held.on) - decision.effective
    gained = decision.effective - record.held.on
    return staying - INTERFACES if gained & INTERFACES else staying


def held_back_reason(staying: Licenses) -> str:
    """The sentence for licenses that stay although the rules refuse them."""
    labels = ", ".join(name.label for name in staying)
    return (
        f"{labels} was held before license-sync took over and the rules would remove it: "
        "it stays until the request, the org's features or an administrator says otherwise."
    )


def said_on_record(
    decision: Decision, staying: Licenses, braked: Licenses = NONE
) -> tuple[Status, str]:
    """Status and message that the record shall show: a conflict, what the brake keeps (`braked`),
    what is held back (`staying`), what else the decision says, in this order.
    """
    if braked and not decision.conflicts:
        return Status.FAILED, failed_message(braked_reason(braked))
    if staying and not decision.conflicts:
        return Status.FAILED, failed_message(held_back_reason(staying))
    return status_of(decision), message_of(decision)
