"""`python -m tests.e2e.soak`: random edits over REST on a running program, then the judge.

python -m tests.e2e.soak --users 5000 --edits 3000 --rate 50 --seed 7
python -m tests.e2e.soak --fault lost_answer --fault row_lock
python -m tests.e2e.soak --kill-worker-every 2 --wipe-broker-once
"""

import argparse
import json
import os
import random
import shutil
import signal
import sqlite3
import sys
import tempfile
import time
from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.e2e import judge, traces
from tests.e2e.harness import (
    FIELDS,
    ORG,
    Killer,
    Program,
    Salesforce,
    command,
    program,
    salesforce,
    wait_for,
)

FAULTS: Mapping[str, Sequence[Mapping[str, Any]]] = {
    "expired_token": [{}],
    "html_503": [{"share": 0.3}],
    "daily_limit": [{"count": 3}],
    "concurrent_limit": [{"share": 0.3}],
    "api_disabled": [{"count": 3}],
    "lost_answer": [{"share": 0.3}],
    "cut_before": [{"share": 0.3}],
    "slow_commit": [
        {"seconds": 3, "match": {"user": "admin"}, "share": 0.02},
        {"seconds": 3, "share": 0.1},
    ],
    "slow_answer": [{"seconds": 2, "share": 0.2}],
    "truncated_json": [{"share": 0.2}],
    "row_lock": [{"share": 0.3}],
    "record_error": [{"share": 0.05}],
    "null_record": [{"share": 0.05}],
    "hidden_field": [{"field": "Effective_Freedom__c"}],
    "read_only_field": [{"field": "Effective_Freedom__c"}],
}
PARKING = frozenset({"record_error", "null_record"})
"""Faults of single records: a person has to mend them, and says so with `parked retry`."""

PHASES = 12
QUIET_POLLS = 5


