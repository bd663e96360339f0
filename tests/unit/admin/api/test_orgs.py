"""Programs ask how an org stands, pause it, and approve what a brake holds."""

import pytest

from admin.services import Services
from cli.status import status_json
from sync.heartbeats import SILENT
from tests.contract.store.scene import CTI, DAN, ORG, PBX, Scene
from tests.contract.store.test_brake import brake_user
from tests.unit.admin.api.conftest import BETA, Api, Filled, a_time


def test_the_status_is_the_command_lines(
    api: Api, filled: Filled, services: Services, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("cli.status.runtime", lambda: services.runtime)
    services.store.beat("worker")
    mine, theirs = api.get("/status"), status_json()
    assert a_time(mine.pop("at")) - a_time(str(theirs.pop("at"))) < SILENT
    assert mine == theirs
    assert (mine["parked"], mine["open_conflicts"], mine["open_refusals"]) == (1, 1, 1)
    assert mine["orgs"][ORG]["mode"] == "armed"
    assert mine["workers"]["worker"]["alive"] is True


def test_the_status_counts_what_the_token_reaches(api: Api, filled: Filled) -> None:
    seen = api.get("/status", BETA)
    assert list(seen["orgs"]) == ["beta"]
    assert (seen["parked"], seen["open_conflicts"], seen["open_refusals"]) == (0, 0, 0)
    assert [row["org"] for row in api.get("/orgs", BETA)["rows"]] == ["beta"]
    assert [row["org"] for row in api.get("/orgs")["rows"]] == ["acme", "beta"]


def test_an_org_is_paused_and_goes_on(api: Api, scene: Scene) -> None:
    paused = api.post(f"/orgs/{ORG}/pause")
    assert (paused["mode"], paused["paused_by"]) == ("paused", "ada")
    assert api.post(f"/orgs/{ORG}/resume")["mode"] == "armed"


def test_a_pause_of_all_orgs_is_not_ended_by_one(api: Api, scene: Scene) -> None:
    scene.store.pause(None, "bea")
    said = api.refused("POST", f"/orgs/{ORG}/resume", 409)
    assert "bea paused all orgs" in said


def test_an_org_that_is_not_configured_is_not_there(api: Api, scene: Scene) -> None:
    for path in ("/orgs/nope/pause", "/orgs/nope/resume", "/brakes/nope/release"):
        assert "There is no org nope" in api.refused("POST", path, 404)
    assert scene.store.state("nope").paused_at is None


def test_a_brake_is_released_once(api: Api, filled: Filled, scene: Scene) -> None:
    brake_user(scene, DAN, CTI | PBX)
    (brake,) = api.get("/brakes")["rows"]
    assert (brake["org"], brake["users"], brake["licenses"]) == (ORG, 1, 2)
    assert (brake["tripped_by"], brake["reason"]) == ("bea", "an import went wrong")
    assert api.get("/brakes", BETA)["rows"] == []
    assert api.post(f"/brakes/{ORG}/release") == {"users": 1}
    assert "rake" in api.refused("POST", f"/brakes/{ORG}/release", 409)
    assert scene.store.brakes() == []


def test_runs_are_for_configured_orgs(api: Api, scene: Scene) -> None:
    api.refused("POST", "/orgs/nope/reconcile", 404, json={})
