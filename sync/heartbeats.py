"""Which workers there are, and when one is taken for silent. Pure."""

from datetime import timedelta

WORKERS = ("worker-live", "worker-bulk", "worker-slow")

LISTENER = "listener"
"""Who listens to change events. That it is silent loses nothing: polls are as usual then."""

SILENT = timedelta(seconds=60)
"""Several heartbeats: one that comes late is no silence."""

SLOW_SILENT = timedelta(seconds=150)
"""The workers for orgs that take long also show a sign of life after each task, and a task may
take two minutes."""


def patience(worker: str) -> timedelta:
    """Since when these workers have to have given a sign of life."""
    return SLOW_SILENT if worker == "worker-slow" else SILENT
