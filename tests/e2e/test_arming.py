"""A brownfield org loses nothing, and nothing is written that nobody approved."""

import signal
import time
from pathlib import Path

import pytest

from tests.e2e.harness import Salesforce, program, running, wait_for
from tests.e2e.judge import flags
from tests.e2e.soak import wait_until_quiet

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(300)]


def test_a_brownfield_org_is_taken_over_and_nobody_loses_a_license(
    tmp_path: Path, brownfield: Salesforce
) -> None:
    before = brownfield.users()
    call = brownfield.last_call()
    with running(tmp_path, brownfield) as made:
        made.wait_until("polled", lambda o: o["last_poll_at"])
        plan = made.json("orgs", "plan")
        losers = [i for i in plan["items"] if i["removed"]]
        assert len(losers) == sum(1 for u in before.values() if flags(u, "Effective"))
        time.sleep(5)
        assert made.org()["mode"] == "observing"
        assert brownfield.writes_since(call) == 0
        made.run("orgs", "adopt", "--yes")
        wait_until_quiet(made, brownfield)
        after = brownfield.users()
        for user_id, user in before.items():
            assert flags(user, "Effective") <= flags(after[user_id], "Effective"), user
        listed = made.json("conflicts", "list")
        both = {i for i, u in before.items() if flags(u, "Effective") >= {"Freedom", "SCV"}}
        assert both
        assert {e["user_id"] for e in listed if e["kind"] == "conflict"} == both
        lone = {
            i
            for i, u in before.items()
            if "CTI" in flags(u, "Effective") and "Freedom" not in flags(u, "Effective")
        }
        assert lone
        assert lone <= {p["user_id"] for p in made.json("parked", "list")}
        call = brownfield.last_call()
        made.run("reconcile", "--wait")
        assert brownfield.writes_since(call) == 0


def test_a_feature_that_goes_writes_nothing_until_it_is_approved(
    tmp_path: Path, org: Salesforce
) -> None:
    with running(tmp_path, org) as made:
        made.wait_until("armed", lambda o: o["mode"] == "armed")
        user = next(i for i, u in org.users().items() if not flags(u, "Requested"))
        org.edit(user, {"Requested_SCV__c": True})
        wait_for("granted", lambda: "SCV" in flags(org.users()[user], "Effective"))
        made.stop()
        made.settings["LICENSE_SYNC_ORGS__ACME__FEATURES"] = "[]"
        call = org.last_call()
        made.start()
        made.wait_until("observing", lambda o: o["mode"] == "observing" and o["last_poll_at"])
        time.sleep(4)
        assert org.writes_since(call) == 0
        made.run("orgs", "plan")
        made.run("orgs", "approve", "--yes")
        wait_for("removed", lambda: "SCV" not in flags(org.users()[user], "Effective"))


def test_another_organization_stops_all_writes_with_one_sentence(
    tmp_path: Path, org: Salesforce
) -> None:
    with running(tmp_path, org) as made:
        made.wait_until("armed", lambda o: o["mode"] == "armed")
        now = org.control("organization_id", {})["organization_id"]
        org.log_in()
        call = org.last_call()
        user = next(i for i, u in org.users().items() if not flags(u, "Requested"))
        org.edit(user, {"Requested_Freedom__c": True})
        made.wait_until("said", lambda o: o["problem"] and now in o["problem"])
        time.sleep(3)
        assert org.writes_since(call) == 0
        assert "orgs approve" in made.org()["problem"]


def test_a_pause_stops_writes_within_five_seconds_and_outlives_a_restart(
    tmp_path: Path, org: Salesforce
) -> None:
    with running(tmp_path, org) as made:
        made.wait_until("armed", lambda o: o["mode"] == "armed")
        users = [i for i, u in org.users().items() if not flags(u, "Requested")][:5]
        made.run("orgs", "pause")
        time.sleep(5)
        call = org.last_call()
        for user in users:
            org.edit(user, {"Requested_Freedom__c": True})
        made.wait_until("noticed", lambda o: o["pending"] == len(users))
        made.stop()
        made.start()
        time.sleep(6)
        assert org.writes_since(call) == 0
        assert made.org()["mode"] == "paused"
        made.run("orgs", "resume")
        wait_for("written", lambda: all("CTI" in flags(org.users()[u], "Effective") for u in users))


def test_up_leaves_no_process_however_it_ends(tmp_path: Path, org: Salesforce) -> None:
    made = program(tmp_path, org)
    made.start()
    made.wait_until("armed", lambda o: o["mode"] == "armed")
    assert len(made.processes()) > 4
    made.stop(signal.SIGKILL)
    made.start()
    made.wait_until("found its state", lambda o: o["mode"] == "armed")
    user = next(i for i, u in org.users().items() if not flags(u, "Requested"))
    org.edit(user, {"Requested_Freedom__c": True})
    wait_for("written", lambda: "CTI" in flags(org.users()[user], "Effective"))
    assert made.stop(signal.SIGINT) == 0
