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
import re
import shutil
import signal
import sys
import tempfile
import time
from collections.abc import Mapping
from contextlib import ExitStack
from dataclasses import dataclass, field
from math import ceil
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
    wait_until_quiet,
)

Users = Mapping[str, Mapping[str, Any]]

_WRITE = {"match": {"path": "composite", "method": "PATCH"}}
FAULTS: Mapping[str, Mapping[str, Any]] = {
    "expired_token": {},
    "html_503": {"share": 0.3},
    "row_lock": {"share": 0.3},
    "concurrent_limit": {"share": 0.2},
    "lost_answer": {"share": 0.4},
    "cut_before": {"share": 0.3},
    "slow_commit": {"seconds": 3, "match": {"user": "admin"}, "share": 0.02},
    "slow_answer": {"seconds": 2, **_WRITE, "share": 0.3},
    "truncated_json": {"share": 0.2},
    "null_record": {"share": 0.05},
    "record_error": {"share": 0.05, "statusCode": "FIELD_CUSTOM_VALIDATION_EXCEPTION"},
    "hidden_field": {"field": "Effective_Freedom__c"},
    "daily_limit": {},
}
ALL = "all"


@dataclass
class Soak:
    """What to do to the org and the program."""

    users: int = 5000
    edits: int = 3000
    rate: float = 50.0
    seed: int = 7
    faults: tuple[str, ...] = ()
    kill_every: float | None = None
    wipe_broker: bool = False
    hits: dict[str, int] = field(default_factory=dict)

    def run(self, home: Path) -> dict[str, Any]:
        """Do it in `home`; figures, with everything wrong in `wrong`."""
        options = ("--users", str(self.users), "--seed", str(self.seed))
        with ExitStack() as stack:
            org = stack.enter_context(salesforce(home, *options))
            made = program(home, org)
            stack.callback(lambda: made.up and made.stop())
            made.start()
            made.wait_until("armed", lambda o: o["mode"] == "armed", 120)
            wait_until_quiet(made, org)
            figures = self.run_on(made, org)
        self.look_for_secrets(home, org, figures)
        return figures

    def run_on(self, made: Program, org: Salesforce) -> dict[str, Any]:
        """The same on a program that is up and quiet."""
        start, since, began = snapshot(org), org.last_call(), time.monotonic()
        figures: dict[str, Any] = {"edits": self.edits}
        with ExitStack() as trouble:
            killer = None
            if self.kill_every:
                killer = trouble.enter_context(Killer(made, self.kill_every))
            self._edit(org, made, start)
            self._heal(org)
        edited = time.monotonic()
        figures["kills"] = killer.kills if killer else 0
        if self.faults:
            _say_that_it_is_mended(made)
        wait_until_quiet(made, org, 300)
        figures["seconds of edits"] = round(edited - began, 1)
        figures["quiet after"] = round(time.monotonic() - edited, 1)
        figures["fault hits"] = self.hits
        self._judge(made, org, start, since, figures)
        return figures

    def _edit(self, org: Salesforce, made: Program, start: Users) -> None:
        """Random edits, several on one user now and then, some undone."""
        chance = random.Random(self.seed)
        requests = {i: set(judge.flags(u, "Requested")) for i, u in start.items()}
        facts = org.facts_now()
        ids = sorted({*start} - {facts["admin_id"], facts["integration_id"]})
        began, done = time.monotonic(), 0
        while done < self.edits:
            user_id = chance.choice(ids)
            for _ in range(chance.choice([1, 1, 1, 2, 3])):
                org.edit(user_id, _some_edit(chance, requests[user_id]))
                done += 1
                time.sleep(max(0.0, began + done / self.rate - time.monotonic()))
                self._trouble(org, made, done)

    def _trouble(self, org: Salesforce, made: Program, done: int) -> None:
        """Each fault has its share of the edits; the last of them is over before the end."""
        share = self.edits // (len(self.faults) + 1)
        if self.faults and done % share == share // 2:
            self._heal(org)
            number = done // share
            if number < len(self.faults):
                kind = self.faults[number]
                org.control("faults", {"kind": kind, **FAULTS[kind]})
        if self.wipe_broker and done == self.edits // 2:
            wipe_broker(made)

    def _heal(self, org: Salesforce) -> None:
        for fault in org.control("faults")["faults"]:
            self.hits[fault["kind"]] = self.hits.get(fault["kind"], 0) + fault["hits"]
        org.heal()

    def _judge(
        self, made: Program, org: Salesforce, start: Users, since: int, figures: dict[str, Any]
    ) -> None:
        by = org.facts_now()["integration_id"]
        calls = judge.call_figures(org.calls(since), by)
        verdict = judge.judge(org, made, start)
        began = org.changed_at(judge.since_of(start))
        figures |= dict(verdict.figures) | {"calls": dict(sorted(calls.items()))}
        self._judge_calls(made, calls, began, figures, verdict)
        call = org.last_call()
        again = made.json("reconcile", "--wait")
        if again["users_read"] < len(start) or again["unsettled"]:
            verdict.wrong.append(f"a second reconcile found something to do: {again}")
        if written := _writing_calls(org, call, by):
            verdict.wrong.append(f"a second reconcile wrote: {written[:3]}")
        figures["wrong"] = verdict.wrong

    def _judge_calls(
        self,
        made: Program,
        calls: Mapping[str, int],
        began: float,
        figures: dict[str, Any],
        verdict: judge.Verdict,
    ) -> None:
        sizes = judge.batches(made, began)
        allowed = sum(ceil(size / 200) for size in sizes)
        figures["batches that wrote"] = len(sizes)
        changed = max(calls.get("writes records", 0) + calls.get("guarded writes records", 0), 1)
        writing = calls.get("writes", 0) + calls.get("guarded writes", 0)
        of_settling = writing + calls.get("re-reads", 0)
        figures["calls per 1000 changed"] = round(1000 * of_settling / changed, 1)
        figures["with polls"] = round(1000 * (of_settling + calls.get("polls", 0)) / changed, 1)
        if writing > allowed and not self.faults:
            verdict.wrong.append(f"{writing} writing calls, {allowed} would do")
        claims = [int(n) for n in re.findall(r": settled (\d+): ", made.log())]
        figures["batches in the log"] = len(claims)
        reads = sum(ceil(claim / 2000) for claim in claims)
        if not (self.faults or self.kill_every) and calls.get("re-reads", 0) > reads:
            verdict.wrong.append(f"{calls['re-reads']} re-reads for {reads} claims")

    def look_for_secrets(self, home: Path, org: Salesforce, figures: dict[str, Any]) -> None:
        """No log, database or broker file holds a token, a secret or a key."""
        figures["files searched"], found = secrets_in(home, org)
        figures["wrong"] += [f"{path} holds a secret" for path in found]


