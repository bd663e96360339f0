"""What can go wrong, said as what to do next.

An error here carries one sentence for a person (what is wrong and how to mend it) and one
instruction for the program. Where an error comes from is the business of whoever raised it.
"""

from dataclasses import dataclass
from enum import StrEnum


class Remedy(StrEnum):
    """What the program does about a failure."""

    RETRY = "retry later"
    DECIDE_AGAIN = "decide again"
    PARK = "park for a person"
    STOP_ORG = "stop this org"


@dataclass(frozen=True, slots=True)
class Failure:
    """Why a call or one record of it failed.

    `code` is Salesforce's error code, or one of ours in lower case. `message` is a sentence for a
    person that holds no secret. `retry_after` is in seconds and only a wish: None leaves it to the
    retry schedule.
    """

    code: str
    message: str
    remedy: Remedy
    retry_after: float | None = None


class SyncError(Exception):
    """Something that license-sync can name; its text is one sentence with the mend."""


class CallFailed(SyncError):
    """A call to Salesforce failed as a whole.

    `maybe_arrived` is True when the call may have been carried out although no answer came.
    """

    def __init__(self, failure: Failure, *, maybe_arrived: bool = False) -> None:
        super().__init__(failure.message)
        self.failure = failure
        self.maybe_arrived = maybe_arrived


class LeaseLost(SyncError):
    """The lease ended, the org was paused, or its rules changed: whoever holds it must stop."""


class Braked(SyncError):
    """More would be removed than the org's limits allow: decide again, without removals.

    `brake_id` is the brake that holds now.
    """

    def __init__(self, brake_id: int) -> None:
        super().__init__("Removals wait: the brake holds.")
        self.brake_id = brake_id


class UnknownReference(SyncError):
    """A person named an org, conflict, run or user that is not there."""


class NotAllowed(SyncError):
    """What a person asked for cannot be done in the state things are in; the text says why."""


class StoreUnavailable(SyncError):
    """The database cannot be used now; the same may work later."""
