"""Change events: how an org itself tells that records changed.

An event makes us look, whatever it says: nothing is decided from what is in it.
"""

from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

ENDPOINT = "api.pubsub.salesforce.com:7443"
"""Where the bus of most orgs is."""

CREDIT = 100
"""Events that may be on their way at once: what a subscription may have outstanding at most.

https://developer.salesforce.com/docs/platform/pub-sub-api/guide/flow-control.html
"""

POSITION_LOST = "position_lost"
"""The failure's code when an org no longer knows the place to go on from."""


@dataclass(frozen=True, slots=True)
class ChangeEvent:
    """One event of the org.

    `position` is where a subscription goes on after it, opaque. `user_ids` have 18 characters.
    `matters` is False if it certainly touches no field that we read, `is_ours` True if it certainly
    touches none but those that we write. `everyone` says that more
    records may have changed than can be told. Times are the org's.
    """

    position: bytes
    user_ids: tuple[str, ...]
    matters: bool
    everyone: bool
    committed_at: datetime | None
    actor: str = ""
    is_ours: bool = False


@dataclass(frozen=True, slots=True)
class Batch:
    """What arrived at once. `position` is the place after all of it, also where it has no event."""

    events: tuple[ChangeEvent, ...]
    position: bytes


class Subscription(Protocol):
    """An open stream of one org's events, in their order."""

    def next(self, seconds: float) -> Batch | None:
        """The next batch; None if none comes within `seconds`.

        CallFailed once all that arrived was given and the stream has ended: at each call.
        """
        ...

    def ask_for(self, events: int) -> None:
        """Let so many more events come: they are added to what may still come."""
        ...

    def close(self) -> None:
        """End it; never fails."""
        ...


class EventBus(Protocol):
    """One org's change events."""

    def subscribe(self, topic: str, after: bytes | None, events: int) -> Subscription:
        """Open a stream of what comes after a position, or from now on (None); may CallFailed.

        `events` may come before more are asked for. That the position is lost, or that the topic
        is refused, may only show at the first `next`.
        """
        ...
