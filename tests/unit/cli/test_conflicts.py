"""The log on the command line: what is listed, decided, and refused."""

import csv
import json
from pathlib import Path

import pytest

from sync.errors import NotAllowed, UnknownReference
from sync.ports.conflict_log import EntryStatus
from sync.ports.settling import OutcomeKind
from tests.contract.store.scene import ANN, BOB, CID, CTI, REFUSAL, Scene
from tests.unit.cli.conftest import Run


def park(scene: Scene, user_id: str, **more: object) -> None:
    scene.notice(user_id, seen="")
    scene.book(scene.claim(), OutcomeKind.PARKED, delay=3600, code="X", reason="no", **more)


def test_conflicts_refusals_and_parked_users_are_one_list_told_apart(
    run: Run, scene: Scene
) -> None:
    conflict = scene.open(ANN)
    refusal = scene.open(BOB, REFUSAL)
    park(scene, CID)
    listed = json.loads(run("conflicts", "list", "--json").stdout)
    assert [(row["id"], row["kind"]) for row in listed] == [
        (conflict.id, "conflict"),
        (refusal.id, "refusal"),
        (f"parked:acme:{CID}", "parked"),
    ]
    table = run("conflicts", "list").stdout.splitlines()
    assert [line.split()[0] for line in table] == ["id", str(conflict.id), str(refusal.id), "–"]


@pytest.mark.parametrize(
    "words",
    [
        ("conflicts", "list"),
        ("conflicts", "list", "--json"),
        ("conflicts", "export", "--csv", "-"),
        ("parked", "list"),
        ("parked", "retry", "--all"),
    ],
)
def test_a_misspelled_org_is_not_all_is_well(run: Run, words: tuple[str, ...]) -> None:
    found = run(*words, "--org", "amce")
    assert isinstance(found.exception, UnknownReference)
    assert "There is no org 'amce': name one of acme." in str(found.exception)


def test_an_org_that_is_configured_no_more_is_still_listed(run: Run, scene: Scene) -> None:
    scene.arm(org="gone")
    assert run("conflicts", "list", "--org", "gone").exit_code == 0


def test_what_is_decided_is_what_was_shown_and_said_yes_to(run: Run, scene: Scene) -> None:
    entry = scene.open(ANN)
    no = run("conflicts", "resolve", str(entry.id), "--keep", "Freedom", answer="n\n")
    assert no.exit_code == 1
    assert "requested  Freedom, Service Cloud Voice" in no.stdout
    assert scene.store.entry(entry.id).status is EntryStatus.OPEN
    yes = run("conflicts", "resolve", str(entry.id), "--keep", "freedom", answer="y\n")
    assert yes.exit_code == 0
    decided = scene.store.entry(entry.id)
    assert (decided.status, decided.resolution and decided.resolution.decided_by) == (
        EntryStatus.DECIDING,
        "ada",
    )
    assert "no worker gives a sign of life" in yes.stdout


@pytest.mark.parametrize(
    ("words", "error", "said"),
    [
        (("--keep", "Fredom"), UnknownReference, "There is no license 'Fredom': keep one of"),
        (("--keep", "PBX"), NotAllowed, "PBX is not part of entry"),
    ],
)
def test_what_cannot_be_kept(
    run: Run, scene: Scene, words: tuple[str, ...], error: type[Exception], said: str
) -> None:
    entry = scene.open(ANN)
    found = run("conflicts", "resolve", str(entry.id), *words, "--yes")
    assert isinstance(found.exception, error)
    assert said in str(found.exception)


def test_a_dismissal_says_why(run: Run, scene: Scene) -> None:
    entry = scene.open(ANN)
    found = run("conflicts", "dismiss", str(entry.id), "--note", "  ")
    assert isinstance(found.exception, NotAllowed)
    assert run("conflicts", "dismiss", str(entry.id), "--note", "both are wanted").exit_code == 0
    assert scene.store.entry(entry.id).note == "both are wanted"


def test_an_entry_that_nobody_could_have_seen_is_a_usage_error(run: Run) -> None:
    assert run("conflicts", "show", "99999999999999999999").exit_code == 2
    assert run("conflicts", "show", "0").exit_code == 2


def test_the_log_as_csv_has_who_decided_and_why(run: Run, scene: Scene, tmp_path: Path) -> None:
    entry = scene.open(ANN)
    park(scene, CID, username="=cmd()@example.com")
    run("conflicts", "resolve", str(entry.id), "--keep", "SCV", "--note", "asked her", "--yes")
    assert run("conflicts", "export", "--csv", str(tmp_path / "log.csv")).exit_code == 0
    with (tmp_path / "log.csv").open(encoding="utf-8", newline="") as file:
        decided, parked = csv.DictReader(file)
    assert (decided["keep"], decided["decided_by"], decided["decision_note"]) == (
        "SCV",
        "ada",
        "asked her",
    )
    assert parked["username"] == "'=cmd()@example.com"


def test_a_file_that_cannot_be_written_is_said_in_a_sentence(run: Run, tmp_path: Path) -> None:
    found = run("conflicts", "export", "--csv", str(tmp_path / "no" / "log.csv"))
    assert isinstance(found.exception, NotAllowed)
    assert "cannot be written (No such file or directory): name another file" in str(
        found.exception
    )


def test_the_list_is_narrowed_by_what_people_look_for(run: Run, scene: Scene) -> None:
    conflict, refusal = scene.open(ANN), scene.open(BOB, REFUSAL)
    park(scene, CID, username="cid@example.com", hold=CTI)
    parked = f"parked:acme:{CID}"
    for words, found in (
        (("--kind", "conflict"), [conflict.id]),
        (("--kind", "refusal"), [refusal.id]),
        (("--kind", "parked"), [parked]),
        (("--license", "scv"), [conflict.id]),
        (("--license", "CTI"), [refusal.id, parked]),
        (("--license", "PCI"), []),
        (("--user", CID), [parked]),
        (("--user", "CID@"), [parked]),
        (("--user", ANN), [conflict.id]),
        (("--older-than", "1h"), []),
        (("--older-than", "0s"), [conflict.id, refusal.id, parked]),
    ):
        listed = json.loads(run("conflicts", "list", "--json", *words).stdout)
        assert [row["id"] for row in listed] == found, words
    assert run("conflicts", "list", "--older-than", "x").exit_code == 2


def test_several_are_decided_alike_or_put_aside(run: Run, scene: Scene) -> None:
    one, two, three = scene.open(ANN), scene.open(BOB), scene.open(CID)
    asked = run("conflicts", "resolve", str(one.id), str(two.id), "--keep", "SCV", answer="y\n")
    assert asked.exit_code == 0
    assert one.username in asked.output
    assert two.username in asked.output
    for entry in (one, two):
        assert scene.store.entry(entry.id).status is EntryStatus.DECIDING
    assert run("conflicts", "dismiss", str(three.id), "--note", "known").exit_code == 0
    assert scene.store.entry(three.id).status is EntryStatus.DISMISSED
    assert run("conflicts", "resolve", str(three.id), "999", "--keep", "SCV", "--yes").exit_code
    assert scene.store.entry(three.id).status is EntryStatus.DISMISSED
