"""The tasks. Each says one call; what it means stands in `sync`."""

import logging

from sync.ports.pending import Priority
from sync.ports.runs import RunStatus
from worker.app import BULK, LIVE, app
from worker.base import OrgTask, RunTask, SettleTask, SyncTask, runtime, waker
from worker.lanes import rounds

log = logging.getLogger(__name__)

BATCHES = 8
"""Batches that one wake-up settles, at most, before it queues behind other orgs again."""


@app.task(base=OrgTask)
def poll(org: str) -> None:
    """Look for changes in an org."""
    report = runtime().org(org).poll()
    if report is not None and report.noticed:
        log.info("%s: noticed %d of %d users read", org, report.noticed, report.users_read)
        waker().wake(settle, org, LIVE)


@app.task(base=OrgTask)
def overlap(org: str) -> None:
    """Come back over what the polls may have passed."""
    report = runtime().org(org).overlap()
    if report is not None and report.noticed:
        waker().wake(settle, org, LIVE)


@app.task(base=SettleTask)
def settle(org: str, queue: str = LIVE) -> None:
    """Settle due users of an org: those of live edits, or those of a reconcile."""
    waker().woken(org, queue)
    priority = Priority.BULK if queue == BULK else Priority.LIVE
    for _ in rounds(BATCHES):
        report = runtime().org(org).settle(priority, runtime().settings.settle_limit)
        if report is None:
            return
        log.info("%s: settled %d: %s", org, report.claimed, dict(report.outcomes))
    waker().wake(settle, org, queue)


@app.task(base=RunTask)
def reconcile(org: str, run_id: int) -> None:
    """Go on with a queued run: a plan, or the search for users that are not settled."""
    waker().woken_run(org, run_id)
    run = runtime().org(org).carry_out(run_id)
    if run is None:
        return
    log.info("%s: %s %d read %d users", org, run.kind, run.id, run.users_read)
    waker().wake(settle, org, BULK)
    if run.status in (RunStatus.QUEUED, RunStatus.APPLYING) and runtime().may_run(org):
        waker().wake_run(reconcile, org, run_id)


@app.task(base=SyncTask)
def nightly(org: str) -> None:
    """Queue the night's reconcile, once it is due."""
    runtime().org(org).queue_nightly(runtime().settings.reconcile_hour)


@app.task(base=SyncTask)
def alerts() -> None:
    """Tell people of what began and of what is over."""
    teller = runtime().teller(runtime().settings.admin.url)
    teller.tell(runtime().surroundings(runtime().store.brakes()))


@app.task(base=SyncTask)
def sweep() -> None:
    """Wake whoever has something to do: what a lost message left lying."""
    for org, work in runtime().store.due_work().items():
        if org not in runtime().settings.orgs:
            continue
        if work.live:
            waker().wake(settle, org, LIVE)
        if work.bulk:
            waker().wake(settle, org, BULK)
        for run_id in work.runs if work.runs and runtime().may_run(org) else ():
            waker().wake_run(reconcile, org, run_id)


@app.task(base=SyncTask)
def heartbeat(queue: str) -> None:
    """Show that the workers of a queue get things done."""
    runtime().store.beat(f"worker-{queue}")
