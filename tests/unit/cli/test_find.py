"""Users as they were last seen, on the command line."""

import json
from dataclasses import replace

import pytest

from sync.errors import UnknownReference
from tests.contract.store.scene import BOTH, FREEDOM, ORG, Scene
from tests.fakes.org import record
from tests.unit.cli.conftest import Run


@pytest.fixture
def seen(scene: Scene) -> Scene:
    """Three users, one of whom has a name of her own."""
    ada = replace(record(3, requested=BOTH, held=FREEDOM), name="Ada L.", active=False)
    scene.store.remember(ORG, [record(1), record(2), ada])
    return scene


@pytest.mark.parametrize("text", ["ada", "USER3@", record(3).user_id])
def test_a_user_is_found_by_name_username_or_id(run: Run, seen: Scene, text: str) -> None:
    (found,) = json.loads(run("users", "find", text, "--json").stdout)
    assert (found["name"], found["requested"], found["held"]) == (
        "Ada L.",
        ["Freedom", "SCV"],
        ["Freedom"],
    )
    line = run("users", "find", text).stdout.splitlines()[1]
    assert "Ada L. (inactive)" in line
    assert "Freedom, Service Cloud Voice" in line
    assert line.rstrip().endswith("s ago")


def test_there_may_be_more_than_are_shown(run: Run, seen: Scene) -> None:
    said = run("users", "find", "user", "--limit", "2").stdout
    assert len(said.splitlines()) == 4
    assert "There are more: these are the first 2." in said
    assert len(json.loads(run("users", "find", "user", "--limit", "2", "--json").stdout)) == 2


def test_nobody_is_found(run: Run, seen: Scene) -> None:
    assert "Nobody was seen" in run("users", "find", "nobody").stdout
    assert json.loads(run("users", "find", "nobody", "--json").stdout) == []
    assert isinstance(run("users", "find", "x", "--org", "amce").exception, UnknownReference)
