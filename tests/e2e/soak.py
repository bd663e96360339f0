"""`python -m tests.e2e.soak`: random edits over REST on a running program, then the judge.

python -m tests.e2e.soak --users 5000 --edits 3000 --rate 50 --seed 7
python -m tests.e2e.soak --fault lost_answer
python -m tests.e2e.soak --kill-worker-every 2 --wipe-broker-once
"""

import argparse
import json
import os
import random
import re
import shutil
import signal
import sys
import tempfile
import time
from collections.abc import Mapping
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.e2e import judge
from tests.e2e.harness import (
    FIELDS,
    Killer,
    Program,
    Salesforce,
    program,
    salesforce,
    wait_for,
)

FAULTS: Mapping[str, Mapping[str, Any]] = {
    "expired_token": {},
    "html_503": {"share": 0.3},
    "row_lock": {"share": 0.3},
    "daily_limit": {"count": 3},
    "concurrent_limit": {"share": 0.3},
    "lost_answer": {"share": 0.3},
    "cut_before": {"share": 0.3},
    "slow_commit": {"seconds": 3, "match": {"user": "admin"}, "share": 0.02},
    "slow_answer": {"seconds": 2, "share": 0.2},
    "hidden_field": {"field": "Effective_Freedom__c"},
    "truncated_json": {"share": 0.2},
}


