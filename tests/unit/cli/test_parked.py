"""Parked users on the command line."""

import pytest

from sync.errors import NotAllowed, UnknownReference
from sync.ports.settling import OutcomeKind
from tests.contract.store.scene import ANN, BOB, Scene
from tests.unit.cli.conftest import Run


@pytest.fixture
def parked(scene: Scene) -> Scene:
    """Ann and Bob are parked."""
    for user_id, name in ((ANN, "ann@example.com"), (BOB, "bob@example.com")):
        scene.notice(user_id, seen="")
        claim = scene.claim()
        scene.book(claim, OutcomeKind.PARKED, delay=3600, code="X", reason="no", username=name)
    return scene


@pytest.mark.parametrize("named", [ANN, ANN[:15], "ann@example.com", "ANN@example.com"])
def test_users_are_named_by_id_or_username(run: Run, parked: Scene, named: str) -> None:
    assert "Tried again: 1 user." in run("parked", "retry", named).stdout
    assert [user.user_id for user in parked.store.parked()] == [BOB]


def test_who_is_not_parked_is_said_and_nobody_is_tried_again(run: Run, parked: Scene) -> None:
    found = run("parked", "retry", "ann@example.com", "nobody@example.com")
    assert isinstance(found.exception, UnknownReference)
    assert "Not parked: nobody@example.com." in str(found.exception)
    assert len(list(parked.store.parked())) == 2


def test_all_have_to_be_asked_for(run: Run, parked: Scene) -> None:
    assert isinstance(run("parked", "retry").exception, NotAllowed)
    assert "Tried again: 2 users." in run("parked", "retry", "--all").stdout
    assert list(parked.store.parked()) == []
