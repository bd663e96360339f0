"""What the pages work with: the store, and the rules of each org. Nothing here has a network."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Protocol

from config.told import told
from config.wiring import Runtime
from sync import budget
from sync.arming import Mode
from sync.budget import Stage
from sync.errors import SyncError
from sync.ports.accounts import AccountStore
from sync.ports.alerts import AlertStore
from sync.ports.brake import BrakeStore
from sync.ports.browse import BrowseStore
from sync.ports.orgs import OrgState, OrgStore
from sync.ports.review import ReviewStore, SweepStore
from sync.ports.runs import RunStore
from sync.ports.scans import IntakeStore
from sync.ports.streams import ListenedStore


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
    ListenedStore,
    Protocol,
):
    """All that the pages need of the store."""


@dataclass(frozen=True, slots=True)
class OrgView:
    """One configured org as the pages show it. `mode` is None where its settings are unusable.

    `stage` and `budget` say what waits for API calls: how much, and as a sentence. `listening` is
    how well it tells of its changes, as `config.told` has it; None where that is not switched on.
    """

    name: str
    state: OrgState
    mode: Mode | None
    problem: str | None
    stage: Stage = Stage.FREE
    budget: str | None = None
    listening: Mapping[str, object] | None = None


@dataclass(frozen=True, slots=True)
class Services:
    """The pages' collaborators."""

    runtime: Runtime
    store: Store

    def orgs(self, visible: frozenset[str] | None) -> list[OrgView]:
        """The configured orgs that somebody may see."""
        names = self.runtime.org_names
        shown = [name for name in names if visible is None or name in visible]
        streams = told(self.runtime, shown)
        return [self._view(name, streams[name]) for name in shown]

    def org(self, name: str) -> OrgView:
        """One org; a broken policy or key file is its problem, and no other org's."""
        return self._view(name, told(self.runtime, [name])[name])

    def _view(self, name: str, listening: Mapping[str, object] | None) -> OrgView:
        state = self.store.state(name)
        try:
            org = self.runtime.org(name)
        except SyncError as error:
            return OrgView(name, state, None, str(error), listening=listening)
        stage = org.meter.stage(state)
        waits = budget.sentence(stage, state.api_used, state.api_allowed)
        return OrgView(name, state, org.mode(state), state.problem, stage, waits, listening)
