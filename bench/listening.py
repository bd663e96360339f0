"""From an edit to its correction, told or polled for: `python -m bench.listening [--seconds S]`.

Real processes on one machine: the simulated org over HTTPS and gRPC, listener, workers, broker,
SQLite. An admin ticks a license for a random user 20 times a second. Measured is the time from the
answer to that edit until the corrected flags can be read over REST: the commit of our write, as the
org's journal has it; and, for one edit in twenty, when a client that asks every 5 ms sees it. First
while the org tells of its changes, then with polling alone, at the interval that is shipped.

`--burst N`: one bulk load edits N users; how long until all are settled, and in how many calls.
"""

import argparse
import random
import statistics
import sys
import tempfile
import threading
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from tests.e2e.harness import (
    API,
    NO_BRAKE,
    Program,
    Salesforce,
    listening_to,
    running,
    salesforce,
    wait_for,
)

RATE = 20.0
SAMPLE = 20
LONGEST_SECONDS = 120.0
FIELD = "Requested_Insight__c"
SHOWN = "Effective_Insight__c"
_ARMED = "SELECT count(*) FROM org_state WHERE armed_fingerprint IS NOT NULL"
_BUSY = (
    "SELECT (SELECT count(*) FROM pending_user)"
    " + (SELECT count(*) FROM run WHERE status IN ('queued', 'running'))"
)
_OPEN = "SELECT count(*) FROM event_stream WHERE opened_at IS NOT NULL"


def main() -> int:
    """Measure both ways, then the burst; 0 if the told ones are within 60 and 500 ms."""
    parser = argparse.ArgumentParser(prog="bench listening", description=__doc__.splitlines()[0])
    parser.add_argument("--seconds", type=int, default=60)
    parser.add_argument("--users", type=int, default=3000)
    parser.add_argument("--poll", type=float, default=15.0, metavar="SECONDS")
    parser.add_argument("--burst", type=int, default=0, metavar="N")
    wanted = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="bench-") as folder:
        home = Path(folder)
        users = max(wanted.users, wanted.burst + 200)
        with _org(home, users) as org:
            with _program(home / "told", org, {**listening_to(org), **_poll(wanted.poll)}) as made:
                _wake_the_stream(made, org)
                if wanted.burst:
                    _burst(made, org, wanted.burst)
                told = _measure(org, wanted.seconds)
                _show("told by events", told)
            with _program(home / "polled", org, _poll(wanted.poll)) as made:
                _show(f"polled every {wanted.poll:g} s", _measure(org, wanted.seconds))
    return 0 if _at(told, 0.5) < 0.06 and _at(told, 0.99) < 0.5 else 1


@contextmanager
def _org(home: Path, users: int) -> Iterator[Salesforce]:
    folder = home / "org"
    folder.mkdir()
    options = ("--users", str(users), "--seed", "7", "--pubsub-port", "0")
    with salesforce(folder, *options) as made:
        yield made


def _poll(seconds: float) -> dict[str, str]:
    return {"LICENSE_SYNC_POLL_SECONDS": str(seconds), "LICENSE_SYNC_OVERLAP_SECONDS": "300"}


@contextmanager
def _program(home: Path, org: Salesforce, settings: Mapping[str, str]) -> Iterator[Program]:
    home.mkdir()
    with running(home, org, **{**settings, **NO_BRAKE}) as made:
        wait_for("armed", lambda: made.count(_ARMED), 300)
        _wait_until_idle(made)
        yield made


def _wait_until_idle(made: Program) -> None:
    idle = [0]

    def is_idle() -> bool:
        idle[0] = 0 if made.count(_BUSY) else idle[0] + 1
        return idle[0] > 20

    wait_for("idle", is_idle, 600)


def _wake_the_stream(made: Program, org: Salesforce) -> None:
    """A stream that begins afresh answers at the first change, or within minutes."""
    org.control("events/settings", {"keepalive_seconds": 1})
    wait_for("the stream answers", lambda: made.count(_OPEN), 30)
    org.control("events/settings", {"keepalive_seconds": 270})
    _wait_until_idle(made)


def _people(org: Salesforce) -> dict[str, bool]:
    """Active ordinary users, and whether they ask for it."""
    users = org.users()
    return {
        i: bool(u[FIELD]) for i, u in users.items() if u["IsActive"] and "user" in u["Username"]
    }


