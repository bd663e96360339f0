"""Plans and runs on the page: started, read, approved, stopped, undone."""

import pytest

from admin.services import Services
from sync.ports.browse import RunQuery
from sync.ports.runs import PlanItem, Run, RunKind, RunStatus
from tests.contract.store.scene import ANN, BOB, BOTH, CTI, FREEDOM, NONE, ORG, PBX, SCV, Scene
from tests.unit.admin.conftest import Site

ORGANIZATION = "00D000000000001AAA"

LOSES = PlanItem(ANN, "ann@acme.example", BOTH, BOTH, SCV | PBX, SCV, "Corrected", "PCI is off.")
GAINS = PlanItem(BOB, "bob@acme.example", FREEDOM, FREEDOM, NONE, FREEDOM | CTI, "In sync", "")


@pytest.fixture
def fingerprint(services: Services, scene: Scene) -> str:
    """What the org's rules are approved by."""
    return services.runtime.org(ORG).fingerprint_in(ORGANIZATION)


@pytest.fixture
def plan(scene: Scene, fingerprint: str) -> int:
    """A finished plan that gives to one user and takes from another."""
    run_id = scene.store.create_run(ORG, RunKind.PLAN, fingerprint, "ann")
    taken = scene.store.take_run(run_id, 60)
    assert taken is not None
    scene.store.advance_run(run_id, taken[1], "z", 1000, [LOSES, GAINS], [], 60, 500)
    scene.store.end_run(run_id, taken[1])
    return run_id


def newest(scene: Scene) -> Run:
    return scene.store.list_runs(RunQuery()).rows[0]


def test_no_run_yet_says_what_to_expect(site: Site) -> None:
    assert "No run yet" in site.get("/runs")


def test_a_plan_is_queued_under_the_orgs_rules(site: Site, scene: Scene, fingerprint: str) -> None:
    assert site.post("/runs/start", org=ORG, kind="plan") == 303
    run = newest(scene)
    assert (run.kind, run.status, run.started_by) == (RunKind.PLAN, RunStatus.QUEUED, "ada")
    assert run.fingerprint == fingerprint
    page = site.get(f"/runs/{run.id}")
    assert "<progress" in page
    assert "Stop this run" in page


def test_a_reconcile_of_an_org_that_is_observed_only_is_none(site: Site, scene: Scene) -> None:
    site.post("/runs/start", org=ORG, kind="reconcile")
    assert "observed only" in site.said()
    assert scene.store.list_runs(RunQuery()).rows == ()


@pytest.mark.parametrize("kind", ["", "x", "undo"])
def test_what_cannot_be_started_is_said(site: Site, scene: Scene, kind: str) -> None:
    site.post("/runs/start", org=ORG, kind=kind)
    assert scene.store.list_runs(RunQuery()).rows == ()
    assert 'role="alert"' in site.said()


def test_a_plan_reads_as_who_gains_and_who_loses(site: Site, plan: int) -> None:
    page = site.get(f"/runs/{plan}")
    assert "PCI is off." in page
    assert "loses </span>Cloud PBX" in page
    assert "gains </span>Freedom" in page
    assert "bob@" not in site.get(f"/runs/{plan}?change=loses")
    assert "ann@" not in site.get(f"/runs/{plan}?license=CTI")
    assert "ann@" not in site.get(f"/runs/{plan}?q=bob")
    file = site.client.get(f"/runs/{plan}/csv?change=loses").text
    assert "ann@" in file
    assert "bob@" not in file


def test_approving_all_arms_the_org_and_names_who_did(
    site: Site, scene: Scene, plan: int, fingerprint: str
) -> None:
    assert "Approve only grants" in site.get(f"/runs/{plan}")
    site.post(f"/runs/{plan}/approve", scope="all")
    assert "is approved" in site.said()
    state = scene.store.state(ORG)
    assert (state.armed_by, state.armed_fingerprint) == ("ada", fingerprint)
    assert newest(scene).kind is RunKind.RECONCILE
    assert scene.store.brakes() == []
    site.post(f"/runs/{plan}/approve", scope="all")
    assert 'role="alert"' in site.said()


def test_approving_only_grants_puts_the_brake_on(site: Site, scene: Scene, plan: int) -> None:
    site.post(f"/runs/{plan}/approve", scope="grants")
    (brake,) = scene.store.brakes()
    assert brake.tripped_by == "ada"
    assert "Brake: acme" in site.get("/")
    site.post(f"/orgs/{ORG}/release")
    assert scene.store.brakes() == []


def test_removals_are_held_by_hand_with_a_reason(site: Site, scene: Scene) -> None:
    site.post(f"/orgs/{ORG}/hold", reason="")
    assert scene.store.brakes() == []
    site.post(f"/orgs/{ORG}/hold", reason="an import goes on")
    (brake,) = scene.store.brakes()
    assert brake.reason
    assert "an import goes on" in site.get(f"/orgs/{ORG}")


def test_a_run_is_stopped(site: Site, scene: Scene) -> None:
    site.post("/runs/start", org=ORG, kind="plan")
    run_id = newest(scene).id
    site.post(f"/runs/{run_id}/stop")
    assert scene.store.run(run_id).status is RunStatus.STOPPED
    assert "Stop this run" not in site.get(f"/runs/{run_id}")


def test_a_stretch_is_undone_by_a_plan(site: Site, scene: Scene, plan: int) -> None:
    site.post(f"/runs/{plan}/approve", scope="all")
    site.post(f"/orgs/{ORG}/undo", since="")
    assert "Say since when" in site.said()
    site.post(f"/orgs/{ORG}/undo", since="2026-03-01T10:00")
    run = newest(scene)
    assert (run.kind, run.started_by) == (RunKind.UNDO, "ada")


def test_an_org_is_paused_and_resumed(site: Site, scene: Scene) -> None:
    site.post(f"/orgs/{ORG}/pause")
    assert scene.store.state(ORG).paused_by == "ada"
    site.post(f"/orgs/{ORG}/resume")
    assert scene.store.state(ORG).paused_at is None
    scene.store.pause(None, "root")
    site.post(f"/orgs/{ORG}/resume")
    assert "root paused all orgs" in site.said()
