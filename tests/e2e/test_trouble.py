"""Whatever is wrong is one sentence with the mend, and what goes away needs no restart."""

import os
import signal
import sqlite3
import time
from pathlib import Path

import pytest

from tests.e2e.harness import Salesforce, free_port, program, running, salesforce, wait_for
from tests.e2e.judge import flags

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(300)]
LOGIN_URL = "LICENSE_SYNC_ORGS__ACME__LOGIN_URL"


def somebody(org: Salesforce) -> str:
    """A user who requests nothing."""
    return next(i for i, u in org.users().items() if not flags(u, "Requested") and u["IsActive"])


@pytest.mark.parametrize(
    ("setting", "value", "words"),
    [
        ("LICENSE_SYNC_ORGS__ACME__CLIENT_SECRET", "wrong-secret", "secret"),
        (LOGIN_URL, "https://nobody.invalid", "nobody.invalid"),
        (LOGIN_URL, "https://localhost:1", "localhost:1"),
        ("LICENSE_SYNC_ORGS__ACME__CA_FILE", "", "certificate"),
        ("LICENSE_SYNC_DATABASE_URL", "sqlite:////proc/nowhere/x.db", "cannot be opened"),
        ("LICENSE_SYNC_DATABASE_URL", "postgresql://u:pw@127.0.0.1:1/x", "cannot be reached"),
        ("LICENSE_SYNC_BROKER_URL", "redis://127.0.0.1:1/0", "broker"),
    ],
)
def test_check_says_what_is_wrong_in_one_sentence(
    tmp_path: Path, org: Salesforce, setting: str, value: str, words: str
) -> None:
    made = program(tmp_path, org, **{setting: value})
    if not value:
        del made.settings[setting]
    said = made.run("check", status=1)
    wrong = [line for line in said.splitlines() if line.startswith("FAIL")]
    assert any(words in line for line in wrong), said
    assert "wrong-secret" not in said
    assert "pw@" not in said


def test_a_good_setup_passes_every_check(tmp_path: Path, org: Salesforce) -> None:
    made = program(tmp_path, org)
    assert all(found["ok"] for found in made.json("check"))


@pytest.mark.parametrize("kind", ["hidden_field", "read_only_field"])
def test_a_hidden_field_stops_writes_is_named_and_recovers(
    tmp_path: Path, org: Salesforce, kind: str
) -> None:
    with running(tmp_path, org) as made:
        made.wait_until("armed", lambda o: o["mode"] == "armed")
        org.fault(kind, field="Effective_Freedom__c")
        call, user = org.last_call(), somebody(org)
        org.edit(user, {"Requested_Freedom__c": True})
        made.wait_until("named", lambda o: o["problem"] and "Effective_Freedom__c" in o["problem"])
        assert "Effective_Freedom__c" in made.run("check", status=1)
        assert org.writes_since(call) == 0
        org.heal()
        wait_for("written", lambda: "CTI" in flags(org.users()[user], "Effective"), 90)
        made.wait_until("taken back", lambda o: o["problem"] is None)


def test_an_org_without_api_access_is_said_and_recovers(tmp_path: Path, org: Salesforce) -> None:
    with running(tmp_path, org) as made:
        made.wait_until("armed", lambda o: o["mode"] == "armed")
        org.fault("api_disabled")
        made.wait_until("said", lambda o: o["problem"] and "API" in o["problem"])
        org.heal()
        made.wait_until("recovered", lambda o: o["problem"] is None)


def test_an_org_that_is_down_is_said_and_recovers(tmp_path: Path) -> None:
    port = free_port()
    with salesforce(tmp_path, "--users", "30", port=port) as org:
        made = program(tmp_path, org)
        made.start()
        made.wait_until("armed", lambda o: o["mode"] == "armed")
    try:
        made.wait_until("said", lambda o: o["problem"])
        with salesforce(tmp_path, "--users", "30", port=port) as org:
            made.wait_until("recovered", lambda o: o["problem"] is None)
            user = somebody(org)
            org.edit(user, {"Requested_Freedom__c": True})
            wait_for("written", lambda: "CTI" in flags(org.users()[user], "Effective"))
    finally:
        made.stop()


def test_a_locked_database_is_one_sentence_and_recovers(tmp_path: Path, org: Salesforce) -> None:
    with running(tmp_path, org) as made:
        made.wait_until("armed", lambda o: o["mode"] == "armed")
        user = somebody(org)
        with sqlite3.connect(made.database(), isolation_level=None) as holder:
            holder.execute("BEGIN EXCLUSIVE")
            org.edit(user, {"Requested_Freedom__c": True})
            time.sleep(5)
            holder.execute("ROLLBACK")
        wait_for("written", lambda: "CTI" in flags(org.users()[user], "Effective"))
        assert "Traceback" not in (tmp_path / "up.log").read_text()


def test_a_worker_killed_in_mid_write_leaves_nothing_undone(
    tmp_path: Path, org: Salesforce
) -> None:
    with running(tmp_path, org) as made:
        made.wait_until("armed", lambda o: o["mode"] == "armed")
        user = somebody(org)
        org.fault("cut_before", match={"path": "composite", "method": "PATCH"}, count=1)
        org.fault("slow_answer", seconds=4, match={"path": "composite", "method": "PATCH"}, count=1)
        org.edit(user, {"Requested_Freedom__c": True})
        time.sleep(3)
        for pid in made.workers():
            os.kill(pid, signal.SIGKILL)
        killed = time.monotonic()
        wait_for("written", lambda: "CTI" in flags(org.users()[user], "Effective"), 60)
        assert time.monotonic() - killed < 45


def test_usage_and_settings_errors_are_status_2(tmp_path: Path, org: Salesforce) -> None:
    made = program(tmp_path, org)
    made.run("orgs", "frobnicate", status=2)
    made.settings[LOGIN_URL] = "http://plain.example"
    said = made.run("status", status=2)
    assert "LOGIN_URL" in said
    assert "https://" in said
    assert len(said.strip().splitlines()) == 1