def _measure(org: Salesforce, seconds: int) -> list[float]:
    """Edit for so many seconds; sorted times until the flags are right."""
    people, chance = _people(org), random.Random(7)
    since = org.facts_now()["last_change"]
    answered: dict[str, float] = {}
    watcher = _Watcher(org)
    start = time.monotonic()
    for number, user_id in enumerate(chance.sample(sorted(people), int(seconds * RATE))):
        time.sleep(max(0.0, start + number / RATE - time.monotonic()))
        org.edit(user_id, {FIELD: not people[user_id]})
        answered[user_id] = time.time()
        if number % SAMPLE == 0:
            watcher.watch(user_id, not people[user_id], answered[user_id])
    behind = time.monotonic() - start - seconds
    settled: dict[str, float] = {}

    def are_settled() -> bool:
        for change in org.changes(since):
            if SHOWN in change["after"]:
                settled.setdefault(change["id"], float(change["at"]))
        return answered.keys() <= settled.keys()

    wait_for("all are settled", are_settled, LONGEST_SECONDS)
    watcher.end()
    print(f"  {len(answered)} edits, {behind:.2f} s behind the rate at the end", flush=True)
    _show("  as a client sees it", watcher.seen)
    return sorted(max(0.0, settled[i] - at) for i, at in answered.items())


class _Watcher:
    """A client that looks at one user at a time until the flag is as asked."""

    def __init__(self, org: Salesforce) -> None:
        self._org = org
        self._threads: list[threading.Thread] = []
        self.seen: list[float] = []

    def watch(self, user_id: str, wanted: bool, since: float) -> None:
        thread = threading.Thread(target=self._look, args=(user_id, wanted, since), daemon=True)
        self._threads.append(thread)
        thread.start()

    def _look(self, user_id: str, wanted: bool, since: float) -> None:
        url = f"{self._org.url}{API}/sobjects/User/{user_id}?fields={SHOWN}"
        while time.time() < since + LONGEST_SECONDS:
            if self._org.http.get(url, timeout=60).json()[SHOWN] is wanted:
                self.seen.append(time.time() - since)
                return
            time.sleep(0.005)

    def end(self) -> None:
        for thread in self._threads:
            thread.join()
        self.seen.sort()


def _burst(made: Program, org: Salesforce, count: int) -> None:
    """One bulk load; until nothing is left to do."""
    people = _people(org)
    rows = [f"{i},{str(not asked).lower()}" for i, asked in list(people.items())[:count]]
    calls, began = org.last_call(), time.monotonic()
    _load(org, f"Id,{FIELD}\n" + "\n".join(rows) + "\n")
    loaded = time.monotonic() - began
    _wait_until_idle(made)
    own = org.facts_now()["integration_id"]
    ours = [call for call in org.calls(calls) if call["user_id"] == own]
    last = max(call["answered_at"] or 0.0 for call in ours if call["writes"])
    first = min(change["at"] for change in _of(ours))
    print(
        f"burst: {len(rows)} users, loaded in {loaded:.1f} s, our first write to our last "
        f"{last - first:.1f} s, {len(ours)} calls of ours",
        flush=True,
    )


def _of(calls: Sequence[Mapping[str, Any]]) -> Iterator[Mapping[str, Any]]:
    return (change for call in calls for change in call["writes"])


def _load(org: Salesforce, csv: str) -> None:
    """A job of Bulk API 2.0 from beginning to end."""
    url = f"{org.url}{API}/jobs/ingest"
    job = org.http.post(url, json={"object": "User", "operation": "update"}, timeout=60).json()
    place = f"{url}/{job['id']}"
    content = {"Content-Type": "text/csv"}
    org.http.put(f"{place}/batches", data=csv.encode(), headers=content, timeout=60)
    org.http.patch(place, json={"state": "UploadComplete"}, timeout=60)
    wait_for(
        "the load is done",
        lambda: org.http.get(place, timeout=60).json()["state"] == "JobComplete",
        600,
    )


def _at(seconds: Sequence[float], share: float) -> float:
    return seconds[min(int(len(seconds) * share), len(seconds) - 1)] if seconds else float("inf")


def _show(name: str, seconds: Sequence[float]) -> None:
    if not seconds:
        print(f"{name}: nothing measured")
        return
    shares = ((0.5, "median"), (0.9, "p90"), (0.99, "p99"), (1.0, "slowest"))
    found = ", ".join(f"{word} {_at(seconds, share) * 1000:,.0f} ms" for share, word in shares)
    mean = statistics.mean(seconds) * 1000
    print(f"{name}: {len(seconds)} edits, mean {mean:,.0f} ms, {found}", flush=True)


if __name__ == "__main__":
    sys.exit(main())
