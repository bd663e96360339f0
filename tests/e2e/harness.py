"""The real processes: a simulated org over HTTPS, `license-sync up`, and the command line."""

import json
import os
import signal
import socket
import sqlite3
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import requests

LICENSE_SYNC = str(Path(sys.executable).with_name("license-sync"))
API = "/services/data/v62.0"
FIELDS = {
    "CTI": "CTI",
    "Freedom": "Freedom",
    "SCV": "SCV",
    "PBX": "PBX",
    "ContactCenter": "Contact_Center",
    "Record": "Record",
    "PCI": "PCI",
    "Insight": "Insight",
}
ORG = "acme"


def wait_for(what: str, seen: Callable[[], object], seconds: float = 60.0) -> Any:
    """Wait until `seen` gives something true, and return that."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        if found := seen():
            return found
        time.sleep(0.1)
    raise AssertionError(f"not in {seconds:.0f} s: {what}")


@dataclass
class Salesforce:
    """A running simulated org, and a person in it."""

    process: "subprocess.Popen[str]"
    facts: dict[str, str]
    http: requests.Session = field(default_factory=requests.Session)
    given: set[str] = field(default_factory=set)

    @property
    def url(self) -> str:
        return self.facts["url"]

    def log_in(self) -> None:
        """Work as the admin from here on."""
        self.http.trust_env, self.http.verify = False, self.facts["ca_file"]
        token = self.control("token", {"user": "admin"})["access_token"]
        self.http.headers["Authorization"] = f"Bearer {token}"

    def control(self, name: str, body: object = None, method: str | None = None) -> Any:
        """Ask the simulator's control side."""
        method = method or ("GET" if body is None else "POST")
        answer = self.http.request(method, f"{self.url}/__control__/{name}", json=body, timeout=60)
        answer.raise_for_status()
        return answer.json() if answer.content else None

    def fault(self, kind: str, **more: object) -> None:
        """Order a fault."""
        self.control("faults", {"kind": kind, **more})

    def heal(self) -> None:
        """No faults any more."""
        self.control("faults", method="DELETE")

    def edit(self, user_id: str, fields: Mapping[str, object]) -> None:
        """PATCH a user over REST, as the admin; again while the record is locked."""
        address = f"{self.url}{API}/sobjects/User/{user_id}"
        for _ in range(20):
            answer = self.http.patch(address, json=dict(fields), timeout=60)
            if "UNABLE_TO_LOCK_ROW" not in answer.text:
                break
            time.sleep(0.5)
        assert answer.status_code == 204, answer.text

    def users(self) -> dict[str, dict[str, Any]]:
        """All standard users by id, as they are now."""
        found: dict[str, dict[str, Any]] = {}
        after = ""
        while after is not None:
            page = self.control(f"users?limit=5000&after={after}")
            found |= {u["Id"]: u for u in page["users"] if u["UserType"] == "Standard"}
            after = page["next"]
        return found

    def held(self, user_id: str) -> set[str]:
        """What a user has now."""
        user = self.users()[user_id]
        return {name for name, field in FIELDS.items() if user[f"Effective_{field}__c"]}

    def changes(self, since: int = 0) -> Iterator[dict[str, Any]]:
        """Every committed change of a record, in order."""
        return self._feed("changes", since)

    def changed_at(self, seq: int) -> float:
        """When a change was committed; 0 for the state before all of them."""
        found = self.control(f"changes?since={seq - 1}&limit=1")["changes"] if seq else []
        return float(found[0]["at"]) if found else 0.0

    def calls(self, since: int = 0) -> Iterator[dict[str, Any]]:
        """Every API call, in order."""
        return self._feed("journal", since)

    def _feed(self, name: str, since: int) -> Iterator[dict[str, Any]]:
        key = "changes" if name == "changes" else "calls"
        while True:
            page = self.control(f"{name}?since={since}&limit=5000")
            yield from page[key]
            if not page[key]:
                return
            since = page[key][-1]["seq"]

    def last_call(self) -> int:
        """The number of the newest API call."""
        return int(self.control("journal/summary")["last"])

    def writes_since(self, call: int) -> int:
        """How many records the program wrote since that call."""
        by = self.facts_now()["integration_id"]
        return sum(len(c["writes"]) for c in self.calls(call) if c["user_id"] == by)

    def facts_now(self) -> dict[str, Any]:
        return dict(self.control("state"))


