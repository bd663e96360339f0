"""What beat ticks. A tick done twice is harmless, so two beats may run."""

from config.settings import Settings
from worker.lanes import Lane
from worker.ticks import HEADER

SWEEP_SECONDS = 1.0
HEARTBEAT_SECONDS = 10.0
ALERTS_SECONDS = 20.0
NIGHTLY_SECONDS = 120.0
"""How often it is asked whether the night's reconcile is due; the hour stands in the settings."""


def schedule(settings: Settings) -> dict[str, dict[str, object]]:
    """Beat's entries: a poll and an overlap scan for each org, the night's reconcile, the sweep."""
    entries: dict[str, dict[str, object]] = {
        "sweep": _tick("worker.tasks.sweep", SWEEP_SECONDS),
        "alerts": _tick("worker.tasks.alerts", ALERTS_SECONDS),
    }
    for queue in Lane:
        entries[f"heartbeat-{queue}"] = _tick(
            "worker.tasks.heartbeat", HEARTBEAT_SECONDS, queue.value, queue=queue.value
        )
    for org in sorted(settings.orgs):
        entries[f"poll-{org}"] = _tick("worker.tasks.poll", settings.poll_seconds, org)
        entries[f"overlap-{org}"] = _tick("worker.tasks.overlap", settings.overlap_seconds, org)
        entries[f"nightly-{org}"] = _tick("worker.tasks.nightly", NIGHTLY_SECONDS, org)
    return entries


def _tick(task: str, seconds: float, *args: str, queue: str = "live") -> dict[str, object]:
    return {
        "task": task,
        "schedule": seconds,
        "args": args,
        "options": {"headers": {HEADER: seconds}, "queue": queue},
    }
