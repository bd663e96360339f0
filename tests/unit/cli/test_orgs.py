"""Orgs on the command line: paused, resumed, in trouble, and next to one whose settings are bad."""

import json
import os

import pytest

from cli.session import runtime
from config.settings import PREFIX
from sync.ports.runs import RunKind
from tests.contract.store.scene import ORG, PRINT, Scene
from tests.unit.cli.conftest import Run


def test_what_stays_paused_is_said_with_the_command_that_ends_it(run: Run, scene: Scene) -> None:
    run("orgs", "pause", ORG)
    run("orgs", "pause")
    said = run("orgs", "resume").stdout
    assert (
        f"But {ORG} was paused otherwise too: `license-sync orgs resume {ORG}` ends that." in said
    )
    assert scene.store.state(ORG).paused_by == "ada"
    assert "But" not in run("orgs", "resume", ORG).stdout
    assert scene.store.state(ORG).paused_at is None


def test_one_org_whose_rules_cannot_be_used_hides_no_other(
    run: Run, scene: Scene, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in list(os.environ.items()):
        if name.startswith(f"{PREFIX}ORGS__ACME__"):
            monkeypatch.setenv(name.replace("ACME", "BETA"), value)
    monkeypatch.setenv(f"{PREFIX}ORGS__BETA__POLICY", "no-such-policy")
    runtime.cache_clear()
    orgs = json.loads(run("status", "--json").stdout)["orgs"]
    assert orgs["beta"]["mode"] == "unusable"
    assert "no-such-policy" in orgs["beta"]["problem"]
    assert orgs[ORG]["problem"] is None
    assert "no-such-policy" in run("orgs", "list").stdout


def test_a_reconcile_that_fails_is_said_by_status(run: Run, scene: Scene) -> None:
    run_id = scene.store.create_run(ORG, RunKind.RECONCILE, PRINT, "schedule")
    taken = scene.store.take_run(run_id, 60)
    assert taken is not None
    assert "reconcile" not in run("status").stdout
    scene.store.requeue_run(run_id, taken[1], "It took too long.", 5)
    assert f"acme: reconcile {run_id} waits: It took too long." in run("status").stdout


def test_several_orgs_have_to_be_told_apart(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in list(os.environ.items()):
        if name.startswith(f"{PREFIX}ORGS__ACME__"):
            monkeypatch.setenv(name.replace("ACME", "BETA"), value)
    runtime.cache_clear()
    assert "There are several orgs: name one of acme, beta." in str(run("orgs", "plan").exception)
