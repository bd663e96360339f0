"""Whether this process works, and whether the program gets on: for probes, without any name."""

from collections.abc import Sequence
from datetime import datetime, timedelta

from admin.metrics import MeasuredStore
from sync.errors import StoreUnavailable
from sync.heartbeats import LISTENER, SILENT, patience

POLLS_MISSED = 4
"""Polls in a row that an org may miss."""


def health(
    store: MeasuredStore,
    orgs: Sequence[str],
    poll_seconds: float = 15.0,
    *,
    progress: bool = False,
) -> tuple[int, dict[str, object]]:
    """A status, 200 or 503, and what it is made of. No org or user is named.

    An org that tells of its changes need not be polled; nobody has to listen.

    503 means that the database cannot be read: to restart this process for a worker that is
    silent would mend nothing. With `progress`, for whoever wakes people, it also means that a
    worker is silent or that an org is not looked at.
    """
    try:
        now, beats = store.now(), store.beats()
        beats = {name: at for name, at in beats.items() if name != LISTENER}
        polls = {org: store.state(org).last_poll_at for org in orgs}
        told = {org for org, stream in store.streams().items() if stream.works(now)}
    except StoreUnavailable:
        return 503, {"ok": False, "database": "unavailable"}
    workers = {name: _worker(name, at, now) for name, at in sorted(beats.items())}
    polled = max(SILENT, timedelta(seconds=POLLS_MISSED * poll_seconds))
    lately = sum(
        org in told or (at is not None and now - at <= polled) for org, at in polls.items()
    )
    gets_on = bool(beats) and all(now - at <= patience(name) for name, at in beats.items())
    gets_on = gets_on and lately == len(polls)
    return 503 if progress and not gets_on else 200, {
        "ok": True,
        "database": "ok",
        "gets_on": gets_on,
        "workers": workers,
        "orgs": {"configured": len(polls), "polled_lately": lately},
    }


def _worker(name: str, at: datetime, now: datetime) -> dict[str, object]:
    age = max(0.0, (now - at).total_seconds())
    return {"works": now - at <= patience(name), "heard_seconds_ago": round(age, 1)}
