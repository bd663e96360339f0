"""What the pages work with: the store, and the rules of each org. Nothing here has a network."""

from dataclasses import dataclass
from typing import Protocol

from config.wiring import Runtime
from sync.arming import Mode
from sync.errors import SyncError
from sync.ports.accounts import AccountStore
from sync.ports.alerts import AlertStore
from sync.ports.brake import BrakeStore
from sync.ports.browse import BrowseStore
from sync.ports.orgs import OrgState, OrgStore
from sync.ports.review import ReviewStore, SweepStore
from sync.ports.runs import RunStore
from sync.ports.scans import IntakeStore


class Store(
    BrowseStore,
    ReviewStore,
    BrakeStore,
    OrgStore,
    RunStore,
    IntakeStore,
    SweepStore,
    AccountStore,
    AlertStore,
    Protocol,
):
    """All that the pages need of the store."""


@dataclass(frozen=True, slots=True)
class OrgView:
    """One configured org as the pages show it. `mode` is None where its settings are unusable."""

    name: str
    state: OrgState
    mode: Mode | None
    problem: str | None


@dataclass(frozen=True, slots=True)
class Services:
    """The pages' collaborators."""

    runtime: Runtime
    store: Store

    def orgs(self, visible: frozenset[str] | None) -> list[OrgView]:
        """The configured orgs that somebody may see."""
        names = self.runtime.org_names
        return [self.org(name) for name in names if visible is None or name in visible]

    def org(self, name: str) -> OrgView:
        """One org; a broken policy or key file is its problem, and no other org's."""
        state = self.store.state(name)
        try:
            mode, problem = self.runtime.org(name).mode(state), state.problem
        except SyncError as error:
            mode, problem = None, str(error)
        return OrgView(name, state, mode, problem)
