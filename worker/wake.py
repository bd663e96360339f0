"""Wake-ups: at most one on its way for each org and queue.

At a flood of notices the queue would otherwise grow faster than it is read. The mark is taken
away before the woken task claims, so that what comes after the claim wakes again; it expires, so
that a lost message costs seconds (of a run: minutes).
"""

import redis
from celery import Task

MARK_SECONDS = 5

RUN_MARK_SECONDS = 180
"""Runs may wait long for a worker of their own queue; each message would be one too many."""


class Waker:
    """Sends settle tasks through the broker whose marks it keeps."""

    def __init__(self, broker: redis.Redis) -> None:
        self._broker = broker

    def wake(self, settle: "Task[..., object]", org: str, queue: str) -> None:
        """Send `settle(org)` to a queue, unless one is on its way there."""
        if self._broker.set(_mark(org, queue), 1, nx=True, ex=MARK_SECONDS):
            settle.apply_async((org, queue), queue=queue)

    def wake_run(self, reconcile: "Task[..., object]", org: str, run_id: int) -> None:
        """Send `reconcile(org, run_id)`, unless one is on its way."""
        if self._broker.set(_run_mark(org, run_id), 1, nx=True, ex=RUN_MARK_SECONDS):
            reconcile.apply_async((org, run_id), queue="bulk")

    def woken(self, org: str, queue: str) -> None:
        """A task is about to claim: the next notice wakes another one."""
        self._broker.delete(_mark(org, queue))

    def woken_run(self, org: str, run_id: int) -> None:
        """A task is about to take the run: whoever finds it undone wakes another one."""
        self._broker.delete(_run_mark(org, run_id))


def _run_mark(org: str, run_id: int) -> str:
    return _mark(org, f"run:{run_id}")


def _mark(org: str, queue: str) -> str:
    return f"license-sync:wake:{queue}:{org}"
