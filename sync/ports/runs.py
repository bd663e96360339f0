"""Passes over a whole org, and what a plan says of each user."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Protocol

from sync.model import NONE, Licenses
from sync.ports.history import HistoryOutcome, Intent
from sync.ports.pending import Notice


class RunKind(StrEnum):
    """What a run is for."""

    PLAN = "plan"
    RECONCILE = "reconcile"
    ADOPT = "adopt"
    UNDO = "undo"


class RunStatus(StrEnum):
    """Where a run is."""

    QUEUED = "queued"
    RUNNING = "running"
    DONE = "done"
    APPLYING = "applying"
    """The plan of an adoption or an undo that a person approved, while it is carried out."""
    FAILED = "failed"
    STOPPED = "stopped"
    """By a person: it is not gone on with."""


@dataclass(frozen=True, slots=True)
class Run:
    """A pass over an org, or over some of its users (`user_ids`; empty: all).

    `unreadable` counts users of a plan with a flag that cannot be read. `tries` is how often it
    was begun, this time included, since it last got on by a page. `holders` counts users read that
    held something. `error` is why it failed or stopped, or what a plan that is done cannot say of
    any one user. An undo takes back run `of_run`, or what happened from `since` to `until`.
    """

    id: int
    org: str
    kind: RunKind
    status: RunStatus
    fingerprint: str
    started_by: str
    created_at: datetime
    ended_at: datetime | None
    user_ids: tuple[str, ...]
    after_id: str
    users_read: int
    unsettled: int
    removals: int
    grants: int
    unreadable: int
    tries: int
    error: str | None
    applied_by: str | None = None
    applied_at: datetime | None = None
    holders: int | None = None
    of_run: int | None = None
    since: datetime | None = None
    until: datetime | None = None


@dataclass(frozen=True, slots=True)
class PlanItem:
    """What a plan would do to one user. `after` is None where nothing may be written.

    For an adoption and an undo `requested_after` is what would be requested; `hold` is what the
    rules would then still take away from who is adopted. `outcome` is what came of it when the plan
    was carried out, as a sentence; empty until then.
    """

    user_id: str
    username: str
    requested: Licenses
    requested_after: Licenses
    held: Licenses
    after: Licenses | None
    status: str
    why: str
    hold: Licenses = NONE
    modified_at: datetime | None = None
    outcome: str = ""

    @property
    def removed(self) -> Licenses:
        """Licenses that the user has and would lose."""
        return Licenses() if self.after is None else self.held - self.after

    @property
    def granted(self) -> Licenses:
        """Licenses that the user would get."""
        return Licenses() if self.after is None else self.after - self.held


@dataclass(frozen=True, slots=True)
class Changed:
    """What license-sync did to a user in a stretch: its first state, and the last it wrote.

    `is_over` is True when it wrote other flags to the user since, `is_edited` when somebody else
    changed the requests between two of its writes in the stretch.
    """

    user_id: str
    username: str
    requested_before: Licenses
    held_before: Licenses
    requested_after: Licenses
    held_after: Licenses
    is_over: bool
    is_edited: bool = False


class RunStore(Protocol):
    """The store as a run sees it."""

    def create_run(
        self,
        org: str,
        kind: RunKind,
        fingerprint: str,
        by: str,
        user_ids: Sequence[str] = (),
        *,
        of_run: int | None = None,
        since: datetime | None = None,
        until: datetime | None = None,
    ) -> int:
        """Queue a run; its id. The last three say what an undo takes back."""
        ...

    def changes(self, run: Run, after_id: str, limit: int) -> list[Changed]:
        """Users whom license-sync wrote to in what an undo takes back, by user id."""
        ...

    def take_run(self, run_id: int, lease_seconds: float) -> tuple[Run, str] | None:
        """Lease a due run, or a running one whose lease ended; None if it is not to be had.

        The second value is the lease's token.
        """
        ...

    def advance_run(
        self,
        run_id: int,
        token: str,
        after_id: str,
        users_read: int,
        items: Sequence[PlanItem],
        notices: Sequence[Notice],
        lease_seconds: float,
        holders: int = 0,
    ) -> None:
        """Store a page of a run in one transaction; LeaseLost when the lease ended.

        `holders` are those of the page that hold something.
        """
        ...

    def stop_run(self, run_id: int, by: str) -> None:
        """Stop a run that has not ended; NotAllowed if it has.

        Users that it noticed and nobody has begun with are parked, as stopped.
        """
        ...

    def changed_under_no_run(self, undo: Run) -> int:
        """How many users got or lost something under no run in the time of the one taken back."""
        ...

    def end_run(
        self, run_id: int, token: str, error: str | None = None, remark: str | None = None
    ) -> None:
        """Finish a run, as failed if there is an error; a remark stands in its place."""
        ...

    def requeue_run(self, run_id: int, token: str, reason: str | None, delay: float) -> None:
        """Give a run back where it stands, with why it failed if so, due after `delay` seconds.

        Quietly nothing if the lease was lost.
        """
        ...

    def approve_run(self, run_id: int, by: str) -> None:
        """Let the workers carry out a finished plan of an adoption or an undo; NotAllowed."""
        ...

    def take_to_apply(self, run_id: int, by: str, lease_seconds: float) -> str | None:
        """Lease a finished plan to carry it out, or one that is approved and free: the token.

        None if somebody else does. `end_run` ends that too, and notes when it was applied;
        `requeue_run` leaves it to others to go on after the run's `after_id`.
        """
        ...

    def intend(self, run_id: int, token: str, intents: Sequence[Intent]) -> list[int]:
        """Commit history rows for an adoption's writes, and return their ids in order.

        LeaseLost when the run's lease ended or the org is paused.
        """
        ...

    def confirm(
        self,
        run_id: int,
        token: str,
        outcomes: Mapping[int, tuple[HistoryOutcome, str | None]],
        lease_seconds: float,
        said: Mapping[str, str] | None = None,
        after_id: str | None = None,
    ) -> None:
        """Book what became of an adoption's writes, by history id; LeaseLost as above.

        `said` is the outcome of items by user id, `after_id` the place that is reached.
        """
        ...

    def run(self, run_id: int) -> Run:
        """One run; UnknownReference."""
        ...

    def latest_run(self, org: str, kind: RunKind, fingerprint: str) -> Run | None:
        """The newest run of that kind under that fingerprint over the whole org."""
        ...

    def items(self, run_id: int, after_id: str = "", limit: int = 2000) -> list[PlanItem]:
        """Items of a run by user id."""
        ...