def somebody(org: Salesforce) -> str:
    """An active user who requests nothing, and whom nobody was given before."""
    facts = org.facts_now()
    org.given |= {facts["admin_id"], facts["integration_id"]}
    for user_id, user in org.users().items():
        asked = any(user[f"Requested_{field}__c"] for field in FIELDS.values())
        if user["IsActive"] and not asked and user_id not in org.given:
            org.given.add(user_id)
            return user_id
    raise AssertionError("everybody requests something")


def surroundings() -> dict[str, str]:
    """The environment without our settings; with a place for bytecode where there is none.

    A dozen processes that compile all they import take longer than what is to be tested.
    """
    found = {k: v for k, v in os.environ.items() if not k.startswith("LICENSE_SYNC_")}
    if found.pop("PYTHONDONTWRITEBYTECODE", None):
        found["PYTHONPYCACHEPREFIX"] = str(Path(tempfile.gettempdir(), f"bytecode-{os.getuid()}"))
    return found


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@contextmanager
def salesforce(folder: Path, *options: str, port: int | None = None) -> Iterator[Salesforce]:
    """A simulated org whose data is in `folder`."""
    command = [sys.executable, "-m", "simulator", "--control", "--data", str(folder / "org")]
    command += ["--port", str(port or free_port()), *options]
    with (folder / "org.log").open("a") as log:
        process = subprocess.Popen(
            command, stdout=subprocess.PIPE, stderr=log, text=True, env=surroundings()
        )
    org = None
    try:
        assert process.stdout is not None
        line = process.stdout.readline()
        assert line, (folder / "org.log").read_text()
        org = Salesforce(process, json.loads(line))
        org.log_in()
        yield org
    finally:
        process.send_signal(signal.SIGTERM)
        process.wait(20)
        if process.stdout is not None:
            process.stdout.close()
        if org is not None:
            org.http.close()


