"""The brake: removals beyond an org's limits wait for a person; grants go on."""

from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from sync.model import Licenses


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


class BrakeStore(Protocol):
    """The store as people see the brake."""

    def brakes(self) -> list[Brake]:
        """Brakes that hold, by org."""
        ...

    def held_removals(self, org: str, after_id: str = "", limit: int = 2000) -> list[HeldRemoval]:
        """What waits in an org, by user id."""
        ...

    def hold_removals(self, org: str, by: str, reason: str) -> None:
        """Trip the brake by hand; nothing if it holds already."""
        ...

    def release_brake(self, org: str, by: str) -> int:
        """Approve what waits: its users are due at once without the brake; how many.

        NotAllowed if no brake holds.
        """
        ...
