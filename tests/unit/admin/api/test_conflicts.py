"""Programs list and decide what only a person can decide."""

import pytest

from sync.ports.conflict_log import EntryStatus, SeeEntry
from sync.ports.pending import Cause
from sync.rows import of_entry
from tests.contract.store.scene import (
    ANN,
    BOB,
    BOTH,
    CONFLICT,
    CTI,
    FREEDOM,
    NONE,
    ORG,
    SCV,
    Scene,
    a_resolution,
)
from tests.unit.admin.api.conftest import Api, Filled


def test_an_entry_reads_as_on_the_command_line(api: Api, filled: Filled, scene: Scene) -> None:
    scene.store.resolve(filled.conflict, a_resolution(note="why"))
    for entry_id in (filled.conflict, filled.refusal):
        assert api.get(f"/conflicts/{entry_id}") == of_entry(scene.store.entry(entry_id))


def test_entries_are_listed_page_by_page(api: Api, filled: Filled) -> None:
    first = api.get("/conflicts", limit=1, sort="oldest")
    assert [row["id"] for row in first["rows"]] == [filled.conflict]
    assert first["total"] == 2
    second = api.get("/conflicts", limit=1, sort="oldest", after=first["following"])
    assert [row["id"] for row in second["rows"]] == [filled.refusal]
    assert second["following"] is None


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ({"kind": "refusal"}, ["refusal"]),
        ({"code": "mutually_exclusive"}, ["conflict"]),
        ({"status": ["resolved"]}, []),
        ({"status": ["open", "resolved"]}, ["conflict", "refusal"]),
        ({"license": "SCV"}, ["conflict"]),
        ({"opened_before": "2001-01-01T00:00:00+14:00"}, []),
        ({"opened_before": "2201-01-01T00:00:00Z"}, ["conflict", "refusal"]),
        ({"user_id": BOB}, ["refusal"]),
        ({"search": "ann"}, ["conflict"]),
        ({"org": ORG}, ["conflict", "refusal"]),
        ({"org": "beta"}, []),
    ],
)
def test_filters(api: Api, filled: Filled, query: dict[str, str], found: list[str]) -> None:
    rows = api.get("/conflicts", sort="oldest", **query)["rows"]
    assert [row["id"] for row in rows] == [getattr(filled, name) for name in found]


@pytest.mark.parametrize(("keep", "kept"), [("Freedom", FREEDOM), ("SCV", SCV), ("none", NONE)])
def test_a_decision_is_recorded_with_who_made_it(
    api: Api, filled: Filled, scene: Scene, keep: str, kept: object
) -> None:
    body = {"keep": keep, "note": " by\nthe flow\u202e ", "seen": flags(BOTH, SCV)}
    answer = api.post(f"/conflicts/{filled.conflict}/resolve", body)
    assert answer["status"] == "deciding"
    decided = scene.store.entry(filled.conflict).resolution
    assert decided is not None
    assert (decided.keep, decided.decided_by, decided.note) == (kept, "ada", "by the flow")
    assert (decided.seen_requested, decided.seen_held) == (BOTH, SCV)
    waiting = scene.store.waiting(ORG, ANN)
    assert waiting is not None
    assert waiting.cause is Cause.RESOLUTION


def flags(requested: object, held: object) -> dict[str, object]:
    return {"requested": requested.names, "held": held.names}  # type: ignore[attr-defined]


def resolve_path(filled: Filled) -> str:
    return f"/conflicts/{filled.conflict}/resolve"


def test_the_second_is_told_who_decided_what_and_when(
    api: Api, filled: Filled, scene: Scene
) -> None:
    scene.store.resolve(filled.conflict, a_resolution(by="bea"))
    for seen in (None, flags(BOTH, SCV), flags(NONE, NONE)):
        body = {"keep": "SCV", "seen": seen}
        said = api.refused("POST", resolve_path(filled), 409, json=body)
        assert "bea decided entry" in said
        assert "UTC: to keep Freedom" in said


def test_who_saw_other_flags_decides_nothing(api: Api, filled: Filled, scene: Scene) -> None:
    moved = SeeEntry(filled.conflict, CONFLICT, BOTH | CTI, SCV, "p1")
    scene.settle(ANN, [moved])
    body = {"keep": "SCV", "seen": flags(BOTH, SCV)}
    said = api.refused("POST", resolve_path(filled), 409, json=body)
    assert "has moved since: it requests CTI, Freedom, Service Cloud Voice" in said
    assert scene.store.entry(filled.conflict).status is EntryStatus.OPEN
    api.post(resolve_path(filled), body | {"seen": flags(BOTH | CTI, SCV)})


def test_what_a_conflict_is_not_about_cannot_be_kept(api: Api, filled: Filled) -> None:
    said = api.refused("POST", resolve_path(filled), 409, json={"keep": "PCI"})
    assert "keep one of these, or none" in said
    said = api.refused("POST", resolve_path(filled), 422, json={"keep": "Fredom"})
    assert "keep" in said
    path = f"/conflicts/{filled.refusal}/resolve"
    assert "offers no choice" in api.refused("POST", path, 409, json={"keep": "none"})


def test_a_dismissal_needs_its_reason(api: Api, filled: Filled, scene: Scene) -> None:
    path = f"/conflicts/{filled.conflict}/dismiss"
    api.refused("POST", path, 422, json={})
    assert "needs a note" in api.refused("POST", path, 409, json={"note": " \n"})
    assert api.post(path, {"note": "agreed"})["note"] == "agreed"
    assert scene.store.entry(filled.conflict).resolved_by == "ada"
    assert "dismissed" in api.refused("POST", path, 409, json={"note": "agreed"})


def test_looking_again_makes_the_user_due(api: Api, filled: Filled, scene: Scene) -> None:
    assert scene.store.waiting(ORG, ANN) is None
    answer = api.ask("POST", f"/conflicts/{filled.conflict}/look-again")
    assert answer.status_code == 202
    waiting = scene.store.waiting(ORG, ANN)
    assert waiting is not None
    assert waiting.cause is Cause.RETRY


def test_an_unknown_entry_is_not_there(api: Api, filled: Filled) -> None:
    assert "There is no entry 999" in api.refused("GET", "/conflicts/999", 404)
