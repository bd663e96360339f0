"""`worker`, `beat`, `migrate`: one process each, for production; and what `up` is made of."""

import os
import sys
from collections.abc import Sequence
from enum import StrEnum
from typing import Annotated

import typer

from cli.output import say
from cli.session import runtime
from config.logging import configure_logging
from config.settings import Settings
from sync.errors import NotAllowed

WORKER_ENVIRONMENT = {"REMAP_SIGTERM": "SIGQUIT"}
"""SIGTERM cuts off what takes longer than 20 s, and puts it back into the queue (worker.app)."""


class Queue(StrEnum):
    """What a worker looks after: live edits, reconciles, or orgs whose work takes long."""

    LIVE = "live"
    BULK = "bulk"
    SLOW = "slow"


QueueOption = Annotated[
    list[Queue] | None,
    typer.Option(
        "--queue",
        help="`live` (edits), `bulk` (reconciles), `slow` (orgs that take long); all if not named.",
    ),
]


def worker(queue: QueueOption = None) -> None:
    """Run a Celery worker: what `celery -A worker.app worker` does, with our sizes."""
    runtime().store.now()
    command = worker_command(runtime().settings, queue or list(Queue))
    os.execve(command[0], command, {**WORKER_ENVIRONMENT, **os.environ})


def beat() -> None:
    """Run the schedule: what `celery -A worker.app beat` does."""
    runtime()  # bad settings are said here
    command = beat_command()
    os.execv(command[0], command)


def listen() -> None:
    """Listen to the change events of every org that has `events` switched on."""
    settings = runtime().settings
    if not any(org.events for org in settings.orgs.values()):
        raise NotAllowed(
            "No org has its change events switched on: set LICENSE_SYNC_ORGS__NAME__EVENTS=true, "
            "or do without; polling finds changes as well."
        )
    configure_logging(settings)
    from worker.listen import Listening

    Listening(runtime()).run()


def migrate() -> None:
    """Bring the database to this version's tables."""
    runtime().migrate()
    say("The database is up to date.")


def worker_command(settings: Settings, queues: Sequence[Queue]) -> list[str]:
    """The command line of a worker for these queues."""
    sizes = {
        Queue.LIVE: settings.live_workers,
        Queue.BULK: settings.bulk_workers,
        Queue.SLOW: settings.slow_workers,
    }
    count = sum(sizes[queue] for queue in queues)
    return [
        *_celery("worker"),
        f"--concurrency={count}",
        f"--queues={','.join(queues)}",
        f"--hostname={'-'.join(queues)}@%h",
        "--without-mingle",
        "--without-gossip",
    ]


def beat_command() -> list[str]:
    """The command line of beat."""
    return _celery("beat")


def listen_command() -> list[str]:
    """The command line of who listens to change events."""
    return [sys.executable, "-P", "-m", "cli", "listen"]


def admin_command() -> list[str]:
    """The command line of the review page."""
    return [sys.executable, "-P", "-m", "cli", "admin"]


def _celery(part: str) -> list[str]:
    return [
        sys.executable,
        "-P",  # nothing from the working directory, as far as Python goes (docs/threat-model.md)
        "-m",
        "celery",
        "--app=worker.app",
        "--quiet",
        part,
        "--loglevel=INFO",
    ]
