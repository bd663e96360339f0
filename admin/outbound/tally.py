"""What has come in since this process began, for metrics."""

from collections import Counter
from collections.abc import Collection, Iterable, Iterator

from prometheus_client.metrics_core import CounterMetricFamily, Metric

from admin.outbound.refusal import Reason


class Tally:
    """Counts for orgs that have a door; of others nobody would know whose they are."""

    def __init__(self, orgs: Iterable[str]) -> None:
        self._orgs = tuple(orgs)
        self._messages = Counter[str]()
        self._notifications = Counter[str]()
        self._refused = Counter[tuple[str, Reason]]()

    def taken(self, org: str, notifications: int) -> None:
        """A message was acknowledged."""
        self._messages[org] += 1
        self._notifications[org] += notifications

    def refused(self, org: str, reason: Reason) -> None:
        """A message was not."""
        self._messages[org] += 1
        self._refused[org, reason] += 1

    def families(self, visible: Collection[str]) -> Iterator[Metric]:
        """The counts of these orgs."""
        orgs = [org for org in self._orgs if org in visible]
        if not orgs:
            return
        messages = _counter("messages", "Outbound messages that came in.", "org")
        notifications = _counter("notifications", "Notifications that were acknowledged.", "org")
        refused = _counter("refused", "Outbound messages that were refused.", "org", "reason")
        for org in orgs:
            messages.add_metric([org], self._messages[org])
            notifications.add_metric([org], self._notifications[org])
            for reason in Reason:
                refused.add_metric([org, reason.value], self._refused[org, reason])
        yield from (messages, notifications, refused)


def _counter(name: str, what: str, *labels: str) -> CounterMetricFamily:
    return CounterMetricFamily(f"license_sync_outbound_{name}", what, labels=labels)