@dataclass
class Soak:
    """What to do to the org and the program."""

    users: int = 5000
    edits: int = 3000
    rate: float = 50.0
    seed: int = 7
    fault: str | None = None
    kill_every: float | None = None
    wipe_broker: bool = False

    def run(self, home: Path) -> dict[str, Any]:
        """Do it in `home`; figures, with everything wrong in `wrong`."""
        options = ("--users", str(self.users), "--seed", str(self.seed))
        with ExitStack() as stack:
            org = stack.enter_context(salesforce(home, *options))
            made = program(home, org)
            made.start()
            stack.callback(lambda: made.up and made.stop())
            made.wait_until("armed", lambda o: o["mode"] == "armed")
            wait_until_quiet(made, org)
            start, since = snapshot(org), org.last_call()
            began = time.monotonic()
            with ExitStack() as trouble:
                killer = None
                if self.kill_every:
                    killer = trouble.enter_context(Killer(made, self.kill_every))
                self._edit(org, made, start)
            edited = time.monotonic() - began
            org.heal()
            wait_until_quiet(made, org)
            figures = self._judge(made, org, start, since)
            figures["kills"] = killer.kills if killer else 0
            figures["seconds_of_edits"] = round(edited, 1)
            figures["quiet_after"] = round(time.monotonic() - began - edited, 1)
        figures["secrets_in_logs"] = secrets_in(home, org)
        if figures["secrets_in_logs"]:
            figures["wrong"].append("a secret is in a log")
        return figures

    def _edit(self, org: Salesforce, made: Program, start: Mapping[str, Mapping[str, Any]]) -> None:
        """Random edits, several on one user now and then, some undone."""
        chance = random.Random(self.seed)
        requests = {i: set(judge.flags(u, "Requested")) for i, u in start.items()}
        ids = sorted(i for i in start if "user" in start[i]["Username"])
        now, done = time.monotonic(), 0
        while done < self.edits:
            user_id = chance.choice(ids)
            for _ in range(chance.choice([1, 1, 1, 2, 3])):
                fields = _some_edit(chance, requests[user_id])
                org.edit(user_id, fields)
                done += 1
                time.sleep(max(0.0, now + done / self.rate - time.monotonic()))
                self._trouble(org, made, done)

    def _trouble(self, org: Salesforce, made: Program, done: int) -> None:
        if self.fault and done % max(self.edits // 6, 1) == self.edits // 12:
            org.heal()
            if (done // max(self.edits // 6, 1)) % 2 == 0:
                org.fault(self.fault, **FAULTS[self.fault])
        if self.wipe_broker and done == self.edits // 2:
            shutil.rmtree(Path(made.settings["LICENSE_SYNC_STATE_DIR"]) / "broker")
            for pid in made.processes():
                if b"valkey" in Path(f"/proc/{pid}/cmdline").read_bytes():
                    os.kill(pid, signal.SIGKILL)

    def _judge(
        self,
        made: Program,
        org: Salesforce,
        start: Mapping[str, Mapping[str, Any]],
        since: int,
    ) -> dict[str, Any]:
        by = org.facts_now()["integration_id"]
        calls = judge.call_figures(org.calls(since), by)
        verdict = judge.judge(org, made, start)
        gaps = judge.history_gaps(made, org, int(next(iter(start.values()))["_seq"]))
        before = org.last_call()
        made.run("reconcile", "--wait")
        again = org.writes_since(before)
        if again:
            verdict.wrong.append(f"a second reconcile wrote {again} records")
        changed = calls["writes records"] + calls["guarded writes records"]
        return {
            "edits": self.edits,
            **verdict.figures,
            "calls": dict(calls),
            "calls_per_1000_changed": round(
                1000
                * sum(calls[k] for k in ("writes", "guarded writes", "re-reads"))
                / max(changed, 1),
                1,
            ),
            "wrong": verdict.wrong + gaps,
        }


def _some_edit(chance: random.Random, requested: set[str]) -> dict[str, object]:
    if chance.random() < 0.05:
        return {"IsActive": chance.random() < 0.5}
    names = chance.sample(sorted(FIELDS), chance.choice([1, 1, 2]))
    if chance.random() < 0.3:
        names = ["Freedom", "SCV"][: chance.choice([1, 2])]
    requested ^= set(names)
    return {f"Requested_{FIELDS[n]}__c": n in requested for n in names}


def snapshot(org: Salesforce) -> dict[str, dict[str, Any]]:
    """All users, with the number of the last change they include."""
    seq = org.facts_now()["last_change"]
    return {i: u | {"_seq": seq} for i, u in org.users().items()}


def wait_until_quiet(made: Program, org: Salesforce, seconds: float = 240.0) -> None:
    """Nothing pending, and polls have looked since, several times over."""
    quiet: list[float] = []

    def is_quiet() -> bool:
        status = made.json("status")
        mine = status["orgs"]["acme"]
        still = status["pending"] == 0 and mine["problem"] is None and mine["mode"] == "armed"
        polled = mine["last_poll_at"]
        if not still or polled is None:
            quiet.clear()
            return False
        if not quiet or polled != quiet[-1]:
            quiet.append(polled)
        return len(quiet) > 5

    wait_for("quiet", is_quiet, seconds)


def secrets_in(home: Path, org: Salesforce) -> list[str]:
    """Logs that hold a token, the client secret or a private key."""
    patterns = [r"00D\w{12,15}![\w.]+", re.escape(org.facts["client_secret"]), "PRIVATE KEY"]
    logs = [*home.glob("*.log"), *(home / "state").rglob("*.log")]
    secret = re.compile("|".join(patterns))
    return [str(p) for p in logs if secret.search(p.read_text(errors="replace"))]


def main() -> int:
    """Run one soak, print its figures; 1 if anything is wrong."""
    parser = argparse.ArgumentParser(prog="soak", description=__doc__)
    parser.add_argument("--users", type=int, default=5000)
    parser.add_argument("--edits", type=int, default=3000)
    parser.add_argument("--rate", type=float, default=50.0)
    parser.add_argument("--seed", type=int, default=7)
    parser.add_argument("--fault", choices=sorted(FAULTS))
    parser.add_argument("--kill-worker-every", type=float, dest="kill_every")
    parser.add_argument("--wipe-broker-once", action="store_true", dest="wipe_broker")
    soak = Soak(**vars(parser.parse_args()))
    with tempfile.TemporaryDirectory(prefix="soak-") as folder:
        figures = soak.run(Path(folder))
    print(json.dumps(figures, indent=1))
    return 1 if figures["wrong"] else 0


if __name__ == "__main__":
    sys.exit(main())
