"""`license-sync status`: what waits, how old it is, and whether anything is wrong."""

from datetime import datetime, timedelta

from cli.orgs import org_rows
from cli.output import isoformat, print_json, print_table, say
from cli.session import JsonFlag, runtime

STALE = timedelta(seconds=60)


def status(json: JsonFlag = False) -> None:
    """Show queue depth and age, quota, last polls, and each org's trouble."""
    document = status_json()
    if json:
        print_json(document)
        return
    orgs = document["orgs"]
    assert isinstance(orgs, dict)
    print_table(
        (
            "org",
            "mode",
            "pending",
            "parked",
            "conflicts",
            "refusals",
            "last poll",
            "API calls",
            "says",
        ),
        (
            (
                name,
                str(org["mode"]),
                str(org["pending"]),
                str(org["parked"]),
                str(org["open_conflicts"]),
                str(org["open_refusals"]),
                str(org["last_poll_at"] or "never")[:19].replace("T", " "),
                _quota(org),
                str(org["problem"] or org["waits_for"]),
            )
            for name, org in orgs.items()
        ),
        empty="No org is configured: the README shows the four settings.",
    )
    workers = document["workers"]
    assert isinstance(workers, dict)
    for name, worker in workers.items():
        say(f"{name}: {'working' if worker['alive'] else 'no sign of life'}, last {worker['at']}")
    if not workers:
        say("No worker has shown itself yet: start `license-sync up`, or worker and beat.")


def status_json() -> dict[str, object]:
    """The status as programs see it."""
    store = runtime().store
    now, figures = store.now(), store.figures()
    orgs: dict[str, dict[str, object]] = {}
    for row in org_rows():
        name = str(row.pop("org"))
        mine = figures.get(name)
        orgs[name] = row | {
            "pending": mine.pending if mine else 0,
            "oldest_pending_at": isoformat(mine.oldest_pending_at) if mine else None,
            "parked": mine.parked if mine else 0,
            "open_conflicts": mine.open_conflicts if mine else 0,
            "open_refusals": mine.open_refusals if mine else 0,
        }
    return {
        "at": isoformat(now),
        "pending": sum(f.pending for f in figures.values()),
        "parked": sum(f.parked for f in figures.values()),
        "open_conflicts": sum(f.open_conflicts for f in figures.values()),
        "open_refusals": sum(f.open_refusals for f in figures.values()),
        "orgs": orgs,
        "workers": {name: _worker(at, now) for name, at in store.beats().items()},
    }


def anybody_works() -> bool:
    """Whether a worker has shown itself of late."""
    now = runtime().store.now()
    return any(now - at < STALE for at in runtime().store.beats().values())


def _worker(at: datetime, now: datetime) -> dict[str, object]:
    return {"at": isoformat(at), "alive": now - at < STALE}


def _quota(org: dict[str, object]) -> str:
    return f"{org['api_used']}/{org['api_allowed']}" if org["api_allowed"] else "–"
