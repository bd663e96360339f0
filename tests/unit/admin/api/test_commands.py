"""Programs start runs: only where they can come to something."""

import pytest

from sync.ports.runs import RunKind, RunStatus
from tests.contract.store.scene import ANN, BOB, ORG, Scene
from tests.unit.admin.api.conftest import Api, Filled

PATH = f"/orgs/{ORG}/reconcile"


@pytest.mark.parametrize(("plan", "kind"), [(True, RunKind.PLAN), (False, RunKind.RECONCILE)])
def test_a_run_waits_for_the_worker(
    api: Api, filled: Filled, scene: Scene, plan: bool, kind: RunKind
) -> None:
    answer = api.ask("POST", PATH, json={"plan": plan, "user_ids": [ANN, BOB, ANN]})
    assert answer.status_code == 202
    run = scene.store.run(answer.json()["id"])
    assert (run.kind, run.status, run.started_by) == (kind, RunStatus.QUEUED, "ada")
    assert run.user_ids == (ANN, BOB)
    assert run.fingerprint == scene.store.state(ORG).armed_fingerprint


def test_a_run_over_nobody_in_particular_is_over_all(api: Api, filled: Filled) -> None:
    assert api.post(PATH, {})["users"] == []


def test_a_user_that_was_never_seen_is_named(api: Api, filled: Filled) -> None:
    unseen = "005000000000009AAA"
    said = api.refused("POST", PATH, 404, json={"user_ids": [ANN, unseen]})
    assert unseen in said
    assert ANN not in said


def test_an_org_that_is_not_armed_is_not_reconciled(api: Api, filled: Filled, scene: Scene) -> None:
    beta = "/orgs/beta/reconcile"
    for body in ({}, {"plan": True}):
        assert "has not answered yet" in api.refused("POST", beta, 409, json=body)
    scene.store.meet("beta", "00D000000000002AAA")
    assert "observed only" in api.refused("POST", beta, 409, json={})
    assert api.post(beta, {"plan": True})["kind"] == "plan"
    scene.store.pause(ORG, "bea")
    assert "is paused" in api.refused("POST", PATH, 409, json={})
    assert api.post(PATH, {"plan": True})["kind"] == "plan"
