"""The history on the command line."""

import csv
import json
from datetime import timedelta
from pathlib import Path

import pytest

from sync.errors import UnknownReference
from sync.model import NONE
from sync.ports.history import HistoryOutcome
from sync.ports.pending import Cause
from sync.ports.settling import OutcomeKind
from tests.contract.store.scene import ANN, BOB, CTI, FREEDOM, PBX, Scene, an_intent
from tests.unit.cli.conftest import Run


def write(scene: Scene, user_id: str, **more: object) -> int:
    """Let a settle write to a user, which Salesforce refuses."""
    scene.notice(user_id, seen="")
    claim = scene.claim()
    (id_,) = scene.store.record_intents(claim, [an_intent(user_id, **more)])
    history = {id_: (HistoryOutcome.REFUSED, "the disk of Salesforce is full")}
    scene.book(claim, OutcomeKind.SETTLED, history=history)
    return id_


def listed(run: Run, *words: str) -> list[int]:
    found = run("history", "list", "--json", *words)
    assert found.exit_code == 0, found.output
    return [row["id"] for row in json.loads(found.stdout)]


def test_the_newest_come_first_and_the_rest_is_said_to_be_there(run: Run, scene: Scene) -> None:
    first, second = write(scene, ANN), write(scene, BOB, username="bob@acme.example")
    assert listed(run) == [second, first]
    assert listed(run, "--limit", "1") == [second]
    table = run("history", "list", "--limit", "1").stdout
    assert "bob@acme.example" in table
    assert "refused: the disk of Salesforce is full" in table
    assert "There is more: these are the newest 1." in table
    assert "There is more" not in run("history", "list").stdout


def test_rows_are_found_by_what_they_say(run: Run, scene: Scene) -> None:
    plain = write(scene, ANN)
    other = write(
        scene,
        BOB,
        username="bob@acme.example",
        cause=Cause.RESOLUTION,
        actor="ada",
        held_before=PBX | CTI | FREEDOM,
        held_after=CTI | FREEDOM,
        run_id=7,
    )
    now = scene.store.now()
    tomorrow = (now + timedelta(days=1)).date().isoformat()
    for words, found in (
        (("--user", "BOB"), [other]),
        (("--user", ANN), [plain]),
        (("--cause", "resolution"), [other]),
        (("--actor", "ada"), [other]),
        (("--license", "pbx"), [other]),
        (("--license", "Freedom"), [plain]),
        (("--run", "7"), [other]),
        (("--since", "1h"), [other, plain]),
        (("--since", tomorrow), []),
        (("--until", tomorrow), [other, plain]),
        (("--until", "1h"), []),
        (("--org", "acme"), [other, plain]),
    ):
        assert listed(run, *words) == found, words


@pytest.mark.parametrize(
    "words", [("--license", "x"), ("--since", "x"), ("--cause", "x"), ("--limit", "0")]
)
def test_what_cannot_be_meant_is_a_usage_error(run: Run, words: tuple[str, ...]) -> None:
    assert run("history", "list", *words).exit_code == 2


def test_a_misspelled_org_is_not_an_empty_history(run: Run) -> None:
    assert isinstance(run("history", "list", "--org", "amce").exception, UnknownReference)


def test_all_that_matches_goes_into_a_file(run: Run, scene: Scene, tmp_path: Path) -> None:
    for _ in range(3):
        write(scene, ANN, held_after=NONE, why="=cmd()")
    said = run("history", "list", "--limit", "1", "--csv", str(tmp_path / "h.csv"))
    assert "3 written to" in said.stdout
    with (tmp_path / "h.csv").open(encoding="utf-8", newline="") as file:
        read = list(csv.DictReader(file))
    assert [row["why"] for row in read] == ["'=cmd()"] * 3
