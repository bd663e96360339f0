"""Whether the night's reconcile is due: told from the runs, so that a missed night is caught up."""

from datetime import datetime, timedelta

from sync.ports.runs import Run, RunStatus


def is_due(latest: Run | None, hour: int, now: datetime) -> bool:
    """Whether a pass over the whole org is to be queued; `latest` is the newest one, `hour` UTC."""
    if latest is None:
        return True
    if latest.status in (RunStatus.QUEUED, RunStatus.RUNNING):
        return False
    return latest.created_at < _last_passing(hour, now)


def _last_passing(hour: int, now: datetime) -> datetime:
    """When a clock last showed this full hour."""
    today = now.replace(hour=hour, minute=0, second=0, microsecond=0)
    return today if today <= now else today - timedelta(days=1)
