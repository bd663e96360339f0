"""`python -m tests.e2e.soak`: random edits over REST on a running program, then the judge.

python -m tests.e2e.soak --users 5000 --edits 3000 --rate 50 --seed 7
python -m tests.e2e.soak --fault lost_answer
python -m tests.e2e.soak --fault all
python -m tests.e2e.soak --kill-worker-every 2 --wipe-broker-once
"""

import argparse
import json
import os
import random
import shutil
import signal
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tests.e2e import judge, traces
from tests.e2e.harness import (
    FIELDS,
    NO_BRAKE,
    Killer,
    Program,
    Salesforce,
    command,
    program,
    salesforce,
    wait_until_quiet,
)

Users = Mapping[str, Mapping[str, Any]]

FAULTS: Mapping[str, Sequence[Mapping[str, Any]]] = {
    "expired_token": [{}],
    "html_503": [{"share": 0.3}],
    "concurrent_limit": [{"share": 0.3}],
    "lost_answer": [{"share": 0.4}],
    "cut_before": [{"share": 0.3}],
    "slow_commit": [
        {"seconds": 3, "match": {"user": "admin"}, "share": 0.02},
        {"seconds": 3, "share": 0.1},
    ],
    "slow_answer": [{"seconds": 2, "share": 0.2, "match": {"path": "composite"}}],
    "truncated_json": [{"share": 0.2}],
    "row_lock": [{"share": 0.3}],
    "record_error": [{"share": 0.05}],
    "null_record": [{"share": 0.05}],
    "hidden_field": [{"field": "Effective_Freedom__c"}],
    "read_only_field": [{"field": "Effective_Freedom__c"}],
    "daily_limit": [{}],
    "api_disabled": [{}],
}
ALL = "all"
IN_MID_WRITE: Mapping[str, Any] = {
    "seconds": 0.7,
    "match": {"path": "composite", "method": "PATCH"},
}
"""Answers that take a while: a worker that is killed now is likely to be killed in mid-write."""


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
    hits: Counter[str] = field(default_factory=Counter)

    def run(self, home: Path) -> dict[str, Any]:
        """Do it in `home`; figures, with everything wrong in `wrong`."""
        options = ("--users", str(self.users), "--seed", str(self.seed))
        with ExitStack() as stack:
            org = stack.enter_context(salesforce(home, *options))
            made = program(home, org, **NO_BRAKE)
            stack.callback(made.end)
            made.start()
            figures = self.run_on(made, org)
        figures["files searched"], secrets = traces.secrets_in(home, org)
        figures["wrong"] += [f"a secret is in {name}" for name in secrets]
        return figures

    def run_on(self, made: Program, org: Salesforce) -> dict[str, Any]:
        """The same with a program that is up."""
        made.wait_until("armed", lambda o: o["mode"] == "armed", 120)
        wait_until_quiet(made, org)
        start, since, log = snapshot(org), org.last_call(), len(made.log())
        began = time.monotonic()
        figures: dict[str, Any] = {"users": len(start), "edits": self.edits}
        with ExitStack() as trouble:
            killer = None
            if self.kill_every is not None:
                org.fault("slow_answer", **IN_MID_WRITE)
                killer = trouble.enter_context(Killer(made, self.kill_every))
            self._edit(org, made, start)
            self._heal(org)
        edited = time.monotonic()
        figures["processes killed"] = killer.kills if killer else 0
        if self.faults:
            say_that_it_is_mended(made)
        wait_until_quiet(made, org, 400)
        figures["seconds of edits"] = round(edited - began, 1)
        figures["quiet after"] = round(time.monotonic() - edited, 1)
        figures["fault hits"] = dict(self.hits)
        self._judge(made, org, start, since, log, figures)
        figures["tracebacks"] = made.log()[log:].count("Traceback")
        return figures

    def _edit(self, org: Salesforce, made: Program, start: Users) -> None:
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
        """Each fault has its share of the edits, with calm in between."""
        share = self.edits // max(2 * len(self.faults) + 1, 7)
        if self.faults and done % share == 0:
            phase = done // share
            if phase % 2 == 0:
                self._heal(org)
                made.run("check")  # else a stopped org sits out the next fault
            if phase % 2 == 1:
                kind = self.faults[phase // 2 % len(self.faults)]
                for more in FAULTS[kind]:
                    org.fault(kind, **more)
                self.hits[kind] += kind == "expired_token"
        if self.wipe_broker and done == self.edits // 2:
            wipe_broker(made)

    def _heal(self, org: Salesforce) -> None:
        for fault in org.control("faults")["faults"]:
            self.hits[fault["kind"]] += fault["hits"]
        org.heal()

    def _judge(
        self,
        made: Program,
        org: Salesforce,
        start: Users,
        since: int,
        log: int,
        figures: dict[str, Any],
    ) -> None:
        by = org.facts_now()["integration_id"]
        calls, claims = traces.call_figures(org.calls(since), by), made.log()[log:]
        verdict = judge.judge(org, made, start)
        calm = not self.faults and self.kill_every is None
        sizes = judge.batches(made, org.changed_at(judge.since_of(start)))
        figures |= traces.judge_calls(verdict, calls, sizes, claims, calm=calm)
        figures["calls"] = dict(sorted(calls.items()))
        call = org.last_call()
        again = made.json("reconcile", "--wait")
        if again["users_read"] < len(start) or again["unsettled"]:
            verdict.wrong.append(f"a second reconcile found something to do: {again}")
        if written := _writing_calls(org, call, by):
            verdict.wrong.append(f"a second reconcile wrote: {written[:3]}")
        figures |= dict(verdict.figures) | {"wrong": verdict.wrong}


def say_that_it_is_mended(made: Program) -> None:
    """What a person does after a mend: look whether all is well, and let parked users try again.

    Without it license-sync looks for itself, but some of its waits are longer than a test.
    """
    made.run("check")
    made.run("parked", "retry", "--all")


def _writing_calls(org: Salesforce, since: int, by: str) -> list[tuple[str, str]]:
    return [
        (call["method"], call["path"])
        for call in org.calls(since)
        if call["user_id"] == by and (call["writes"] or "writes" in traces.kind_of(call))
    ]


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


def snapshot(org: Salesforce) -> dict[str, dict[str, Any]]:
    """All users, with the number of the last change they include."""
    seq = org.facts_now()["last_change"]
    return {i: u | {"_seq": seq} for i, u in org.users().items()}


def wipe_broker(made: Program) -> None:
    """Take the embedded broker's data away, and kill it."""
    shutil.rmtree(made.state_dir / "broker")
    killed = [pid for pid in made.processes() if b"valkey-server" in command(pid)]
    assert killed, "there is a broker to kill"
    for pid in killed:
        os.kill(pid, signal.SIGKILL)


def main() -> int:
    """Run one soak, print its figures; 1 if anything is wrong."""
    parser = argparse.ArgumentParser(prog="soak", description=__doc__)
    parser.add_argument("--users", type=int, default=5000)
    parser.add_argument("--edits", type=int, default=3000)
    parser.add_argument("--rate", type=float, default=50.0)
    parser.add_argument("--seed", type=int, default=7)
    parser.add_argument(
        "--fault", choices=[*sorted(FAULTS), ALL], action="append", default=[], dest="faults"
    )
    parser.add_argument("--kill-worker-every", type=float, dest="kill_every")
    parser.add_argument("--wipe-broker-once", action="store_true", dest="wipe_broker")
    parser.add_argument("--json", action="store_true", help="on one line")
    parser.add_argument("--keep", type=Path, help="an empty folder where everything stays")
    chosen = vars(parser.parse_args())
    if ALL in chosen["faults"]:
        chosen["faults"] = list(FAULTS)
    one_line, keep = chosen.pop("json"), chosen.pop("keep")
    with tempfile.TemporaryDirectory(prefix="soak-") as folder:
        if keep is not None:
            keep.mkdir(parents=True, exist_ok=True)
        figures = Soak(**chosen).run(keep or Path(folder))
    print(json.dumps(figures, indent=None if one_line else 1))
    return 1 if figures["wrong"] else 0


if __name__ == "__main__":
    sys.exit(main())
