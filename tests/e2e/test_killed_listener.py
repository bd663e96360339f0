"""`kill -9` of the listener wherever it hurts, while edits go on: none is lost, none made up.

LISTENER_KILLS=50 kills fifty times at each point.
"""

import json
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from sync.listening import LEASE_SECONDS
from tests.e2e.harness import (
    NO_BRAKE,
    Program,
    Salesforce,
    is_idle,
    listening_to,
    program,
    salesforce,
    wait_for,
)
from tests.e2e.judge import flags

KILLS = int(os.environ.get("LISTENER_KILLS", "3"))
pytestmark = [pytest.mark.e2e, pytest.mark.timeout(120 + 10 * KILLS)]

NOBODY_POLLS = {
    "LICENSE_SYNC_POLL_SECONDS": "3600",
    "LICENSE_SYNC_OVERLAP_SECONDS": "3600",
    "LICENSE_SYNC_RECONCILE_HOUR": str((datetime.now(UTC).hour + 12) % 24),
}
"""What is noticed is noticed by events alone."""

RUNS = "SELECT count(*) FROM run"
NOTICED = "SELECT user_id, cause FROM pending_user"


@pytest.fixture
def org(tmp_path: Path) -> Iterator[Salesforce]:
    with salesforce(
        tmp_path, "--users", str(100 + 60 * KILLS), "--seed", "7", "--pubsub-port", "0"
    ) as made:
        made.control("events/settings", {"keepalive_seconds": 1})
        yield made


@dataclass
class Nursery:
    """Listeners that kill themselves, one after the other."""

    process: "subprocess.Popen[str]"
    log: Path
    killed: list[dict[str, Any]] = field(default_factory=list)

    def wait(self, what: str) -> None:
        """Until this happens."""
        assert self.process.stdout is not None
        for line in self.process.stdout:
            said = json.loads(line)
            if said["what"] == what:
                return
            self.killed.append(said)
        raise AssertionError(self.log.read_text()[-3000:])

    def go_on(self) -> None:
        assert self.process.stdin is not None
        self.process.stdin.write("\n")
        self.process.stdin.flush()


@contextmanager
def nursery(made: Program, org: Salesforce, points: Sequence[str], *more: str) -> Iterator[Nursery]:
    order = [sys.executable, "-m", "tests.e2e.killed", f"--kills={KILLS}", *more]
    order += [f"--point={point}" for point in points]
    log = made.home / "nursery.log"
    with log.open("a") as said:
        process = subprocess.Popen(
            order,
            env=made.environment | listening_to(org),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=said,
            text=True,
            start_new_session=True,
        )
    try:
        found = Nursery(process, log)
        found.wait("ready")
        yield found
    finally:
        os.killpg(process.pid, signal.SIGTERM)
        process.wait(20)
        for pipe in (process.stdin, process.stdout):
            assert pipe is not None
            pipe.close()


class Editing:
    """People who tick a license for one user after another, until it is enough.

    Nobody is edited twice: a lost edit would hide behind the other.
    """

    def __init__(self, org: Salesforce) -> None:
        self._org = org
        self._waiting = _who_requests_nothing(org)
        self._enough = threading.Event()
        self._thread = threading.Thread(target=self._edit)
        self.edited: set[str] = set()

    def __enter__(self) -> "Editing":
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._enough.set()
        self._thread.join()
        assert self._waiting, "there were always some left to edit"

    def _edit(self) -> None:
        while self._waiting and not self._enough.wait(0.04):
            user_id = self._waiting.pop()
            self._org.edit(user_id, {"Requested_PBX__c": True})
            self.edited.add(user_id)


def _who_requests_nothing(org: Salesforce) -> list[str]:
    return [
        i
        for i, user in org.users().items()
        if "user" in user["Username"] and user["IsActive"] and not flags(user, "Requested")
    ]


def until_all_is_heard(made: Program, org: Salesforce) -> None:
    """The position that is stored is that of the newest event."""

    def is_heard() -> bool:
        with made.reading() as database:
            ((stored,),) = database.execute("SELECT hex(position) FROM event_stream")
        return bool(stored == f"{org.control('events')['newest']:016X}")

    wait_for("the last event", is_heard, 30)


def test_killed_before_and_while_storing_it_notices_all_edited_users_and_nobody_else(
    tmp_path: Path, org: Salesforce
) -> None:
    made = program(tmp_path, org, **NOBODY_POLLS)
    with nursery(made, org, ("received", "storing", "stored"), "--mute") as listeners:
        listeners.go_on()
        with Editing(org) as editing:
            listeners.wait("over")
        listeners.go_on()
        until_all_is_heard(made, org)
    with made.reading() as database:
        noticed = dict(database.execute(NOTICED))
    _show(listeners, editing)
    assert len(listeners.killed) == 3 * KILLS
    assert set(noticed) == editing.edited
    assert set(noticed.values()) == {"change event"}
    assert made.count(RUNS) == 0
    assert max(one["seconds"] for one in listeners.killed) < LEASE_SECONDS


def test_killed_before_anybody_is_woken_the_sweep_finds_what_it_stored(
    tmp_path: Path, org: Salesforce
) -> None:
    made = program(tmp_path, org, **NOBODY_POLLS, **NO_BRAKE)
    try:
        with nursery(made, org, ("stored",), "--arm") as listeners:
            made.start()
            made.wait_until("idle", lambda now: is_idle(now) and made.worker_children())
            since, runs = org.facts_now()["last_change"], made.count(RUNS)
            listeners.go_on()
            with Editing(org) as editing:
                listeners.wait("over")
            listeners.go_on()
            until_all_is_heard(made, org)
            wait_for("all are settled", lambda: who_has_it(org) >= editing.edited, 30)
            assert made.count(RUNS) == runs, "a run may have found them"
    finally:
        made.end()
    _show(listeners, editing)
    by = org.facts_now()["integration_id"]
    written = {change["id"] for change in org.changes(since) if change["by"] == by}
    assert len(listeners.killed) == KILLS
    assert written == editing.edited


def who_has_it(org: Salesforce) -> set[str]:
    return {i for i, user in org.users().items() if user["Effective_PBX__c"]}


def _show(listeners: Nursery, editing: Editing) -> None:
    took = sorted(one["seconds"] for one in listeners.killed)
    middle, longest = took[len(took) // 2], took[-1]
    sys.stderr.write(
        f"{len(took)} kills, {len(editing.edited)} users edited, "
        f"a life {middle:.2f} s, the longest {longest:.2f} s\n"
    )
