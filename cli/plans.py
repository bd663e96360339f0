"""How a plan reads: who gains what, who loses what, and why."""

import time
from collections.abc import Iterator
from math import inf
from pathlib import Path

from rich.progress import Progress as Bar

from cli.digest import Digest
from cli.output import console, counted, names, print_json, print_table, say
from cli.session import runtime
from cli.spreadsheets import opened, write_rows
from sync import rows
from sync.errors import NotAllowed
from sync.org import Org
from sync.ports.runs import PlanItem, Run, RunKind, RunStatus
from sync.reconcile import Progress

FOLLOW_SECONDS = 0.5


def make_plan(org: Org, kind: RunKind, by: str, user_ids: tuple[str, ...] = ()) -> Run:
    """Read the org now, in this process, and return the finished plan; SyncError if it fails."""
    problem = org.readable() if kind is RunKind.PLAN else org.ready()
    if problem is not None:
        raise NotAllowed(problem)
    return finished(org, org.queue_run(kind, by, user_ids))


def finished(org: Org, run_id: int) -> Run:
    """Do a queued plan now, in this process, unless a worker is faster; SyncError if it fails."""
    with Bar(console=console, disable=not console.is_terminal, transient=True) as bar:
        task = bar.add_task(f"reading {org.name}", total=None)

        def progress(read: int) -> None:
            bar.update(task, completed=read)

        run = org.reconciler().carry_out(run_id, progress, seconds=inf)
        if run is None:
            run = _followed(run_id, progress)
    if run.status is not RunStatus.DONE:
        raise NotAllowed(f"Run {run.id} {run.status.value}: {run.error}")
    return run


def _followed(run_id: int, progress: Progress) -> Run:
    """A run that a worker was faster to take, when that has ended it."""
    while (run := runtime().store.run(run_id)).status in (RunStatus.QUEUED, RunStatus.RUNNING):
        progress(run.users_read)
        time.sleep(FOLLOW_SECONDS)
    return run


def items(run: Run) -> Iterator[PlanItem]:
    """All items of a plan, streamed."""
    after_id = ""
    while page := runtime().store.items(run.id, after_id):
        yield from page
        after_id = page[-1].user_id


def show_plan(run: Run, *, json: bool, file: Path | None) -> None:
    """Print a plan, and write it as CSV if a file is named."""
    if file is not None:
        with opened(file) as target:
            write_rows(target, rows.ITEM_FIELDS, map(rows.of_item, items(run)))
    if json:
        print_json(plan_json(run))
        return
    digest = Digest()
    for item in items(run):
        digest.add(item)
    print_table(
        ("user", "requests", "has", "will have", "why"),
        (_cells(item) for item in digest.shown),
        empty="Nothing to do: every user is as the rules say.",
    )
    if run.unsettled > len(digest.shown):
        say(f"… and {run.unsettled - len(digest.shown)} more: --csv FILE or --json shows all.")
    say(f"{counted(run.users_read, 'user')} read, {run.unsettled} not settled.")
    for sentence in digest.sentences(run.kind):
        say(sentence)


def plan_json(run: Run) -> dict[str, object]:
    """A plan as programs see it."""
    return {
        "run": run.id,
        "org": run.org,
        "kind": run.kind.value,
        "users_read": run.users_read,
        "unsettled": run.unsettled,
        "removals": run.removals,
        "grants": run.grants,
        "items": [rows.of_item(item) for item in items(run)],
    }


def _cells(item: PlanItem) -> tuple[str, ...]:
    requested = names(item.requested)
    if item.requested_after != item.requested:
        requested += f" → {names(item.requested_after)}"
    after = "not written" if item.after is None else names(item.after)
    if item.after == item.held:
        after = "unchanged"
    why = item.why or ("not requested" if item.removed else "")
    if item.hold:
        why = f"{names(item.hold)} held back. {why}"
    return item.username, requested, names(item.held), after, why
