"""`license-sync health`: whether a part of the program makes progress. For health checks."""

from enum import StrEnum

import typer

from cli.output import say, warn
from cli.session import runtime
from sync.heartbeats import LISTENER, patience


class Part(StrEnum):
    """What can be asked after: the workers of a queue, the schedule, or who listens to events."""

    LIVE = "live"
    BULK = "bulk"
    SLOW = "slow"
    BEAT = "beat"
    LISTEN = "listen"


_SHOWN_BY = {Part.BEAT: ("worker-live", "worker-bulk"), Part.LISTEN: (LISTENER,)}


def health(part: Part) -> None:
    """Exit 1 unless heartbeats were finished lately: of a queue's workers; of any, for `beat`.

    Those of the slow workers say nothing of beat: they also give signs of life of their own.
    """
    store = runtime().store
    beats, now = store.beats(), store.now()
    ages = [now - beats[name] for name in _SHOWN_BY.get(part, (f"worker-{part}",)) if name in beats]
    if not ages:
        warn(f"{part}: no heartbeat yet; are beat, broker and worker running?")
        raise typer.Exit(1)
    seconds = min(ages).total_seconds()
    if min(ages) > patience(f"worker-{part}"):
        warn(f"{part}: the last heartbeat is {seconds:.0f} s old; look at its log.")
        raise typer.Exit(1)
    say(f"{part}: the last heartbeat is {seconds:.0f} s old.")
