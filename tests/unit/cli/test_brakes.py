"""The brake on the command line."""

import json

from sync.ports.settling import OutcomeKind
from tests.contract.store.scene import ANN, ORG, PBX, SCV, Scene
from tests.unit.cli.conftest import Run


def held(scene: Scene) -> None:
    """A brake that keeps one user from losing something."""
    scene.store.hold_removals(ORG, "bob", "An import emptied a column.")
    scene.notice(ANN)
    scene.book(scene.claim(), OutcomeKind.PARKED, code="braked", delay=3600, braked=SCV | PBX)


def test_without_a_brake(run: Run, scene: Scene) -> None:
    assert "No brake holds" in run("brake", "list").stdout
    assert json.loads(run("brake", "list", "--json").stdout) == []
    assert "Nobody of acme waits for a release." in run("brake", "show", ORG).stdout
    assert "No brake holds in acme" in str(run("brake", "release", ORG).exception)


def test_a_brake_that_holds_is_said_loudly_wherever_the_org_is(run: Run, scene: Scene) -> None:
    held(scene)
    for words in (("status",), ("orgs", "list"), ("brake", "show", ORG)):
        said = run(*words).stdout
        assert "THE BRAKE HOLDS: An import emptied a column." in said
        assert "2 licenses of 1 user wait so far." in said
        assert f"`license-sync brake show {ORG}`" in said
    org = json.loads(run("status", "--json").stdout)["orgs"][ORG]
    assert (org["brake"]["users"], org["brake"]["tripped_by"]) == (1, "bob")
    assert json.loads(run("orgs", "list", "--json").stdout)[0]["brake"]["licenses"] == 2


def test_what_waits_is_shown(run: Run, scene: Scene) -> None:
    held(scene)
    assert "Service Cloud Voice, Cloud PBX" in run("brake", "show", ORG).stdout
    shown = json.loads(run("brake", "show", "--json").stdout)
    assert shown["holds"] is True
    assert shown["waiting"][0]["removed"] == ["SCV", "PBX"]
    assert shown["waiting"][0]["user_id"] == ANN


def test_a_release_asks_and_is_remembered(run: Run, scene: Scene) -> None:
    held(scene)
    refused = run("brake", "release", ORG, answer="n\n")
    assert "Let license-sync remove 2 licenses of 1 user in acme?" in refused.stdout
    assert len(scene.store.brakes()) == 1
    assert "Released: 1 user" in run("brake", "release", ORG, "--yes").stdout
    shown = run("brake", "show", ORG).stdout
    assert "Tripped by bob at" in shown
    assert "Released by ada at" in shown
    assert json.loads(run("brake", "show", "--json").stdout)["brakes"][0]["released_by"] == "ada"


def test_a_brake_is_pulled_by_hand(run: Run, scene: Scene) -> None:
    assert "brake of acme holds" in run("brake", "hold", ORG, "--reason", "wait").stdout
    (brake,) = scene.store.brakes()
    assert (brake.tripped_by, brake.reason) == ("ada", "wait")


def test_pulled_without_a_reason(run: Run, scene: Scene) -> None:
    run("brake", "hold")
    assert scene.store.brakes()[0].reason == "ada asked for it."