@dataclass
class Soak:
    """What to do to the org and the program."""

    users: int = 5000
    edits: int = 3000
    rate: float = 50.0
    seed: int = 7
    faults: Sequence[str] = ()
    kill_every: float | None = None
    wipe_broker: bool = False

    def run(self, home: Path) -> dict[str, Any]:
        """Do it in `home`; figures, with everything wrong in `wrong`."""
        options = ("--users", str(self.users), "--seed", str(self.seed))
        with ExitStack() as stack:
            org = stack.enter_context(salesforce(home, *options))
            made = program(home, org)
            stack.callback(made.end)
            made.start()
            made.wait_until("armed", lambda o: o["mode"] == "armed")
            wait_until_quiet(made)
            start, since = snapshot(org), org.last_call()
            log = len(_log(home))
            began = time.monotonic()
            kills = self._edit_under_fire(org, made, start)
            edited = time.monotonic() - began
            parked = self._mend(org, made)
            wait_until_quiet(made)
            quiet = time.monotonic() - began - edited
            figures = self._judge(made, org, start, since, log)
            figures["parked_by_the_fault"] = parked
            figures["worker_processes_killed"] = kills
            figures["seconds_of_edits"] = round(edited, 1)
            figures["quiet_after"] = round(quiet, 1)
        secrets = traces.secrets_in(home, org)
        figures["wrong"] += [f"a secret is in {name}" for name in secrets]
        figures["tracebacks_in_log"] = _log(home).count("Traceback")
        return figures

    def _edit_under_fire(
        self, org: Salesforce, made: Program, start: Mapping[str, Mapping[str, Any]]
    ) -> int:
        if self.kill_every is None:
            self._edit(org, made, start)
            return 0
        with Killer(made, self.kill_every) as killer:
            self._edit(org, made, start)
        return killer.kills

    def _edit(self, org: Salesforce, made: Program, start: Mapping[str, Mapping[str, Any]]) -> None:
        """Random edits, several on one user now and then, some undone."""
        chance = random.Random(self.seed)
        requests = {i: set(judge.flags(u, "Requested")) for i, u in start.items()}
        ids = sorted(i for i in start if "user" in start[i]["Username"])
        now, done = time.monotonic(), 0
        while done < self.edits:
            user_id = chance.choice(ids)
            undo: dict[str, object] | None = None
            for _ in range(chance.choice([1, 1, 1, 2, 3])):
                fields = undo or _some_edit(chance, requests[user_id])
                undo = None
                if "IsActive" not in fields and chance.random() < 0.2:
                    undo = {name: not value for name, value in fields.items()}
                requests[user_id] = _after(requests[user_id], fields)
                org.edit(user_id, fields)
                done += 1
                time.sleep(max(0.0, now + done / self.rate - time.monotonic()))
                self._trouble(org, made, done)

    def _trouble(self, org: Salesforce, made: Program, done: int) -> None:
        """Faults come and go through the phases; tokens are revoked in each."""
        phase, rest = divmod(done, max(self.edits // PHASES, 1))
        if self.faults and rest == 0:
            org.heal()
            if phase % 2 == 1 or set(self.faults) == {"expired_token"}:
                for kind in self.faults:
                    for more in FAULTS[kind]:
                        org.fault(kind, **more)
        if self.wipe_broker and done == self.edits // 2:
            wipe_broker(made)

    def _mend(self, org: Salesforce, made: Program) -> int:
        """Take the faults away, and do what a person would do then; how many were parked."""
        org.heal()
        if "daily_limit" in self.faults:
            made.run("orgs", "resume", ORG)
        if not PARKING & set(self.faults):
            return 0
        wait_until_quiet(made)
        parked = len(made.json("parked", "list"))
        made.run("parked", "retry", "--all")
        return parked

    def _judge(
        self,
        made: Program,
        org: Salesforce,
        start: Mapping[str, Mapping[str, Any]],
        since: int,
        log: int,
    ) -> dict[str, Any]:
        by = org.facts_now()["integration_id"]
        calls = traces.call_figures(org.calls(since), by)
        batches = _log(made.home)[log:]
        verdict = judge.judge(org, made, start)
        gaps, history = traces.history_gaps(made, org, start)
        verdict.wrong += gaps
        if not self.faults and self.kill_every is None:
            verdict.wrong += traces.call_excess(calls, batches)
        before = org.last_call()
        made.run("reconcile", "--wait")
        wait_until_quiet(made)
        if again := org.writes_since(before):
            verdict.wrong.append(f"a second reconcile wrote {again} records")
        changed = max(calls["writes records"] + calls["guarded writes records"], 1)
        settling = sum(calls[kind] for kind in ("writes", "guarded writes", "re-reads"))
        every = sum(n for kind, n in calls.items() if not kind.endswith("records"))
        return {
            "edits": self.edits,
            **verdict.figures,
            **history,
            "calls": dict(calls),
            "settling_calls_per_1000_changed": round(1000 * settling / changed, 1),
            "all_calls_per_1000_changed": round(1000 * every / changed, 1),
            "wrong": verdict.wrong,
        }


def _some_edit(chance: random.Random, requested: set[str]) -> dict[str, object]:
    if chance.random() < 0.05:
        return {"IsActive": chance.random() < 0.5}
    names = chance.sample(sorted(FIELDS), chance.choice([1, 1, 2]))
    if chance.random() < 0.3:
        names = chance.choice([["Freedom"], ["SCV"], ["Freedom", "SCV"]])
    return {f"Requested_{FIELDS[n]}__c": n not in requested for n in names}


def _after(requested: set[str], fields: Mapping[str, object]) -> set[str]:
    values = {n: fields.get(f"Requested_{f}__c", n in requested) for n, f in FIELDS.items()}
    return {n for n, value in values.items() if value}


def _log(home: Path) -> str:
    return (home / "up.log").read_text(errors="replace")


def snapshot(org: Salesforce) -> dict[str, dict[str, Any]]:
    """All users, with the number of the last change they include."""
    seq = org.facts_now()["last_change"]
    return {i: u | {"_seq": seq} for i, u in org.users().items()}


def wipe_broker(made: Program) -> None:
    """Take the embedded broker's data away, and kill it."""
    shutil.rmtree(Path(made.settings["LICENSE_SYNC_STATE_DIR"]) / "broker")
    killed = [pid for pid in made.processes() if b"valkey-server" in command(pid)]
    assert killed, "there is a broker to kill"
    for pid in killed:
        os.kill(pid, signal.SIGKILL)


def wait_until_quiet(made: Program, seconds: float = 240.0) -> None:
    """Nothing pending, several polls have looked since, and the overlap scan has come by, twice."""
    polls: list[str] = []
    scans: set[str] = set()

    def is_quiet() -> bool:
        mine = made.org()
        still = mine["pending"] == 0 and mine["problem"] is None and mine["mode"] == "armed"
        if not still or mine["last_poll_at"] is None:
            polls.clear()
            scans.clear()
            return False
        if mine["last_poll_at"] not in polls[-1:]:
            polls.append(mine["last_poll_at"])
        scans.add(_last_overlap(made))
        return len(polls) > QUIET_POLLS and len(scans) > 2

    wait_for(f"quiet; the log ends with {_log(made.home)[-300:]}", is_quiet, seconds)


def _last_overlap(made: Program) -> str:
    with sqlite3.connect(made.database(), timeout=30) as database:
        sql = "SELECT finished_at FROM scan_cursor WHERE source = 'overlap'"
        found = database.execute(sql).fetchone()
    return str(found[0]) if found else ""


def main() -> int:
    """Run one soak, print its figures; 1 if anything is wrong."""
    parser = argparse.ArgumentParser(prog="soak", description=__doc__)
    parser.add_argument("--users", type=int, default=5000)
    parser.add_argument("--edits", type=int, default=3000)
    parser.add_argument("--rate", type=float, default=50.0)
    parser.add_argument("--seed", type=int, default=7)
    parser.add_argument(
        "--fault", choices=sorted(FAULTS), action="append", default=[], dest="faults"
    )
    parser.add_argument("--kill-worker-every", type=float, dest="kill_every")
    parser.add_argument("--wipe-broker-once", action="store_true", dest="wipe_broker")
    parser.add_argument("--json", action="store_true", help="on one line")
    parser.add_argument("--keep", type=Path, help="an empty folder where everything stays")
    chosen = vars(parser.parse_args())
    one_line, keep = chosen.pop("json"), chosen.pop("keep")
    with tempfile.TemporaryDirectory(prefix="soak-") as folder:
        if keep is not None:
            keep.mkdir(parents=True, exist_ok=True)
        figures = Soak(**chosen).run(keep or Path(folder))
    print(json.dumps(figures, indent=None if one_line else 1))
    return 1 if figures["wrong"] else 0


if __name__ == "__main__":
    sys.exit(main())
