"""Alerts: what is told to people who are not looking, and what has been told of it."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Protocol


class AlertKind(StrEnum):
    """What can be wrong enough to tell somebody."""

    CONFLICTS = "conflicts"
    PARKED = "parked"
    BRAKE = "brake"
    TROUBLE = "trouble"
    """The org cannot be worked on: it does not answer, refuses the login, or lacks a field."""
    BACKLOG = "backlog"
    WORKERS = "workers"
    CREDENTIALS = "credentials"


GATHERED = (AlertKind.CONFLICTS, AlertKind.PARKED)
"""Kinds of which one alert stands for many users."""

PROGRAM = ""
"""The org of an alert that is about the program as a whole."""


@dataclass(frozen=True, slots=True)
class Condition:
    """Something that is wrong now. The same `key` is the same condition, to be told once.

    It has to last `grace` seconds before it is told. `summary` is one harmless line.
    """

    org: str
    kind: AlertKind
    key: str
    since: datetime
    summary: str
    grace: float = 0.0


@dataclass(frozen=True, slots=True)
class Alert:
    """A condition that was seen, and what was told of it.

    `told_at` is when every target had taken it, `over_told_at` the same for its end. `due_at` is
    when it is tried next; `taken` names targets that need not get the present message again.
    `tries` failed, and `error` says why the last one did.
    """

    id: int
    org: str
    kind: AlertKind
    key: str
    since: datetime
    summary: str
    due_at: datetime
    told_at: datetime | None = None
    over_at: datetime | None = None
    over_told_at: datetime | None = None
    tries: int = 0
    error: str | None = None
    taken: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Gathered:
    """Users of whom no alert has told yet: how many, since when, and the first few names.

    `key` is the key of an alert about them; `last_at` is when the last one of this kind began.
    """

    org: str
    kind: AlertKind
    key: str
    since: datetime
    count: int
    names: tuple[str, ...]
    last_at: datetime | None = None


class AlertStore(Protocol):
    """The store as the alerts see it. A lease keeps two workers from telling the same."""

    def now(self) -> datetime:
        """The database's clock."""
        ...

    def take_alerts(self, lease_seconds: float) -> str | None:
        """Lease all alerts: the token; None while somebody else has them."""
        ...

    def renew_alerts(self, token: str, lease_seconds: float) -> None:
        """Prolong the lease; LeaseLost if it ended."""
        ...

    def drop_alerts(self, token: str) -> None:
        """End the lease; quietly nothing if it is lost."""
        ...

    def standing_alerts(self) -> list[Alert]:
        """Alerts that are not over, oldest first."""
        ...

    def gathered(self, kind: AlertKind, org: str) -> Gathered | None:
        """Users of an org that no alert of this kind has told of yet; None if there are none."""
        ...

    def still_waiting(self, alert: Alert) -> bool:
        """Whether any user that a gathered alert tells of still waits."""
        ...

    def change_alerts(
        self,
        token: str,
        begun: Iterable[Condition],
        over: Iterable[Alert],
        replaced: Iterable[Alert],
        dropped: Iterable[Alert],
    ) -> None:
        """Store new alerts, end others, and forget some, in one transaction; may LeaseLost.

        The end of those that are `replaced` is not told.
        """
        ...

    def due_alerts(self, limit: int = 100) -> list[Alert]:
        """Alerts with something to tell that is due, those due longest first."""
        ...

    def book_told(self, token: str, alert: Alert) -> None:
        """Note that every target took the alert, or its end if it is over; may LeaseLost."""
        ...

    def book_untold(
        self, token: str, alert: Alert, taken: Sequence[str], error: str, delay: float
    ) -> None:
        """Note which targets took it, why others did not, and when to try again.

        May LeaseLost.
        """
        ...

    def alerts(self, *, standing: bool = False, limit: int = 100) -> list[Alert]:
        """The newest alerts, newest first; only those not over if `standing`."""
        ...
