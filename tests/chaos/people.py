"""Simulated admins: they edit users over REST, race our writes, and decide what waits for them."""

import threading
import time
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import requests

from tests.chaos.schedule import Event
from tests.chaos.stage import Stage
from tests.e2e.harness import API, ORG, Salesforce, wait_for

PATIENCE_SECONDS = 8.0
"""How long a race waits for its moment before it takes the next best one."""

WRITES = {"path": "composite", "method": "PATCH"}
READS = {"path": "composite/sobjects", "method": "POST"}


@dataclass
class Ledger:
    """What people did, for the checker: not everything that they tried was done."""

    counts: Counter[str] = field(default_factory=Counter)
    lock: threading.Lock = field(default_factory=threading.Lock)

    def note(self, what: str, times: int = 1) -> None:
        with self.lock:
            self.counts[what] += times


class Editor:
    """An admin of an org at its REST API, over a connection of their own."""

    def __init__(self, org: Salesforce, ledger: Ledger, ids: Sequence[str]) -> None:
        self._org, self._ledger, self._ids = org, ledger, ids
        self._http = requests.Session()
        self._http.trust_env, self._http.verify = False, org.facts["ca_file"]
        self._http.headers.update(org.http.headers)

    def somebody(self, number: int) -> str:
        """The id of the user with this number."""
        return self._ids[number % len(self._ids)]

    def edit(self, user_id: str, fields: Mapping[str, object]) -> bool:
        """Set fields of a user; whether it was done: a lock is waited for, trouble is not."""
        address = f"{self._org.url}{API}/sobjects/User/{user_id}"
        for _ in range(20):
            answer = self._http.patch(address, json=dict(fields), timeout=60)
            if "UNABLE_TO_LOCK_ROW" not in answer.text:
                break
            time.sleep(0.3)
        done = answer.status_code == 204
        self._ledger.note("edits" if done else f"edit refused: {answer.text[:80]}")
        return done

    def control(self, name: str, body: object = None, method: str | None = None) -> Any:
        """The simulator's control side, over this connection."""
        method = method or ("GET" if body is None else "POST")
        address = f"{self._org.url}/__control__/{name}"
        answer = self._http.request(method, address, json=body, timeout=60)
        answer.raise_for_status()
        return answer.json() if answer.content else None

    def close(self) -> None:
        self._http.close()


class Racer:
    """Edits that meet our own writes within the same second."""

    def __init__(self, org: Salesforce, editor: Editor, ledger: Ledger) -> None:
        self._own = org.facts_now()["integration_id"]
        self._editor, self._ledger = editor, ledger
        self._races: Mapping[str, Callable[[str, Mapping[str, Any]], bool]] = {
            "after our write": self._after_our_write,
            "while it is answered": self._while_it_is_answered,
            "between read and write": self._between_read_and_write,
            "while it commits": self._while_it_commits,
        }

    def race(self, event: Event) -> None:
        """Edit, wait for the moment, edit again; counted if the moment came."""
        user_id = self._editor.somebody(event.more["user"])
        met = self._races[event.what](user_id, event.more)
        self._editor.edit(user_id, event.more["then"])
        self._ledger.note(f"race: {event.what}" if met else "races missed")

    def _after_our_write(self, user_id: str, more: Mapping[str, Any]) -> bool:
        since = self._last_change()
        self._editor.edit(user_id, more["first"])
        return self._wait(lambda: self._is_written(user_id, since))

    def _while_it_is_answered(self, user_id: str, more: Mapping[str, Any]) -> bool:
        fault = self._order("slow_answer", more["seconds"], WRITES)
        return self._after_our_write(user_id, more) & self._take_back(fault)

    def _between_read_and_write(self, user_id: str, more: Mapping[str, Any]) -> bool:
        fault = self._order("slow_answer", more["seconds"], READS)
        self._editor.edit(user_id, more["first"])
        return self._wait(lambda: self._has_struck(fault)) & self._take_back(fault)

    def _while_it_commits(self, user_id: str, more: Mapping[str, Any]) -> bool:
        fault = self._order("slow_commit", more["seconds"], WRITES)
        self._editor.edit(user_id, more["first"])
        return self._wait(lambda: self._has_struck(fault)) & self._take_back(fault)

    def _order(self, kind: str, seconds: float, match: Mapping[str, str]) -> int:
        order = {"kind": kind, "seconds": seconds, "match": match, "count": 1}
        return int(self._editor.control("faults", order)["id"])

    def _has_struck(self, fault: int) -> bool:
        """Whether it struck; gone is struck too: somebody healed everything meanwhile."""
        left = [f for f in self._editor.control("faults")["faults"] if f["id"] == fault]
        return not left or bool(left[0]["hits"])

    def _take_back(self, fault: int) -> bool:
        return bool(self._editor.control(f"faults/{fault}", method="DELETE")["removed"])

    def _last_change(self) -> int:
        return int(self._editor.control("state")["last_change"])

    def _is_written(self, user_id: str, since: int) -> bool:
        changes = self._editor.control(f"changes?since={since}&limit=5000")["changes"]
        return any(c["id"] == user_id and c["by"] == self._own for c in changes)

    def _wait(self, seen: Callable[[], bool]) -> bool:
        until = time.monotonic() + PATIENCE_SECONDS
        while time.monotonic() < until:
            if seen():
                return True
            time.sleep(0.01)
        return False


