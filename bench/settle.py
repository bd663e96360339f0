"""From noticed to written: `python -m bench.settle [--seconds S] [--backlog N]`.

Real processes: the simulated org over HTTPS, workers, broker, SQLite. Users whose record asks for
something new are noticed 20 times a second, as a poll would; the answer's time is the org's own.
First in calm, then over a backlog of rows that a reconcile of the same org has marked.
"""

import argparse
import os
import statistics
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import requests

from bench.toggling import toggles
from cli.demo_org import API, Address, start_org
from cli.session import runtime
from cli.supervisor import Supervisor
from cli.up import start_parts
from config.settings import PREFIX
from sync.ports.pending import Cause, Notice, Priority

ORG = "demo"
RATE = 20


class Org:
    """The simulated org, edited in bulk and asked for its journal."""

    def __init__(self, address: Address) -> None:
        self.url, self.http = address.url, requests.Session()
        self.http.trust_env, self.http.verify = False, address.ca_file
        token = self.call("POST", "/__control__/token", {"user": "admin"})["access_token"]
        self.http.headers["Authorization"] = f"Bearer {token}"

    def call(self, method: str, path: str, body: object = None) -> Any:
        answer = self.http.request(method, self.url + path, json=body, timeout=60)
        answer.raise_for_status()
        return answer.json() if answer.content else None

    def users(self) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = []
        after = ""
        while after is not None:
            page = self.call("GET", f"/__control__/users?limit=5000&after={after}")
            found += [u for u in page["users"] if u["UserType"] == "Standard"]
            after = page["next"]
        return found

    def toggle(self, users: Sequence[dict[str, Any]]) -> None:
        """Ask for Insight, or no longer."""
        for body in toggles(users):
            self.call("PATCH", f"{API}/composite/sobjects", body)

    def writes(self, since: int, by: str) -> Iterator[tuple[str, float]]:
        """User ids that `by` wrote, with the time of the answer."""
        while True:
            page = self.call("GET", f"/__control__/journal?since={since}&limit=2000")
            for call in page["calls"]:
                if call["user_id"] == by:
                    yield from ((w["id"], call["answered_at"]) for w in call["writes"])
            if not page["calls"]:
                return
            since = page["calls"][-1]["seq"]


@contextmanager
def program(users: int) -> Iterator[Org]:
    """Everything, armed, with polls so rare that only the bench notices."""
    supervisor = Supervisor()
    with tempfile.TemporaryDirectory(prefix="bench-") as folder:
        home = Path(folder)
        try:
            options = ["--users", str(users), "--seed", "7"]
            address = start_org(supervisor, home / "salesforce", home / "org.log", options)
            (home / "empty.env").touch()
            os.environ |= address.settings() | {
                f"{PREFIX}STATE_DIR": str(home),
                f"{PREFIX}POLL_SECONDS": "2",
                f"{PREFIX}ENV_FILE": str(home / "empty.env"),
            }
            start_parts(supervisor, runtime().settings, home)
            while runtime().store.state(ORG).armed_fingerprint is None:
                time.sleep(0.2)
            yield Org(address)
        finally:
            supervisor.stop()


def wait_until_quiet() -> None:
    quiet = 0
    while quiet < 10:
        time.sleep(0.5)
        figures = runtime().store.figures().get(ORG)
        work = runtime().store.due_work()
        busy = (figures is not None and figures.pending) or any(w.runs for w in work.values())
        quiet = 0 if busy else quiet + 1


def measure(org: Org, users: Sequence[dict[str, Any]], by: str) -> list[float]:
    """Notice these users at the rate; seconds from noticed to the answer of the write."""
    from worker.base import waker
    from worker.tasks import settle

    since = org.call("GET", "/__control__/journal?limit=1&since=999999999")["last"]
    noticed: dict[str, float] = {}
    start = time.time()
    for number, user in enumerate(users):
        time.sleep(max(0.0, start + number / RATE - time.time()))
        notice = Notice(user["Id"], user["Username"], Cause.POLL, Priority.LIVE)
        runtime().store.notice(ORG, [notice])
        noticed[user["Id"]] = time.time()
        waker().wake(settle, ORG, "live")
    time.sleep(3)
    answered: dict[str, float] = {}
    for user_id, at in org.writes(since, by):
        answered.setdefault(user_id, at)
    missing = noticed.keys() - answered.keys()
    if missing:
        print(f"  {len(missing)} were not written in time")
    return sorted(answered[i] - noticed[i] for i in noticed.keys() & answered.keys())


def show(name: str, seconds: Sequence[float]) -> None:
    if not seconds:
        print(f"{name}: nothing measured")
        return
    p99 = seconds[min(int(len(seconds) * 0.99), len(seconds) - 1)]
    print(
        f"{name}: {len(seconds)} users, median {statistics.median(seconds) * 1000:.0f} ms, "
        f"p99 {p99 * 1000:.0f} ms, slowest {seconds[-1] * 1000:.0f} ms",
        flush=True,
    )


def main() -> None:
    parser = argparse.ArgumentParser(prog="bench settle", description=__doc__)
    parser.add_argument("--seconds", type=int, default=30)
    parser.add_argument("--backlog", type=int, default=20_000)
    options = parser.parse_args()
    count = options.seconds * RATE
    with program(options.backlog + 3 * count) as org:
        by = org.call("GET", "/__control__/state")["integration_id"]
        wait_until_quiet()
        users = [u for u in org.users() if u["IsActive"]]
        calm, busy, backlog = users[:count], users[count : 2 * count], users[2 * count :]
        backlog = backlog[: options.backlog]
        _pause_polls()
        org.toggle(calm)
        show("calm, 20 a second", measure(org, calm, by))
        org.toggle(busy + backlog)
        notices = [Notice(u["Id"], u["Username"], Cause.RECONCILE, Priority.BULK) for u in backlog]
        runtime().store.notice(ORG, notices)
        started = time.time()
        show(f"over a backlog of {len(backlog)}", measure(org, busy, by))
        wait_until_quiet()
        print(f"the backlog was gone after {time.time() - started - 5:.0f} s at most")


def _pause_polls() -> None:
    """Hold the poll's cursor, so that only the bench notices users."""
    while runtime().store.take_cursor(ORG, "poll", 3600) is None:
        time.sleep(0.1)
    while runtime().store.take_cursor(ORG, "overlap", 3600) is None:
        time.sleep(0.1)


if __name__ == "__main__":
    main()
