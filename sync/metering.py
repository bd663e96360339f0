"""One process's view of an org's API calls: what it heard of them, and what they suffice for."""

from dataclasses import dataclass, field
from datetime import datetime
from typing import Protocol

from sync import budget
from sync.budget import Budget, Stage
from sync.ports.orgs import OrgState
from sync.ports.salesforce import ApiUsage


@dataclass(frozen=True, slots=True)
class Net:
    """Seconds between two looks of each kind while an org tells of its changes by itself.

    They are for what it does not tell: events get lost in rare cases
    (https://developer.salesforce.com/docs/atlas.en-us.change_data_capture.meta/change_data_capture/cdc_intro.htm).
    """

    poll_seconds: float = 1200.0
    overlap_seconds: float = 3600.0


SANE_NET = Net()


class UsageStore(Protocol):
    """The store as the meter sees it."""

    def now(self) -> datetime:
        """The database's clock."""
        ...

    def report_usage(self, org: str, used: int, allowed: int) -> None:
        """Note the quota; a problem stays."""
        ...

    def listens(self, org: str) -> bool:
        """Whether changes of this org are being told at this moment."""
        ...


@dataclass(slots=True)
class Meter:
    """Notes what answers said, and judges by what all processes noted."""

    org: str
    store: UsageStore
    budget: Budget
    _heard: ApiUsage | None = field(default=None, init=False)

    def stage(self, state: OrgState) -> Stage:
        """How far the org's quota is used up, as far as the store knows."""
        return budget.stage(self.budget, state.api_used, state.api_allowed)

    def may_look(self, state: OrgState, last: datetime | None, told_seconds: float) -> bool:
        """Whether it is time for a look, if the last one was at `last`.

        While changes are being told, looks are `told_seconds` apart: a net below the stream.
        """
        told = last is not None and self.store.listens(self.org)
        at_least = told_seconds if told else 0.0
        return budget.may_look(self.stage(state), self.budget, last, self.store.now(), at_least)

    def note(self, usage: ApiUsage | None, state: OrgState) -> None:
        """Store what the last answer said, if that is new and moved by a hundredth of the quota.

        What another process noted since counts more than what this one heard before.
        """
        if usage is None or usage is self._heard:
            return
        self._heard = usage
        moved = abs(usage.used - (state.api_used or 0)) * 100 >= usage.allowed
        if moved or state.api_allowed != usage.allowed:
            self.store.report_usage(self.org, usage.used, usage.allowed)