def wipe_broker(made: Program) -> None:
    """The broker's data is gone, and so is the broker."""
    for entry in (made.state_dir / "broker").iterdir():
        shutil.rmtree(entry) if entry.is_dir() else entry.unlink()
    for pid in made.processes():
        if b"valkey" in Path(f"/proc/{pid}/cmdline").read_bytes():
            os.kill(pid, signal.SIGKILL)


def _say_that_it_is_mended(made: Program) -> None:
    """What a person does after a mend: look whether all is well, and let parked users try again.

    Without it license-sync looks for itself, but some waits are longer than a test.
    """
    made.run("check")
    made.run("parked", "retry", "--all")


def _writing_calls(org: Salesforce, since: int, by: str) -> list[Any]:
    return [
        (call["method"], call["path"])
        for call in org.calls(since)
        if call["user_id"] == by and (call["writes"] or "writes" in judge.kind_of(call))
    ]


def _some_edit(chance: random.Random, requested: set[str]) -> dict[str, object]:
    if chance.random() < 0.05:
        return {"IsActive": chance.random() < 0.6}
    names = chance.sample(sorted(FIELDS), chance.choice([1, 1, 2]))
    if chance.random() < 0.3:
        names = ["Freedom", "SCV"][: chance.choice([1, 2])]
    if chance.random() < 0.1:
        names = ["SCV"]
    requested ^= set(names)
    return {f"Requested_{FIELDS[n]}__c": n in requested for n in names}


def snapshot(org: Salesforce) -> dict[str, dict[str, Any]]:
    """All users, with the number of the last change they include."""
    seq = org.facts_now()["last_change"]
    return {i: u | {"_seq": seq} for i, u in org.users().items()}


def secrets_in(home: Path, org: Salesforce) -> tuple[int, list[str]]:
    """How many files of the program were searched, and those that hold something secret."""
    secret = re.compile(
        rb"00D\w{12,15}(?:!|%21)[\w.]+|eyJ[\w-]{10,}\.[\w-]{10,}\.|PRIVATE KEY|"
        + re.escape(org.facts["client_secret"].encode())
    )
    theirs = (home / "org", home / "org.log")
    files = [p for p in home.rglob("*") if p.is_file() and not p.is_relative_to(theirs[0])]
    return len(files), [str(p) for p in files if secret.search(p.read_bytes())]


def main() -> int:
    """Run one soak, print its figures; 1 if anything is wrong."""
    parser = argparse.ArgumentParser(prog="soak", description=__doc__)
    parser.add_argument("--users", type=int, default=5000)
    parser.add_argument("--edits", type=int, default=3000)
    parser.add_argument("--rate", type=float, default=50.0, help="edits a second")
    parser.add_argument("--seed", type=int, default=7)
    parser.add_argument("--fault", choices=[*sorted(FAULTS), ALL], action="append")
    parser.add_argument("--kill-worker-every", type=float, dest="kill_every", metavar="SECONDS")
    parser.add_argument("--wipe-broker-once", action="store_true", dest="wipe_broker")
    parser.add_argument("--json", action="store_true", help="one line")
    parser.add_argument("--home", type=Path, help="keep everything in this folder")
    options = vars(parser.parse_args())
    one_line, home, chosen = options.pop("json"), options.pop("home"), options.pop("fault") or []
    faults = tuple(FAULTS) if ALL in chosen else tuple(chosen)
    with tempfile.TemporaryDirectory(prefix="soak-") as folder:
        figures = Soak(faults=faults, **options).run(home or Path(folder))
    print(json.dumps(figures, indent=None if one_line else 1))
    return 1 if figures["wrong"] else 0


if __name__ == "__main__":
    sys.exit(main())
