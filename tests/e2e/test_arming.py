"""A brownfield org loses nothing, and nothing is written that nobody approved."""

import os
import signal
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.e2e.harness import (
    Program,
    Salesforce,
    running,
    salesforce,
    somebody,
    wait_for,
    wait_until_quiet,
)
from tests.e2e.judge import flags

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(300)]

FREEDOM = {"Requested_Freedom__c": True}


@pytest.fixture
def brownfield(tmp_path: Path) -> Iterator[Salesforce]:
    """An org of 300 users who hold licenses that nobody requested."""
    with salesforce(tmp_path, "--users", "300", "--seed", "7", "--brownfield") as made:
        yield made


def test_a_brownfield_org_is_taken_over_and_nobody_loses_a_license(
    tmp_path: Path, brownfield: Salesforce
) -> None:
    before = {i: flags(u, "Effective") for i, u in brownfield.users().items()}
    both = {i for i, held in before.items() if held >= {"Freedom", "SCV"}}
    lone = {i for i, held in before.items() if "CTI" in held and "Freedom" not in held}
    assert both
    assert lone
    call = brownfield.last_call()
    with running(tmp_path, brownfield) as made:
        made.wait_until("planned", lambda o: o["last_poll_at"] and not o["runs"])
        plan = made.json("orgs", "plan")
        losers = {i["user_id"]: set(i["removed"]) for i in plan["items"] if i["removed"]}
        assert losers == {i: set(held) for i, held in before.items() if held}
        assert plan["removals"] == sum(map(len, before.values()))
        assert brownfield.writes_since(call) == 0
        made.run("orgs", "adopt", "--yes")
        wait_until_quiet(made, brownfield)
        records = {i: dict(u) for i, u in brownfield.users().items()}
        assert before == {i: flags(u, "Effective") for i, u in records.items()}
        listed = made.json("conflicts", "list")
        conflicts = {e["user_id"]: e for e in listed if e["kind"] == "conflict"}
        assert {e["code"] for e in conflicts.values()} == {"both_held"}
        assert set(conflicts) == both
        assert {p["user_id"] for p in made.json("parked", "list")} >= lone
        call = brownfield.last_call()
        made.run("reconcile", "--wait")
        assert brownfield.writes_since(call) == 0
    taken = [c for c in brownfield.changes() if _takes_a_license(c["after"])]
    assert taken == []


def _takes_a_license(after: dict[str, object]) -> bool:
    return any(name.startswith("Effective_") and not value for name, value in after.items())


def test_a_pause_stops_writes_within_five_seconds_and_outlives_a_restart(
    made: Program, org: Salesforce
) -> None:
    users = [somebody(org) for _ in range(3)]
    made.run("orgs", "pause")
    time.sleep(5)
    call = org.last_call()
    for user in users:
        org.edit(user, FREEDOM)
    made.wait_until("noticed", lambda o: o["pending"] == len(set(users)))
    made.stop()
    made.start()
    polled = made.now()["last_poll_at"]
    made.wait_until("polled again", lambda o: o["last_poll_at"] > polled)
    time.sleep(2)
    assert org.writes_since(call) == 0
    assert made.org()["mode"] == "paused"
    made.run("orgs", "resume")
    wait_for("written", lambda: all("CTI" in org.held(user) for user in users))


def test_a_feature_that_goes_writes_nothing_until_it_is_approved(
    made: Program, org: Salesforce
) -> None:
    feature, user = "LICENSE_SYNC_ORGS__ACME__FEATURES", somebody(org)
    org.edit(user, {"Requested_SCV__c": True})
    wait_for("granted", lambda: "SCV" in org.held(user))
    wait_until_quiet(made, org)
    made.stop()
    made.settings[feature] = "[]"
    call, polled = org.last_call(), made.now()["last_poll_at"]
    made.start()
    made.wait_until("planned", lambda o: o["last_poll_at"] > polled and not o["runs"])
    assert made.org()["mode"] == "observing"
    org.edit(somebody(org), FREEDOM)
    time.sleep(3)
    assert org.writes_since(call) == 0
    plan = made.json("orgs", "plan")
    assert {i["user_id"] for i in plan["items"] if "SCV" in i["removed"]} == {user}
    made.run("orgs", "approve", "--yes")
    wait_for("removed", lambda: "SCV" not in org.held(user))


def test_up_killed_leaves_no_process_and_a_second_start_finds_its_state(
    made: Program, org: Salesforce
) -> None:
    assert len(made.processes()) > 6
    user = somebody(org)
    org.edit(user, FREEDOM)
    made.stop(signal.SIGKILL)
    made.start()
    wait_for("written", lambda: "CTI" in org.held(user))
    assert made.org()["mode"] == "armed"


@pytest.mark.parametrize("part", [b"valkey-server", b"celery beat", b"--queues=live"])
def test_a_part_that_is_killed_is_started_again_and_nothing_is_lost(
    made: Program, org: Salesforce, part: bytes
) -> None:
    killed = made.parts(part)
    for pid in killed:
        os.kill(pid, signal.SIGKILL)
    user = somebody(org)
    org.edit(user, FREEDOM)
    assert killed
    wait_for("written", lambda: "CTI" in org.held(user))


def test_ctrl_c_ends_up_with_nothing_left(made: Program, org: Salesforce) -> None:
    assert made.stop(signal.SIGINT) == 0
    assert "Traceback" not in made.log()


def test_another_organization_stops_all_writes_with_one_sentence_until_it_is_approved(
    made: Program, org: Salesforce
) -> None:
    now = org.control("organization_id", {})["organization_id"]
    org.log_in()
    call, user = org.last_call(), somebody(org)
    org.edit(user, FREEDOM)
    made.wait_until("said", lambda o: o["problem"] and now in o["problem"])
    assert "orgs approve" in made.org()["problem"]
    assert "orgs approve" in made.run("check", status=1)
    time.sleep(2)
    assert org.writes_since(call) == 0
    assert made.json("orgs", "plan")["removals"] == 0
    made.run("orgs", "approve", "--yes")
    made.run("check")
    wait_for("written", lambda: "CTI" in org.held(user))