@dataclass
class Program:
    """license-sync with its settings; commands are run as a person would."""

    home: Path
    settings: dict[str, str]
    up: "subprocess.Popen[bytes] | None" = None
    seen: set[tuple[int, str]] = field(default_factory=set)

    @property
    def environment(self) -> dict[str, str]:
        return surroundings() | self.settings

    def run(self, *words: str, status: int = 0, given: str = "") -> str:
        """Run a command, `given` at its input; its output. Any traceback is a failure."""
        done = self._done(words, given)
        assert done.returncode == status, (words, done.returncode, done.stdout, done.stderr)
        return done.stdout + done.stderr

    def tried(self, *words: str) -> bool:
        """Run a command that may fail; whether it did not. Any traceback is a failure."""
        return self._done(words, "").returncode == 0

    def _done(self, words: tuple[str, ...], given: str) -> "subprocess.CompletedProcess[str]":
        done = subprocess.run(
            [LICENSE_SYNC, *words],
            env=self.environment,
            capture_output=True,
            check=False,
            text=True,
            timeout=180,
            input=given,
        )
        assert "Traceback" not in done.stderr, done.stderr
        return done

    def json(self, *words: str) -> Any:
        """Run a command with --json."""
        return json.loads(self.run(*words, "--json"))

    def start(self) -> None:
        """`license-sync up`, in the background."""
        with (self.home / "up.log").open("ab") as log:
            self.up = subprocess.Popen(
                [LICENSE_SYNC, "up"],
                env=self.environment,
                stdout=log,
                stderr=log,
                stdin=subprocess.DEVNULL,
                start_new_session=True,
            )

    def stop(self, number: int = signal.SIGINT) -> int:
        """End it; its status. Nothing of it may be left."""
        assert self.up is not None
        self.processes()
        self.up.send_signal(number)
        try:
            code = self.up.wait(60)
        finally:
            self.up = None
        wait_for("every process has ended", lambda: not self.processes(), 20)
        return code

    def end(self) -> None:
        """Stop it if it runs: whatever happened, nothing may be left."""
        if self.up is not None:
            self.stop()

    def processes(self) -> list[int]:
        """Everything that `up` started, directly or not, and that has not ended."""
        running = _running()
        if self.up is not None:
            family = {self.up.pid}
            while more := {p for p, (parent, _) in running.items() if parent in family} - family:
                family |= more
            self.seen = self.seen | {(p, running[p][1]) for p in family if p in running}
        return [p for p, born in self.seen if running.get(p, (0, ""))[1] == born]

    def parts(self, *marks: bytes) -> list[int]:
        """Processes whose command line has one of these words."""
        return [pid for pid in self.processes() if any(m in command(pid) for m in marks)]

    def workers(self) -> list[int]:
        """The processes of Celery workers."""
        return self.parts(b"--queues=", b"celeryd:")

    def worker_children(self) -> list[int]:
        """Those of them that do the work."""
        return [pid for pid in self.workers() if b"ForkPoolWorker" in command(pid)]

    def org(self) -> dict[str, Any]:
        """The org's part of `status`."""
        return dict(self.json("status")["orgs"][ORG])

    def wait_until(
        self, what: str, seen: Callable[[dict[str, Any]], object], seconds: float = 60.0
    ) -> None:
        """Wait for something in the org's part of the database (see `now`)."""
        wait_for(what, lambda: seen(self.now()), seconds)

    def now(self) -> dict[str, Any]:
        """What `status` would say of the org, read from the database: a command takes a second.

        `mode` does not know of settings that changed; `runs` are those that are not over.
        """
        found: dict[str, Any] = dict.fromkeys(_ORG_STATE) | dict.fromkeys(_FIGURES, 0)
        try:
            with self.reading() as database:
                database.row_factory = sqlite3.Row
                row = database.execute(f"SELECT {', '.join(_ORG_STATE)} FROM org_state").fetchone()
                found |= dict(row) if row else {}
                for name, query in _FIGURES.items():
                    found[name] = database.execute(query).fetchone()[0]
        except sqlite3.OperationalError:  # not there yet
            return found | {"mode": "unknown"}
        found["mode"] = "armed" if found["armed_fingerprint"] else "observing"
        return found | ({"mode": "paused"} if found["paused_at"] else {})

    @contextmanager
    def reading(self) -> Iterator[sqlite3.Connection]:
        """The database, for reading: whatever else happens to it meanwhile."""
        address = f"file:{self.database()}?mode=ro"
        with closing(sqlite3.connect(address, uri=True, timeout=20)) as database:
            yield database

    def count(self, query: str) -> int:
        """What a query over the database counts; 0 while that is not there yet."""
        try:
            with self.reading() as database:
                return int(database.execute(query).fetchone()[0])
        except sqlite3.OperationalError:
            return 0

    def database(self) -> Path:
        return self.state_dir / "license-sync.db"

    @property
    def state_dir(self) -> Path:
        return Path(self.settings["LICENSE_SYNC_STATE_DIR"])

    def log(self) -> str:
        """What `up` and its processes have said."""
        return (self.home / "up.log").read_text(errors="replace")


_ORG_STATE = (
    "organization_id",
    "armed_fingerprint",
    "armed_by",
    "paused_at",
    "problem",
    "last_poll_at",
)
_FIGURES = {
    "pending": "SELECT count(*) FROM pending_user WHERE parked_at IS NULL",
    "parked": "SELECT count(*) FROM pending_user WHERE parked_at IS NOT NULL",
    "runs": "SELECT count(*) FROM run WHERE status IN ('queued', 'running', 'applying')",
    "overlap_at": "SELECT max(finished_at) FROM scan_cursor WHERE source = 'overlap'",
}


def is_idle(now: Mapping[str, Any]) -> bool:
    """Whether an armed org has nothing to do, as far as is known."""
    return now["mode"] == "armed" and not (now["pending"] or now["runs"] or now["problem"])


