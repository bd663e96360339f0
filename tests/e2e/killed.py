"""A nursery of listeners that kill themselves with SIGKILL: `python -m tests.e2e.killed`.

Everything is imported once; each listener is a fork, which logs in, takes over from the dead one
and listens as `worker.listen` does. It dies at the chosen point the n-th time that it gets there:

received  events have arrived, nothing is stored
storing   inside the transaction, before the users that the events name are stored
stored    all is stored, nobody is woken yet

The settings are the environment's. A line of JSON is said for each thing that happens; after
"ready", when there is a position to go on from, and after "killed" for the last time, a line is
waited for. Then a listener that lives goes on until it is told to stop.
"""

import argparse
import json
import os
import random
import signal
import sys
import time
import traceback
from collections.abc import Callable
from typing import Any

from config.loading import load_settings
from config.logging import configure_logging
from config.wiring import Runtime
from sync.ports.pending import Priority
from sync.store import streams
from worker import listen
from worker.base import runtime

POINTS = ("received", "storing", "stored")
LATEST = 3
"""Each dies at the latest when it gets so often to the point: some have got further before."""


def main() -> None:
    """Run the nursery."""
    parser = argparse.ArgumentParser(prog="killed", description=__doc__)
    parser.add_argument("--point", choices=POINTS, action="append", required=True, dest="points")
    parser.add_argument("--kills", type=int, required=True, help="at each point")
    parser.add_argument("--seed", type=int, default=7)
    parser.add_argument("--arm", action="store_true", help="begin with an org that may be written")
    parser.add_argument("--mute", action="store_true", help="wake nobody, as if there were nobody")
    chosen = parser.parse_args()
    configure_logging(load_settings())
    chance = random.Random(chosen.seed)
    if chosen.arm:
        _live(lambda: _arm(runtime()))
    _live(_die_once_opened, signal.SIGKILL)
    _say("ready", wait=True)
    for number in range(chosen.kills * len(chosen.points)):
        point = chosen.points[number % len(chosen.points)]
        often = chance.randint(1, LATEST)
        began = time.monotonic()
        _live(lambda point=point, often=often: _die(point, often, chosen.mute), signal.SIGKILL)
        _say("killed", point=point, often=often, seconds=round(time.monotonic() - began, 2))
    _say("over", wait=True)
    _listen(mute=True)


def _say(what: str, *, wait: bool = False, **more: Any) -> None:
    sys.stdout.write(json.dumps({"what": what, **more}) + "\n")
    sys.stdout.flush()
    if wait and not sys.stdin.readline():
        sys.exit(1)


def _live(life: Callable[[], None], end: int = 0) -> None:
    """Let a process live; it has to end by this signal, or well."""
    pid = os.fork()
    if pid == 0:
        try:
            life()
            os._exit(0)
        finally:
            traceback.print_exc()
            os._exit(1)
    _, status = os.waitpid(pid, 0)
    if os.waitstatus_to_exitcode(status) != -end:
        sys.exit(f"a process ended with {os.waitstatus_to_exitcode(status)}, not by {end}")


def _arm(made: Runtime) -> None:
    """What workers do until the org is armed and nothing waits."""
    for name in made.org_names:
        org, idle = made.org(name), 0
        while idle < 2:
            org.poll()
            work = made.store.due_work().get(name)
            for run_id in work.runs if work else ():
                org.carry_out(run_id)
            settled = [org.settle(priority, 2000) for priority in Priority]
            idle = 0 if work or any(settled) else idle + 1
            time.sleep(0.1)


def _die_once_opened() -> None:
    """Until the stream has answered for the first time, so that there is a position."""
    real = streams.Streams.hear

    def hear(self: Any, *args: Any) -> int:
        real(self, *args)
        return _end()

    streams.Streams.hear = hear
    _listen(mute=True)


def _die(point: str, often: int, mute: bool) -> None:
    left = [often]

    def come(to: str) -> None:
        left[0] -= to == point
        if left[0] <= 0:
            _end()

    real_hear, real_notices, real_wake = streams.Streams.hear, streams.store_notices, listen.wake

    def hear(self: Any, stream: Any, heard: Any, seconds: float) -> int:
        if heard.notices:
            come("received")
        return real_hear(self, stream, heard, seconds)

    def store_notices(database: Any, connection: Any, now: Any, org: str, notices: Any) -> int:
        if notices:
            come("storing")
        return real_notices(database, connection, now, org, notices)

    def wake(org: str) -> None:
        come("stored")
        if not mute:
            real_wake(org)

    streams.Streams.hear, streams.store_notices, listen.wake = hear, store_notices, wake
    listen.Listening(runtime()).run()


def _listen(*, mute: bool) -> None:
    if mute:
        listen.wake = lambda org: None
    listen.Listening(runtime()).run()


def _end() -> int:
    os.kill(os.getpid(), signal.SIGKILL)
    raise AssertionError


if __name__ == "__main__":
    main()
