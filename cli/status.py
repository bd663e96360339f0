"""`license-sync status`: what waits, how old it is, and whether anything is wrong."""

from datetime import datetime, timedelta

from cli.orgs import org_rows, say_what_is_wrong
from cli.output import age, isoformat, print_json, print_table, say
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
    now = runtime().store.now()
    print_table(
        ("org", "mode", "pending", "parked", "conflicts", "refusals", "last poll", "API calls"),
        (
            (
                name,
                str(org["mode"]),
                _pending(org, now),
                str(org["parked"]),
                str(org["open_conflicts"]),
                str(org["open_refusals"]),
                _ago(org["last_poll_at"], now),
                _quota(org),
            )
            for name, org in orgs.items()
        ),
        empty="No org is configured: the README shows the four settings.",
    )
    say_what_is_wrong({"org": name, **org} for name, org in orgs.items())
    workers = document["workers"]
    assert isinstance(workers, dict)
    for name, worker in workers.items():
        alive = "works" if worker["alive"] else "gives no sign of life"
        say(f"{name} {alive}: last heard {_ago(worker['at'], now)} ago.")
    if not workers:
        say("No worker has shown itself yet: start `license-sync up`, or worker and beat.")


def _ago(at: object, now: datetime) -> str:
    return age(datetime.fromisoformat(str(at)) if at else None, now)


def _pending(org: dict[str, object], now: datetime) -> str:
    oldest = org["oldest_pending_at"]
    return f"{org['pending']}, {_ago(oldest, now)}" if oldest else str(org["pending"])


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