def wait_until_quiet(made: Program, org: Salesforce, seconds: float = 180.0) -> None:
    """Nothing waits and nothing changes while three polls and an overlap scan look at it all."""
    polls: list[str] = []
    since: list[object] = []

    def is_quiet() -> bool:
        now = made.now()
        still = [org.facts_now()["last_change"], now["armed_fingerprint"]]
        if not is_idle(now) or still != since[:2]:
            polls.clear()
            since[:] = [*still, now["overlap_at"]]
            return False
        if now["last_poll_at"] not in polls:
            polls.append(now["last_poll_at"])
        return len(polls) > 3 and now["overlap_at"] != since[2]

    try:
        wait_for("quiet", is_quiet, seconds)
    except AssertionError:
        raise AssertionError(f"not quiet in {seconds:.0f} s: {made.now()}") from None


def _running() -> dict[int, tuple[int, str]]:
    """Parent and start time of every process that is no zombie."""
    found = {}
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            try:
                words = (entry / "stat").read_text().rpartition(")")[2].split()
            except OSError:
                continue
            if words[0] != "Z":
                found[int(entry.name)] = (int(words[1]), words[19])
    return found


def command(pid: int) -> bytes:
    """The command line of a process; nothing if it has ended."""
    try:
        return Path(f"/proc/{pid}/cmdline").read_bytes()
    except OSError:
        return b""


NO_BRAKE = {
    f"LICENSE_SYNC_ORGS__{ORG.upper()}__BRAKE_{limit}": "none" for limit in ("LICENSES", "SHARE")
}
"""For a thousand random edits: what a brake would hold is judged by tests of its own."""


def program(home: Path, org: Salesforce, **more: str) -> Program:
    """license-sync pointed at an org; state and logs are in `home`."""
    (home / "empty.env").touch()
    settings = {
        "LICENSE_SYNC_ENV_FILE": str(home / "empty.env"),
        "LICENSE_SYNC_STATE_DIR": str(home / "state"),
        "LICENSE_SYNC_POLL_SECONDS": "1",
        "LICENSE_SYNC_OVERLAP_SECONDS": "4",
    }
    return Program(home, settings | pointed_at(org) | more)


def pointed_at(org: Salesforce, name: str = ORG) -> dict[str, str]:
    """The settings of an org called `name`."""
    mine = f"LICENSE_SYNC_ORGS__{name.upper()}__"
    return {
        f"{mine}LOGIN_URL": org.url,
        f"{mine}CLIENT_ID": org.facts["client_id"],
        f"{mine}CLIENT_SECRET": org.facts["client_secret"],
        f"{mine}CA_FILE": org.facts["ca_file"],
        f"{mine}FEATURES": '["scv"]',
    }


def listening_to(org: Salesforce, name: str = ORG) -> dict[str, str]:
    """The settings that let an org tell of its changes; it was started with a --pubsub-port."""
    mine = f"LICENSE_SYNC_ORGS__{name.upper()}__"
    endpoint = org.facts["pubsub_endpoint"]
    return {f"{mine}EVENTS": "true", f"{mine}EVENTS_ENDPOINT": endpoint}


@contextmanager
def running(home: Path, org: Salesforce, **more: str) -> Iterator[Program]:
    """The same, with `up` running; ended at the end, with nothing left behind."""
    made = program(home, org, **more)
    try:
        made.start()
        yield made
    finally:
        if made.up is not None:
            made.stop()


class Killer:
    """kill -9 in the background, every so many seconds: what does the work, now and then all of it.

    A child that dies alone leaves its message to the worker; a worker, to the broker. `up` starts
    a child's successor at once, a worker's after a wait that grows with each of its falls.
    """

    def __init__(self, program: Program, seconds: float) -> None:
        self._program, self._seconds = program, seconds
        self._stop = threading.Event()
        self.kills = 0
        self._thread = threading.Thread(target=self._run, daemon=True)

    def __enter__(self) -> "Killer":
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stop.set()
        self._thread.join()

    def _run(self) -> None:
        rounds = 0
        while not self._stop.wait(self._seconds):
            rounds += 1
            some = self._program.worker_children if rounds % 5 else self._program.workers
            for pid in some():
                try:
                    os.kill(pid, signal.SIGKILL)
                    self.kills += 1
                except ProcessLookupError:
                    continue
