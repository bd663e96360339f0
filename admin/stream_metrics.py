"""What a Prometheus server reads of change events: how streams go, and how long things took."""

from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime
from itertools import accumulate

from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, HistogramMetricFamily
from prometheus_client.metrics_core import Metric

from sync.delays import INFINITE, LIMITS, NOTICED, WRITTEN
from sync.ports.streams import Delays, ListenedStore, StreamStatus

_PREFIX = "license_sync_"
_TIMES = {
    "noticed_seconds": (NOTICED, "From an edit's commit until its user was noticed by an event."),
    "written_seconds": (WRITTEN, "From when a live edit was noticed to its confirmed write."),
}


class StreamNumbers:
    """A collector over one reading of the store. Orgs that nobody listens to are left out."""

    def __init__(self, store: ListenedStore, orgs: Iterable[str], now: datetime) -> None:
        self._store, self._orgs, self._now = store, tuple(orgs), now

    def collect(self) -> Iterator[Metric]:
        """All metrics of it."""
        found = self._store.streams()
        streams = [found[org] for org in self._orgs if org in found]
        yield _gauge(
            "stream_open",
            "1 while an org tells of its changes by events.",
            {one.org: float(one.works(self._now)) for one in streams},
        )
        yield _gauge(
            "stream_position_age_seconds",
            "How long ago the place in the stream was last stored.",
            {
                one.org: max(0.0, (self._now - one.position_at).total_seconds())
                for one in streams
                if one.position_at is not None
            },
        )
        yield _counter("events", "Change events that arrived.", streams, "events")
        yield _counter("events_mattered", "Those that touched what is read.", streams, "mattered")
        yield _counter("stream_opened", "Streams that were opened.", streams, "restarts")
        for name, (measure, says) in _TIMES.items():
            yield self._histogram(name, says, self._store.delays(measure))

    def _histogram(self, name: str, says: str, of: Mapping[str, Delays]) -> Metric:
        made = HistogramMetricFamily(_PREFIX + name, says, labels=["org"])
        limits = (*LIMITS, INFINITE)
        for org in self._orgs:
            if org in of:
                sums = accumulate(of[org].counts.get(limit, 0) for limit in limits)
                buckets = [
                    ("+Inf" if limit == INFINITE else str(limit), float(count))
                    for limit, count in zip(limits, sums, strict=True)
                ]
                made.add_metric([org], buckets, of[org].seconds)
        return made


def _gauge(name: str, says: str, values: Mapping[str, float]) -> Metric:
    made = GaugeMetricFamily(_PREFIX + name, says, labels=["org"])
    for org, value in values.items():
        made.add_metric([org], value)
    return made


def _counter(name: str, says: str, streams: Iterable[StreamStatus], field: str) -> Metric:
    made = CounterMetricFamily(_PREFIX + name, says, labels=["org"])
    for one in streams:
        made.add_metric([one.org], float(getattr(one, field)))
    return made
