"""Runs on the command line: listed, shown, stopped, approved."""

import json

from cli.session import runtime
from sync.ports.browse import RunQuery
from sync.ports.runs import RunKind, RunStatus
from tests.contract.store.scene import ANN, LEASE, ORG, Scene
from tests.contract.store.test_runs import item, take
from tests.unit.cli.conftest import Run


def known(scene: Scene, kind: RunKind = RunKind.PLAN) -> int:
    """A finished run under the org's own rules."""
    fingerprint = runtime().org(ORG).fingerprint_in("00D000000000001AAA")
    run_id = scene.store.create_run(ORG, kind, fingerprint, "bob")
    token = take(scene, run_id)
    scene.store.advance_run(run_id, token, ANN, 7, [item()], [], LEASE)
    scene.store.end_run(run_id, token)
    return run_id


def test_runs_are_listed(run: Run, scene: Scene) -> None:
    assert "No run yet" in run("runs", "list").stdout
    plan = known(scene)
    row = json.loads(run("runs", "list", "--json").stdout)[0]
    assert (row["id"], row["kind"], row["status"], row["users_read"]) == (plan, "plan", "done", 7)
    assert "plan" in run("runs", "list", "--org", ORG).stdout


def test_a_run_is_shown_with_what_it_would_do(run: Run, scene: Scene) -> None:
    plan = str(known(scene))
    assert f"Run {plan} of acme: plan, done." in run("runs", "show", plan).stdout
    assert "1 user would lose something: 1 SCV" in run("runs", "show", plan).stdout
    (shown,) = json.loads(run("runs", "show", plan, "--json").stdout)["items"]
    assert (shown["removed"], shown["outcome"]) == (["SCV"], "")
    reconcile = str(known(scene, RunKind.RECONCILE))
    assert "7 users read, 1 not settled." in run("runs", "show", reconcile).stdout
    assert "There is no run 77." in str(run("runs", "show", "77").exception)


def test_a_run_is_stopped(run: Run, scene: Scene) -> None:
    run_id = scene.store.create_run(ORG, RunKind.RECONCILE, "print", "bob")
    assert f"Run {run_id} is stopped." in run("runs", "stop", str(run_id)).stdout
    assert scene.store.run(run_id).status is RunStatus.STOPPED
    assert "Stopped by ada." in run("runs", "show", str(run_id)).stdout
    assert "nothing to stop" in str(run("runs", "stop", str(run_id)).exception)


def test_a_plan_is_approved_for_its_grants(run: Run, scene: Scene) -> None:
    plan = known(scene)
    said = run("runs", "approve", str(plan), "--only-grants").stdout
    applying = scene.store.list_runs(RunQuery(orgs=frozenset({ORG}))).rows[0]
    assert f"Approved: run {applying.id} applies it." in said
    assert scene.store.brakes()[0].tripped_by == "ada"
    assert f"ada approved plan {plan} already" in str(run("runs", "approve", str(plan)).exception)


def test_an_adoption_is_handed_to_the_workers(run: Run, scene: Scene) -> None:
    adoption = known(scene, RunKind.ADOPT)
    assert run("runs", "approve", str(adoption), "--only-grants").exit_code == 2
    assert "Approved:" in run("runs", "approve", str(adoption)).stdout
    found = scene.store.run(adoption)
    assert (found.status, found.applied_by) == (RunStatus.APPLYING, "ada")
