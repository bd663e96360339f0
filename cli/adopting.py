"""`license-sync orgs adopt`: what is held becomes what is requested, then the org is armed."""

from pathlib import Path

import typer
from rich.progress import Progress as Bar

from cli.output import console, counted, say
from cli.plans import make_plan, show_plan
from cli.session import person, runtime
from sync.adoption import AdoptionReport
from sync.arming import Mode
from sync.errors import NotAllowed
from sync.org import Org
from sync.ports.runs import Run, RunKind

ROUNDS = 3
"""How often users that moved meanwhile are planned again before a person is asked again."""


def adopt_org(org: Org, *, yes: bool, file: Path | None) -> None:
    """Plan, ask, write the requests, look again; arm when nothing would be removed any more."""
    _check(org)
    run = make_plan(org, RunKind.ADOPT, person())
    show_plan(run, json=False, file=file)
    if not yes:
        typer.confirm(f"Adopt what the users of {org.name} hold, and arm it?", abort=True)
    report = _apply(org, run)
    for _ in range(ROUNDS):
        run = make_plan(org, RunKind.ADOPT, person())
        if not _unadopted(run):
            break
        report = _apply(org, run)
    left = _unadopted(run)
    if left:
        reasons = {report.left.get(user, "it changed meanwhile") for user in left}
        raise NotAllowed(
            f"{counted(len(left), 'user')} of {org.name} could not be adopted, so it is not armed: "
            f"{'; '.join(sorted(reasons))}. Mend that and adopt again."
        )
    org.arm(by=person())
    say(
        f"{org.name} is adopted and armed. What the rules refuse stays, and is listed by "
        "`license-sync parked list` once the workers have been there."
    )


def _check(org: Org) -> None:
    problem = org.ready()
    state = runtime().store.state(org.name)
    if problem is not None:
        raise NotAllowed(problem)
    if org.mode(state) is Mode.ARMED:
        raise NotAllowed(f"{org.name} is armed already: there is nothing to adopt.")
    if state.paused_at is not None:
        raise NotAllowed(f"{org.name} is paused: `license-sync orgs resume {org.name}` first.")


def _apply(org: Org, run: Run) -> AdoptionReport:
    with Bar(console=console, disable=not console.is_terminal, transient=True) as bar:
        task = bar.add_task(f"adopting {org.name}", total=run.unsettled)
        report = org.adopter().apply(run.id, person(), lambda done: bar.advance(task, done))
    if report is None:
        raise NotAllowed(f"Somebody else is adopting {org.name} just now.")
    say(f"{counted(report.adopted, 'user')} adopted, {report.held_back} with something held back.")
    return report


def _unadopted(run: Run) -> list[str]:
    """Users whose request is still not what they hold, or of whom that is not known."""
    left: list[str] = []
    after_id = ""
    while page := runtime().store.items(run.id, after_id):
        left.extend(i.user_id for i in page if i.after is None or i.requested != i.requested_after)
        after_id = page[-1].user_id
    return left
