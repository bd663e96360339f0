"""kill -9 of the listener between receiving and storing, and between storing and waking.

`KILLS=50 pytest tests/e2e/test_killed_listener.py` kills so often at each point.
"""

import os
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import pytest

from sync.store.engine import make_engine
from sync.store.schema import upgrade
from sync.store.store import SqlStore
from tests.e2e.harness import ORG, Program, Salesforce, listening_to, program, salesforce, wait_for

KILLS = int(os.environ.get("KILLS", "1"))
FIELD = "Requested_PBX__c"

pytestmark = pytest.mark.e2e


@pytest.fixture
def org(tmp_path: Path) -> Iterator[Salesforce]:
    with salesforce(tmp_path, "--users", "40", "--seed", "7", "--pubsub-port", "0") as made:
        made.control("events/settings", {"keepalive_seconds": 1})
        yield made


@pytest.fixture
def made(tmp_path: Path, org: Salesforce) -> Program:
    """The program with nothing of it running: who is noticed stays noticed."""
    made = program(tmp_path, org, **listening_to(org))
    made.state_dir.mkdir(mode=0o700)
    upgrade(make_engine(f"sqlite:///{made.database()}"))
    return made


class Listener:
    """One process after the other that listens, and dies at a point."""

    def __init__(self, made: Program) -> None:
        self._made = made
        self.process: subprocess.Popen[bytes] | None = None

    def start(self, point: str, count: int) -> None:
        command = [sys.executable, "-m", "tests.e2e.killed_listener", point, str(count)]
        log = (self._made.home / "listener.log").open("ab")
        with log:
            self.process = subprocess.Popen(
                command, env=self._made.environment, stdout=log, stderr=log
            )

    def is_dead(self) -> bool:
        return self.process is not None and self.process.poll() is not None

    def end(self) -> int:
        assert self.process is not None
        if self.process.poll() is None:
            self.process.terminate()
        return self.process.wait(30)


@pytest.mark.parametrize("point", ["hear", "wake"])
def test_no_edit_is_lost(made: Program, org: Salesforce, point: str) -> None:
    store = SqlStore(make_engine(f"sqlite:///{made.database()}"))
    people = [i for i, u in org.users().items() if u["IsActive"] and "user" in u["Username"]]
    asks = {i: bool(org.users()[i][FIELD]) for i in people}
    listener, edited = Listener(made), set[str]()
    listener.start(point, 10**6)
    wait_for("somebody listens", lambda: store.listens(ORG), 30)
    listener.end()
    kills = 0
    try:
        while kills < KILLS:
            listener.start(point, 1 + kills % 3)
            while not listener.is_dead():
                user = people[kills % len(people)]
                asks[user] = not asks[user]
                org.edit(user, {FIELD: asks[user]})
                edited.add(user)
                time.sleep(0.05)
            assert listener.end() == -9
            kills += 1
        listener.start(point, 10**6)
        wait_for("it has heard all", lambda: _has_heard_all(store, org), 60)
    finally:
        with suppress(AssertionError):
            assert listener.end() in (0, -9, -15)
    assert {row for row in edited if store.waiting(ORG, row)} == edited
    assert {i for i in people if store.waiting(ORG, i)} == edited
    assert "Traceback" not in (made.home / "listener.log").read_text()


def _has_heard_all(store: SqlStore, org: Salesforce) -> bool:
    """Whether the stored place is that of the newest event."""
    newest = int(org.control("events")["newest"])
    with store.reading() as connection:
        found = connection.exec_driver_sql("SELECT position FROM event_stream").scalar_one()
    return found is not None and int.from_bytes(found, "big") >= newest
