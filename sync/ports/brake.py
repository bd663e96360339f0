"""The brake: removals beyond an org's limits wait for a person; grants go on."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Protocol

from sync.model import Licenses

ITSELF = "itself"
"""Who trips a brake when nobody did."""


@dataclass(frozen=True, slots=True)
class Limits:
    """What may be removed within `minutes` without a person; 0 turns a limit off.

    `share` is of the users that hold something, and counts once more than `floor` licenses go.
    """

    licenses: int = 200
    share: float = 0.10
    minutes: float = 60.0
    floor: int = 20


SANE_LIMITS = Limits()
NO_LIMITS = Limits(licenses=0, share=0.0)


class Scope(StrEnum):
    """What of a plan a person approves."""

    ALL = "all"
    GRANTS = "grants"


@dataclass(frozen=True, slots=True)
class Brake:
    """A brake that holds. `reason` is a sentence; `tripped_by` is a person or the brake itself.

    `users` and `licenses` count what waits at the moment.
    """

    org: str
    tripped_at: datetime
    tripped_by: str
    reason: str
    users: int
    licenses: int


@dataclass(frozen=True, slots=True)
class HeldRemoval:
    """What one user would lose when the brake is released."""

    org: str
    user_id: str
    username: str
    removed: Licenses
    since: datetime


@dataclass(frozen=True, slots=True)
class BrakeRecord:
    """A brake as it was: who tripped it and why, and who approved what it held, if anybody did.

    `users` and `licenses` are how much was released.
    """

    id: int
    org: str
    tripped_at: datetime
    tripped_by: str
    reason: str
    released_at: datetime | None
    released_by: str | None
    users: int
    licenses: int


class BrakeStore(Protocol):
    """The store as people see the brake."""

    def brakes(self) -> list[Brake]:
        """Brakes that hold, by org."""
        ...

    def held_removals(self, org: str, after_id: str = "", limit: int = 2000) -> list[HeldRemoval]:
        """What waits in an org, by user id."""
        ...

    def hold_removals(self, org: str, by: str, reason: str) -> None:
        """Trip the brake by hand, if it does not hold already.

        What was approved before, and nobody has carried out yet, waits with the rest.
        """
        ...

    def release_brake(self, org: str, by: str) -> int:
        """Approve what waits: its users are due at once without the brake; how many.

        NotAllowed if no brake holds.
        """
        ...

    def brake_records(self, org: str, limit: int = 20) -> list[BrakeRecord]:
        """The newest brakes of an org, newest first: the one that holds, and those before it."""
        ...

    def approve_plan(
        self, run_id: int, organization_id: str, by: str, scope: Scope, reason: str
    ) -> int:
        """Arm the org under a finished plan's fingerprint and queue the reconcile that applies it.

        All in one transaction; the reconcile's run. Of everything, users that still are as planned
        lose what the plan says, however many, within a day; of grants alone, the brake holds from
        the start, for `reason`, as if by hand. NotAllowed if the plan is not done, or somebody
        approved it already.
        """
        ...
