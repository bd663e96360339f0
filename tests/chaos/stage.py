"""Everything that runs: two simulated orgs, the program with its database, and a place for it all.

`acme` is the org that gets the trouble, `calm` one that has none of its own.
"""

import shutil
import signal
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager, ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

from tests import wrong_clock
from tests.chaos import ways
from tests.chaos.books import ARMED_ORGS, BUSY, Books, PostgresBooks, SqliteBooks, count
from tests.chaos.disk import Disk, disk_for
from tests.chaos.processes import signaled, stopped
from tests.chaos.ways import Way
from tests.e2e.harness import (
    NO_BRAKE,
    ORG,
    Program,
    Salesforce,
    free_port,
    program,
    salesforce,
    wait_for,
)
from tests.postgres import PostgresServer

CALM = "calm"
CALM_USERS = 40
DATABASES = ("sqlite", "postgresql")
_MARKS = {
    "worker": (b"--queues=live", b"--queues=bulk", b"--queues=slow"),
    "beat": (b"\0beat\0", b"[celery beat]"),
    "broker": (b"valkey-server",),
    "admin": (b"\0admin",),
    "listen": (b"\0listen",),
}
PREPARING_SECONDS = 180.0


@dataclass
class Stage:
    """What the people and the troubles act on."""

    home: Path
    org: Salesforce
    calm: Salesforce
    made: Program
    books: Books
    disk: Disk
    port: int
    server: PostgresServer | None
    workers_clock: Path
    way: Way

    @property
    def orgs(self) -> dict[str, Salesforce]:
        """Both by their names."""
        return {ORG: self.org, CALM: self.calm}

    @property
    def database(self) -> str:
        return "sqlite" if self.server is None else "postgresql"

    @property
    def page(self) -> str:
        """Where the review page and its API are."""
        return f"http://127.0.0.1:{self.port}"

    def kill(self, part: str) -> int:
        """kill -9 of a part of the program, or of its database; how many processes that were."""
        if part == "postgresql":
            return 0 if self.server is None else self._kill_database()
        found = self.made.worker_children() if part == "worker child" else self._parts(part)
        killed = [pid for pid in found if signaled(pid, signal.SIGKILL)]
        return len(killed)

    def stopped(self, part: str) -> AbstractContextManager[int]:
        """A part that does nothing for a while, though it is there; how many processes."""
        return stopped(self._parts(part))

    def _parts(self, part: str) -> list[int]:
        return self.made.parts(*_MARKS[part])

    def _kill_database(self) -> int:
        """Nobody but us would start it again: a machine's own supervisor does it elsewhere."""
        assert self.server is not None
        self.server.kill()
        wait_for("PostgreSQL is back", self._is_started_again, PREPARING_SECONDS)
        return 1

    def _is_started_again(self) -> bool:
        """It does not start while a process of the killed one still ends."""
        assert self.server is not None
        try:
            self.server.start()
        except RuntimeError:
            return False
        return True

    def set_workers_clock(self, ahead: float) -> None:
        """Workers that start from now on are so many seconds ahead."""
        self.workers_clock.write_text(str(ahead))

    def wipe_broker(self) -> int:
        """Take the broker's data away, and kill it; how many processes that were."""
        shutil.rmtree(self.made.state_dir / "broker", ignore_errors=True)
        return self.kill("broker")


def _kill_supervisor(made: Program) -> None:
    """All is judged by now: what it started has to end with it, without being asked."""
    if made.up is not None:
        made.up.kill()


@contextmanager
def stage(
    home: Path,
    *,
    database: str,
    users: int,
    seed: int,
    clock_offset: float,
    workers_ahead: float,
    has_brake: bool,
    writes_per_hour: int,
    way: Way,
) -> Iterator[Stage]:
    """Both orgs and the program, up and armed; in the end nothing of it is left but its files."""
    with ExitStack() as stack:
        orgs = {
            name: stack.enter_context(salesforce(_folder(home, name), *options))
            for name, options in _options(users, seed, way).items()
        }
        for org in orgs.values():
            ways.prepare(way, org)
        orgs[ORG].control("clock", {"offset": clock_offset})
        server = _server(stack) if database == "postgresql" else None
        most = {f"LICENSE_SYNC_ORGS__{ORG.upper()}__WRITES_PER_HOUR": str(writes_per_hour)}
        brake = {} if has_brake else NO_BRAKE
        made = program(_folder(home, "program"), orgs[ORG], **most, **brake)
        disk = stack.enter_context(disk_for(made.state_dir, made.processes))
        port = free_port()
        made.settings |= _settings(orgs[CALM], port, server) | ways.settings(way, orgs)
        clock = _folder(home, "clock") / "ahead"
        made.settings |= wrong_clock.environment(clock)
        stack.callback(made.end)
        stack.callback(_kill_supervisor, made)
        if server is not None:
            made.run("migrate")
        books = _books(made, server)
        found = Stage(home, orgs[ORG], orgs[CALM], made, books, disk, port, server, clock, way)
        found.set_workers_clock(workers_ahead)
        made.start()
        if not way.polls:
            _arm(made)
        wait_for("both orgs are armed", lambda: _are_armed(books), PREPARING_SECONDS)
        for name, org in orgs.items():
            ways.tell(way, org, name, found.page, seed)
        yield found


def _options(users: int, seed: int, way: Way) -> Mapping[str, tuple[str, ...]]:
    more = ways.options(way)
    return {
        ORG: ("--users", str(users), "--seed", str(seed), *more),
        CALM: ("--users", str(CALM_USERS), "--seed", str(seed + 1), *more),
    }


def _arm(made: Program) -> None:
    """A poll would, and then find who is not settled: without one, people do both."""

    def one(name: str) -> None:
        made.run("orgs", "approve", name, "--yes")
        made.run("reconcile", "--org", name)

    with ThreadPoolExecutor() as people:
        list(people.map(one, (ORG, CALM)))


def _folder(home: Path, name: str) -> Path:
    folder = home / name
    folder.mkdir(parents=True, exist_ok=True)
    return folder


def _server(stack: ExitStack) -> PostgresServer:
    """Durable: a server that may lose what it confirmed proves nothing when it is killed."""
    server = PostgresServer(is_durable=True)
    stack.callback(server.stop)
    server.start()
    server.execute("CREATE DATABASE chaos")
    return server


def _settings(calm: Salesforce, port: int, server: PostgresServer | None) -> dict[str, str]:
    mine = f"LICENSE_SYNC_ORGS__{CALM.upper()}__"
    found = {
        "LICENSE_SYNC_ADMIN__PORT": str(port),
        "LICENSE_SYNC_ADMIN__URL": f"http://localhost:{port}",
        f"{mine}LOGIN_URL": calm.url,
        f"{mine}CLIENT_ID": calm.facts["client_id"],
        f"{mine}CLIENT_SECRET": calm.facts["client_secret"],
        f"{mine}CA_FILE": calm.facts["ca_file"],
        f"{mine}FEATURES": '["scv"]',
        f"{mine}BRAKE_LICENSES": "none",
        f"{mine}BRAKE_SHARE": "none",
    }
    return found if server is None else found | {"LICENSE_SYNC_DATABASE_URL": server.url("chaos")}


def _books(made: Program, server: PostgresServer | None) -> Books:
    return SqliteBooks(made.database()) if server is None else PostgresBooks(server.url("chaos"))


def _are_armed(books: Books) -> bool:
    try:
        return count(books, ARMED_ORGS) == 2
    except BUSY:
        return False
