"""How each configured org stands, and what waits, as programs see it. No network.

The command line and the API show the same documents.
"""

from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime

from config.told import told
from config.wiring import Runtime
from sync import budget
from sync.arming import Mode
from sync.errors import SyncError
from sync.heartbeats import LISTENER, patience
from sync.phrases import isoformat
from sync.ports.orgs import OrgState
from sync.ports.review import OrgFigures
from sync.ports.runs import RunKind, RunStatus
from sync.rows import of_brake


def org_rows(runtime: Runtime, names: Iterable[str]) -> Iterator[dict[str, object]]:
    """These configured orgs, one row each."""
    names = list(names)
    streams = told(runtime, names)
    return (_row(runtime, name, streams[name]) for name in names)


def org_row(runtime: Runtime, name: str) -> dict[str, object]:
    """One configured org: armed, observing or paused, and what is wrong."""
    return next(org_rows(runtime, [name]))


def _row(runtime: Runtime, name: str, listening: Mapping[str, object] | None) -> dict[str, object]:
    state = runtime.store.state(name)
    mode, problem = _mode(runtime, name, state)
    return {
        "org": name,
        "mode": "unusable" if mode is None else mode.value,
        "organization_id": state.organization_id,
        "armed_by": state.armed_by,
        "armed_at": isoformat(state.armed_at),
        "paused_by": state.paused_by,
        "paused_at": isoformat(state.paused_at),
        "last_poll_at": isoformat(state.last_poll_at),
        "last_reconcile_at": isoformat(state.last_reconcile_at),
        "api_used": state.api_used,
        "api_allowed": state.api_allowed,
        "budget": None if mode is None else _budget(runtime, state),
        "problem": problem or state.problem,
        "listening": listening,
        "run_problem": _run_problem(runtime, state),
        "waits_for": "" if mode is None else waits_for(name, mode),
        "brake": next((of_brake(b) for b in runtime.store.brakes() if b.org == name), None),
    }


def _mode(runtime: Runtime, name: str, state: OrgState) -> tuple[Mode | None, str | None]:
    """The org's mode, or why its settings cannot be used: that is no other org's trouble."""
    try:
        return runtime.org(name).mode(state), None
    except SyncError as error:
        return None, str(error)


def _budget(runtime: Runtime, state: OrgState) -> str | None:
    """What waits until there are API calls again."""
    reached = runtime.org(state.org).meter.stage(state)
    return budget.sentence(reached, state.api_used, state.api_allowed)


def _run_problem(runtime: Runtime, state: OrgState) -> str | None:
    """Why the last reconcile of the whole org failed, or waits to be tried again."""
    if state.armed_fingerprint is None:
        return None
    run = runtime.store.latest_run(state.org, RunKind.RECONCILE, state.armed_fingerprint)
    if run is None or run.error is None or run.status is RunStatus.RUNNING:
        return None
    what = "failed" if run.status is RunStatus.FAILED else "waits"
    return f"reconcile {run.id} {what}: {run.error}"


def waits_for(name: str, mode: Mode) -> str:
    """Why an org in this mode is not written to, and what ends that; empty if it is."""
    match mode:
        case Mode.OBSERVING:
            return (
                "observed: nothing is written until a person approves: look at `license-sync orgs "
                f"plan {name}`, then `orgs approve {name}` or `orgs adopt {name}`."
            )
        case Mode.PAUSED:
            return f"paused: nothing is written until `license-sync orgs resume` (or `… {name}`)."
        case Mode.ARMED:
            return ""


def status(runtime: Runtime, visible: frozenset[str] | None = None) -> dict[str, object]:
    """What waits, how old it is, and whether anything is wrong; of these orgs, None: of all."""
    store = runtime.store
    now = store.now()
    figures = {org: f for org, f in store.figures().items() if visible is None or org in visible}
    names = [name for name in runtime.org_names if visible is None or name in visible]
    return {
        "at": isoformat(now),
        "pending": sum(f.pending for f in figures.values()),
        "parked": sum(f.parked for f in figures.values()),
        "open_conflicts": sum(f.open_conflicts for f in figures.values()),
        "open_refusals": sum(f.open_refusals for f in figures.values()),
        "orgs": dict(_org(row, figures) for row in org_rows(runtime, names)),
        "workers": {name: _worker(name, at, now) for name, at in heartbeats(runtime).items()},
    }


def _org(
    row: dict[str, object], of_orgs: Mapping[str, OrgFigures]
) -> tuple[str, dict[str, object]]:
    name = str(row.pop("org"))
    figures = of_orgs.get(name)
    return name, row | {
        "pending": figures.pending if figures else 0,
        "oldest_pending_at": isoformat(figures.oldest_pending_at) if figures else None,
        "parked": figures.parked if figures else 0,
        "open_conflicts": figures.open_conflicts if figures else 0,
        "open_refusals": figures.open_refusals if figures else 0,
    }


def heartbeats(runtime: Runtime) -> Mapping[str, datetime]:
    """When each part last made progress; of who listens only if somebody should."""
    listens = any(org.events for org in runtime.settings.orgs.values())
    found = runtime.store.beats()
    return {name: at for name, at in found.items() if listens or name != LISTENER}


def _worker(name: str, at: datetime, now: datetime) -> dict[str, object]:
    return {"at": isoformat(at), "alive": now - at < patience(name)}
