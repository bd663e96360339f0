"""The brake: how much a stretch of automatic sync removes, when that is too much, and what waits.

A person who edits a thousand records by mistake, or an import that empties a column, looks like
a thousand honest requests. Beyond the org's limits removals wait until a person approves them.
"""

from collections.abc import Iterable
from dataclasses import dataclass

from sync.findings import labels
from sync.model import INTERFACES, NONE, Licenses
from sync.ports.brake import Limits

BRAKED = "braked"


@dataclass(frozen=True, slots=True)
class Removal:
    """What one write removed, or was about to; `is_sure` once its answer came."""

    user_id: str
    licenses: Licenses
    is_sure: bool


@dataclass(frozen=True, slots=True)
class Tally:
    """What a stretch removes: licenses, and from how many users."""

    licenses: int
    users: int


def tally(removals: Iterable[Removal]) -> Tally:
    """Count removals, given in their order.

    A write without an answer is made again: what the second removes is what the first may have.
    """
    count = 0
    unsure: dict[str, Licenses] = {}
    for removal in removals:
        count += len(removal.licenses - unsure.get(removal.user_id, NONE))
        unsure[removal.user_id] = NONE if removal.is_sure else removal.licenses
    return Tally(count, len(unsure))


def beyond(limits: Limits, counted: Tally, holders: int | None) -> str | None:
    """Why this is too much, as a sentence; None if it is not.

    `holders` is how many users hold something; where nobody knows, the share is no limit.
    """
    if limits.licenses and counted.licenses > limits.licenses:
        return _sentence(limits, counted, f"more than {limits.licenses} licenses")
    if not limits.share or holders is None or counted.licenses <= limits.floor:
        return None
    if counted.users > limits.share * holders:
        share = f"more than {limits.share:.0%} of the {holders} users that hold any"
        return _sentence(limits, counted, share)
    return None


def _sentence(limits: Limits, counted: Tally, limit: str) -> str:
    return (
        f"Within {limits.minutes:g} minutes {counted.licenses} licenses of {counted.users} users "
        f"would have been removed, {limit}."
    )


def braked_target(held: Licenses, target: Licenses, approved: Licenses) -> Licenses:
    """What a user holds while the brake keeps all but `approved` removals from happening.

    The interfaces move together or wait together: who is to swap one for another keeps the old
    one, and is not given both.
    """
    waiting = held - target - approved
    if waiting & INTERFACES:
        target = (target - INTERFACES) | (held & INTERFACES)
    return target | waiting


def braked_reason(waiting: Licenses) -> str:
    """The sentence for licenses that the brake keeps."""
    verb = "stays" if len(waiting) == 1 else "stay"
    return (
        f"{labels(waiting)} {verb} for now: too much was about to be removed, so license-sync's "
        "brake holds removals until an administrator approves them (`license-sync brake list`)."
    )
