"""What others' trouble costs: `python -m bench.isolation [--pending N] [--rounds N] [--slow S]`.

Real processes, ten simulated orgs over HTTPS. Six are quiet: an admin ticks a license for one user
of each, round by round. The program serves these six alone; then four more with them: one with a
wrong secret, one out of API calls, one with N users that wait to be settled, one whose answers take
S seconds. The trouble of the last three begins in the same moment. Prints for the six the median
and the worst time from edit to settled, as the orgs' journals have it.
"""

import argparse
import math
import statistics
import sys
import tempfile
import time
from collections.abc import Iterable, Iterator, Mapping
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path

from bench.toggling import toggles
from sync.ports.pending import Priority
from tests.e2e.harness import (
    API,
    ORG,
    Program,
    Salesforce,
    pointed_at,
    running,
    salesforce,
    wait_for,
)
from tests.e2e.waiting import Askers

QUIET = (ORG, "quiet2", "quiet3", "quiet4", "quiet5", "quiet6")
SECRET, QUOTA, FLOOD, SLOW = "secret", "quota", "flood", "slow"
EVERYBODY = (*QUIET, SECRET, QUOTA, FLOOD, SLOW)
EVERY = 2.3
"""Seconds from round to round: no multiple of a poll, so that edits meet all of its interval."""

START_SECONDS, END_SECONDS = 1200.0, 60.0

_ARMED = "SELECT count(*) FROM org_state WHERE armed_fingerprint IS NOT NULL"
_RUNS = "SELECT count(*) FROM run WHERE status IN ('queued', 'running')"
_WAITING = f"SELECT count(*) FROM pending_user WHERE org = '{FLOOD}'"
_LIVE_WAITING = f"{_WAITING} AND priority = {Priority.LIVE.value}"
_OTHERS_WAITING = f"SELECT count(*) FROM pending_user WHERE org <> '{FLOOD}'"


def main() -> int:
    """Measure the six alone and in company; 0 if company costs them no more than as much again."""
    parser = argparse.ArgumentParser(prog="bench isolation", description=__doc__.splitlines()[0])
    parser.add_argument("--pending", type=int, default=50_000, metavar="N")
    parser.add_argument("--rounds", type=int, default=25)
    parser.add_argument("--slow", type=float, default=20.0, metavar="S")
    parser.add_argument("--poll", type=float, default=2.0, metavar="SECONDS")
    wanted = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="bench-") as folder, ExitStack() as stack:
        home = Path(folder)
        orgs = {n: stack.enter_context(_org(home / n, wanted.pending)) for n in EVERYBODY}
        quiet = Askers({name: orgs[name] for name in QUIET})
        with _program(home, orgs, QUIET, wanted.poll) as made:
            _wait_until_idle(made, armed=len(QUIET))
            alone = _measure(quiet, wanted.rounds)
            _show("alone", alone)
        with _program(home, orgs, EVERYBODY, wanted.poll) as made:
            _fill(made, orgs[FLOOD])
            _wait_until_idle(made, armed=len(EVERYBODY) - 1)
            _begin_trouble(made, orgs, wanted.slow)
            company = _measure(quiet, wanted.rounds)
            _show("in company", company)
            print(f"of {wanted.pending} users that waited in one org, {made.count(_WAITING)} do")
            orgs[SLOW].process.kill()  # its answers would hold up the end
            time.sleep(2)
    return _judge(alone, company)


@contextmanager
def _org(folder: Path, pending: int) -> Iterator[Salesforce]:
    folder.mkdir()
    users = pending + 2 if folder.name == FLOOD else 200
    with salesforce(folder, "--users", str(users), "--seed", "7") as made:
        yield made


@contextmanager
def _program(
    home: Path, orgs: Mapping[str, Salesforce], names: Iterable[str], poll: float
) -> Iterator[Program]:
    """license-sync for these orgs, without brakes."""
    settings = {"LICENSE_SYNC_POLL_SECONDS": str(poll), "LICENSE_SYNC_OVERLAP_SECONDS": "30"}
    for name in names:
        settings |= pointed_at(orgs[name], name)
        mine = f"LICENSE_SYNC_ORGS__{name.upper()}__"
        settings |= {f"{mine}BRAKE_LICENSES": "none", f"{mine}BRAKE_SHARE": "none"}
        if name == SECRET:
            settings[f"{mine}CLIENT_SECRET"] = "wrong"
    with running(home, orgs[ORG], **settings) as made:
        yield made


def _fill(made: Program, org: Salesforce) -> None:
    """Everybody in the org waits as after live edits: it is paused, and everybody is edited."""
    wait_for("armed", lambda: made.count(f"{_ARMED} AND org = '{FLOOD}'"), START_SECONDS)
    made.run("orgs", "pause", FLOOD)
    users = [user for user in org.users().values() if user["IsActive"]]
    for body in toggles(users):
        address = f"{org.url}{API}/composite/sobjects"
        org.http.patch(address, json=body, timeout=60).raise_for_status()
    wait_for("all wait", lambda: made.count(_LIVE_WAITING) >= 0.9 * len(users), START_SECONDS)


def _begin_trouble(made: Program, orgs: Mapping[str, Salesforce], slow: float) -> None:
    orgs[QUOTA].control("quota", {"max": 1000, "used": 1000})
    orgs[SLOW].fault("slow_answer", seconds=slow)
    made.run("orgs", "resume", FLOOD)


def _measure(quiet: Askers, rounds: int) -> list[float]:
    since = quiet.marks()
    quiet.ask(rounds, EVERY)
    with suppress(AssertionError):  # a wait without end says more
        wait_for("all are settled", lambda: max(quiet.waits(since)) < math.inf, END_SECONDS)
    return quiet.waits(since)


def _show(name: str, waits: list[float]) -> None:
    median, worst = statistics.median(waits), max(waits)
    print(f"{name}: {len(waits)} edits, median {median:.2f} s, worst {worst:.2f} s", flush=True)


def _judge(alone: list[float], company: list[float]) -> int:
    median, worst = 2 * statistics.median(alone), 2 * max(alone)
    print(f"wanted: median within {median:.2f} s, worst within {worst:.2f} s")
    return 0 if statistics.median(company) <= median and max(company) <= worst else 1


def _wait_until_idle(made: Program, armed: int) -> None:
    def is_idle() -> bool:
        busy = made.count(_RUNS) + made.count(_OTHERS_WAITING)
        return made.count(_ARMED) == armed and not busy

    wait_for(f"{armed} orgs are armed and idle", is_idle, START_SECONDS)


if __name__ == "__main__":
    sys.exit(main())
