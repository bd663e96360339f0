"""`license-sync status`: what waits, how old it is, and whether anything is wrong."""

from datetime import datetime

from cli.orgs import say_what_is_wrong
from cli.output import age, print_json, print_table, say
from cli.session import JsonFlag, runtime
from config import standing
from sync.heartbeats import WORKERS, patience


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
        _HEADINGS,
        (
            (
                name,
                str(org["mode"]),
                _pending(org, now),
                str(org["parked"]),
                str(org["open_conflicts"]),
                str(org["open_refusals"]),
                _ago(org["last_poll_at"], now),
                _listening(org["listening"], now),
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


_HEADINGS = (
    *("org", "mode", "pending", "parked", "conflicts", "refusals"),
    *("last poll", "events", "API calls"),
)


def _listening(row: object, now: datetime) -> str:
    if not isinstance(row, dict):
        return "–"
    return f"told, heard {_ago(row['heard_at'], now)}" if row["works"] else "polling alone"


def _ago(at: object, now: datetime) -> str:
    return age(datetime.fromisoformat(str(at)) if at else None, now)


def _pending(org: dict[str, object], now: datetime) -> str:
    oldest = org["oldest_pending_at"]
    return f"{org['pending']}, {_ago(oldest, now)}" if oldest else str(org["pending"])


def status_json() -> dict[str, object]:
    """The status as programs see it."""
    return standing.status(runtime())


def anybody_works() -> bool:
    """Whether a worker has shown itself of late."""
    now, beats = runtime().store.now(), runtime().store.beats()
    return any(now - beats[name] < patience(name) for name in WORKERS if name in beats)


def _quota(org: dict[str, object]) -> str:
    return f"{org['api_used']}/{org['api_allowed']}" if org["api_allowed"] else "–"