class Reviewer:
    """An admin at the page's API, who decides some of what waits; nobody decides the rest."""

    def __init__(self, stage: Stage, ledger: Ledger, token: str) -> None:
        self._stage, self._ledger = stage, ledger
        self._http = requests.Session()
        self._http.trust_env = False
        self._http.headers["Authorization"] = f"Bearer {token}"

    def act(self, event: Event) -> None:
        """Do what the event says, once: a page that is down just now is not waited for."""
        try:
            done = self._act(event)
        except requests.RequestException:
            done = False
        self._ledger.note(event.what if done else f"{event.what}: not done")

    def _act(self, event: Event) -> bool:
        match event.what:
            case "resolve" | "dismiss" | "resolve by command":
                return self._decide(event)
            case "pause":
                return self._pause(event.more["seconds"])
            case "reconcile":
                return self._post(f"orgs/{ORG}/reconcile", {})
            case "release the brake":
                return self._post(f"brakes/{ORG}/release")
        assert event.what == "retry parked", event
        return self._command("parked", "retry", "--all")

    def _decide(self, event: Event) -> bool:
        open_ = self._get("conflicts?kind=conflict&status=open&limit=100")
        if not open_:
            return False
        entry = open_[int(event.more["pick"] * len(open_))]
        keep = event.more["keep"]
        if event.what == "dismiss":
            return self._post(f"conflicts/{entry['id']}/dismiss", {"note": "chaos"})
        if event.what == "resolve by command":
            return self._command("conflicts", "resolve", str(entry["id"]), "--keep", keep, "--yes")
        seen = {name: entry[name] for name in ("requested", "held")}
        return self._post(f"conflicts/{entry['id']}/resolve", {"keep": keep, "seen": seen})

    def _pause(self, seconds: float) -> bool:
        done = self._post(f"orgs/{ORG}/pause")
        time.sleep(seconds)
        return self._post(f"orgs/{ORG}/resume") and done

    def resume(self) -> None:
        """Let the org go on, whatever was paused when the page was down."""
        wait_for("the org is resumed", self._is_resumed)

    def _is_resumed(self) -> bool:
        try:
            return self._post(f"orgs/{ORG}/resume")
        except requests.RequestException:
            return False

    def _get(self, what: str) -> list[dict[str, Any]]:
        answer = self._http.get(f"{self._stage.page}/api/{what}", timeout=20)
        return list(answer.json()["rows"]) if answer.status_code == 200 else []

    def _post(self, what: str, body: object = None) -> bool:
        answer = self._http.post(f"{self._stage.page}/api/{what}", json=body, timeout=20)
        return answer.status_code < 300

    def _command(self, *words: str) -> bool:
        """A command that fails has said why; a traceback is a failure of the run."""
        return self._stage.made.tried(*words)

    def close(self) -> None:
        self._http.close()


def api_token(stage: Stage) -> str:
    """What opens the page's API to an admin."""
    made = stage.made.json("admin", "tokens", "create", "chaos", "--role", "admin")
    return str(made["token"])
