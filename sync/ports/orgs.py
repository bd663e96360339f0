"""The org as a whole: whom it answers as, whether it is armed, what is wrong with it."""

from dataclasses import dataclass
from datetime import datetime
from typing import Protocol


@dataclass(frozen=True, slots=True)
class OrgState:
    """What is known of one org as a whole.

    `problem` is a sentence that says why nothing works at the moment, with the mend;
    `problem_until` is when it is worth trying again. `used`/`allowed` are API calls of the day.
    """

    org: str
    organization_id: str | None
    armed_fingerprint: str | None
    armed_by: str | None
    armed_at: datetime | None
    paused_by: str | None
    paused_at: datetime | None
    problem: str | None
    problem_until: datetime | None
    api_used: int | None
    api_allowed: int | None
    last_poll_at: datetime | None
    last_reconcile_at: datetime | None


class OrgStore(Protocol):
    """The store as arming sees it."""

    def state(self, org: str) -> OrgState:
        """The org's state; one that nobody has met yet is empty, not an error."""
        ...

    def meet(self, org: str, organization_id: str) -> OrgState:
        """Remember which organization answers for this org if none is remembered; the state."""
        ...

    def arm(
        self, org: str, organization_id: str, fingerprint: str, by: str, *, first: bool = False
    ) -> bool:
        """Let workers write under this fingerprint, to this organization; whether it did.

        With `first`, only an org that nobody ever armed.
        """
        ...

    def report_problem(self, org: str, problem: str, retry_seconds: float) -> None:
        """Say why the org does not work now."""
        ...

    def report_good(self, org: str) -> None:
        """Take back a problem."""
        ...

    def report_usage(self, org: str, used: int, allowed: int) -> None:
        """Note the quota; a problem stays."""
        ...

    def pause(self, org: str | None, by: str) -> None:
        """Stop writes of one org, or of all (None): also of orgs that are not known yet."""
        ...

    def resume(self, org: str | None, by: str) -> None:
        """Undo `pause` for one org, or for all."""
        ...
