"""What a Prometheus server reads: numbers from the store, under names that stay."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from types import MappingProxyType
from typing import Protocol

from prometheus_client import CollectorRegistry, Gauge, generate_latest
from prometheus_client.metrics_core import Metric
from prometheus_client.registry import Collector

from admin.stream_metrics import StreamNumbers
from sync.budget import Stage
from sync.ports.brake import Brake
from sync.ports.orgs import OrgState, OrgStore
from sync.ports.review import OrgFigures, ReviewStore, SweepStore
from sync.ports.streams import ListenedStore

CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8"


class MeasuredStore(OrgStore, ReviewStore, SweepStore, ListenedStore, Protocol):
    """All that metrics and health need of the store."""


def metrics_text(
    store: MeasuredStore,
    orgs: Sequence[str],
    brakes: Sequence[Brake] = (),
    stages: Mapping[str, Stage] = MappingProxyType({}),
    received: Iterable[Metric] = (),
) -> str:
    """The numbers of these orgs and of all workers. What is not known is left out.

    `received` is what this process has counted by itself.
    """
    registry = CollectorRegistry(auto_describe=False)
    registry.register(_Counted(received))
    now, figures = store.now(), store.figures()
    gauges = _Gauges(registry)
    held = {brake.org for brake in brakes}
    for org in orgs:
        gauges.figures(org, figures.get(org) or OrgFigures(org, 0, None, 0, 0, 0), now)
        gauges.state(org, store.state(org), now)
        gauges.set("brake_holding", int(org in held), org=org)
        gauges.set("budget_stage", stages.get(org, Stage.FREE), org=org)
    registry.register(StreamNumbers(store, orgs, now))
    for name, at in sorted(store.beats().items()):
        gauges.set("last_heartbeat_timestamp_seconds", at.timestamp(), worker=name)
    return generate_latest(registry).decode()


_HELP = {
    "pending": "Users that wait to be settled.",
    "oldest_pending_seconds": "How long the one that waits longest has waited; 0 if nobody does.",
    "parked": "Users that wait for a person.",
    "open_conflicts": "Conflicts that nobody has decided.",
    "open_refusals": "Requests that the rules refuse.",
    "brake_holding": "1 while removals wait for an approval.",
    "problem": "1 while the org cannot be worked on.",
    "paused": "1 while a person has paused the org.",
    "api_used": "API calls of the last 24 hours, as last seen.",
    "api_allowed": "API calls that the org may make in 24 hours.",
    "budget_stage": "What waits for API calls: 0 nothing, 1 runs, 2 most looks, 3 all but writes.",
    "last_good_poll_age_seconds": "How long ago the last good poll ended.",
    "last_heartbeat_timestamp_seconds": "When workers of a queue last finished something.",
}


class _Counted(Collector):
    """What the registry asks for its numbers."""

    def __init__(self, metrics: Iterable[Metric]) -> None:
        self._metrics = list(metrics)

    def collect(self) -> Iterable[Metric]:
        return self._metrics


class _Gauges:
    """The gauges of one answer, made as they are needed."""

    def __init__(self, registry: CollectorRegistry) -> None:
        self._registry = registry
        self._made: dict[str, Gauge] = {}

    def set(self, name: str, value: float, **labels: str) -> None:
        if name not in self._made:
            full = f"license_sync_{name}"
            self._made[name] = Gauge(full, _HELP[name], list(labels), registry=self._registry)
        self._made[name].labels(**labels).set(value)

    def figures(self, org: str, figures: OrgFigures, now: datetime) -> None:
        oldest = figures.oldest_pending_at
        waited = max(0.0, (now - oldest).total_seconds()) if oldest else 0.0
        self.set("pending", figures.pending, org=org)
        self.set("oldest_pending_seconds", waited, org=org)
        self.set("parked", figures.parked, org=org)
        self.set("open_conflicts", figures.open_conflicts, org=org)
        self.set("open_refusals", figures.open_refusals, org=org)

    def state(self, org: str, state: OrgState, now: datetime) -> None:
        self.set("problem", int(state.problem is not None), org=org)
        self.set("paused", int(state.paused_at is not None), org=org)
        if state.last_poll_at is not None:
            waited = max(0.0, (now - state.last_poll_at).total_seconds())
            self.set("last_good_poll_age_seconds", waited, org=org)
        if state.api_used is not None and state.api_allowed is not None:
            self.set("api_used", state.api_used, org=org)
            self.set("api_allowed", state.api_allowed, org=org)
