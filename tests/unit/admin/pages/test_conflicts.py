"""The conflict log as an admin, a viewer and a stranger see and decide it."""

from datetime import timedelta

import pytest

from sync.model import Flags
from sync.ports.conflict_log import EntryStatus
from tests.contract.store.scene import ANN, BOB, BOTH, ORG, REFUSAL, SCV, Scene, an_opening
from tests.fakes.records import a_record
from tests.unit.admin.conftest import OTHER, VIEWER, Site


def status(scene: Scene, entry_id: int) -> EntryStatus:
    return scene.store.entry(entry_id).status


def test_an_empty_log_says_what_to_expect(site: Site) -> None:
    assert "Nothing waits for a decision" in site.get("/conflicts")
    assert "Nothing matches" in site.get("/conflicts?q=nobody")


@pytest.mark.parametrize(
    "hostile", ["<script>alert(1)</script>", '"><img src=x onerror=alert(1)>', "\u202eevil", "=1+1"]
)
def test_a_name_is_text(site: Site, scene: Scene, hostile: str) -> None:
    entry = scene.open(ANN)
    scene.store.remember(ORG, [a_record(ANN, name=hostile, username=hostile)])
    for path in ("/conflicts", f"/conflicts/{entry.id}", "/users", f"/users/{ORG}/{ANN}"):
        page = site.get(path)
        assert "<script>alert" not in page
        assert "<img" not in page.replace('<img src="/static', "")
        assert "<bdi>" in page


def test_keeping_one_side_is_recorded_with_who_and_what_they_saw(site: Site, scene: Scene) -> None:
    entry = scene.open(ANN)
    seen = f"{entry.requested.code}:{entry.held.code}"
    assert site.post(f"/conflicts/{entry.id}/resolve", keep="SCV", note="n", seen=seen) == 303
    decided = scene.store.entry(entry.id)
    assert decided.status is EntryStatus.DECIDING
    assert decided.resolution is not None
    assert decided.resolution.decided_by == "ada"
    assert decided.resolution.keep == SCV
    assert decided.resolution.seen_held == entry.held
    assert "the worker carries it out" in site.said()
    assert 'aria-current="step"' in site.get(f"/conflicts/{entry.id}")


def test_the_second_admin_is_told_who_was_first(site: Site, scene: Scene) -> None:
    entry = scene.open(ANN)
    site.post(f"/conflicts/{entry.id}/resolve", keep="SCV")
    site.post(f"/conflicts/{entry.id}/resolve", keep="Freedom")
    assert "ada decided entry" in site.said()


def test_many_are_decided_at_once_and_what_was_not_is_told(site: Site, scene: Scene) -> None:
    ids = [scene.open(ANN).id, scene.open(BOB).id, scene.open(BOB, REFUSAL).id]
    chosen = [str(id_) for id_ in ids]
    assert site.post("/conflicts/many", do="resolve", keep="Freedom", id=chosen) == 303
    assert [status(scene, id_) for id_ in ids] == [
        EntryStatus.DECIDING,
        EntryStatus.DECIDING,
        EntryStatus.OPEN,
    ]
    said = site.said()
    assert "2 entries done" in said
    assert "1 not: " in said


def test_all_that_the_filters_find_are_decided(site: Site, scene: Scene) -> None:
    mine, other = scene.open(ANN), scene.open(BOB)
    later = (other.opened_at + timedelta(seconds=1)).isoformat()
    all_of = {"do": "resolve", "keep": "none", "every": "1", "query": f"q={ANN}"}
    site.post("/conflicts/many", **all_of)
    assert status(scene, mine.id) is EntryStatus.OPEN
    site.post("/conflicts/many", **all_of, shown_at=later)
    assert status(scene, mine.id) is EntryStatus.DECIDING
    assert status(scene, other.id) is EntryStatus.OPEN


def test_what_came_after_the_page_or_was_put_aside_is_left(site: Site, scene: Scene) -> None:
    aside, new = scene.open(ANN), scene.open(BOB)
    scene.store.dismiss(aside.id, "ada", "contract until May")
    all_of = {"do": "resolve", "keep": "none", "every": "1", "query": ""}
    site.post("/conflicts/many", **all_of, shown_at=new.opened_at.isoformat())
    assert status(scene, aside.id) is EntryStatus.DISMISSED
    assert status(scene, new.id) is EntryStatus.OPEN


def test_nothing_chosen_is_no_decision(site: Site, scene: Scene) -> None:
    entry = scene.open(ANN)
    site.post("/conflicts/many", do="resolve", keep="Freedom")
    assert "Nothing is chosen" in site.said()
    assert status(scene, entry.id) is EntryStatus.OPEN


def test_an_entry_is_put_aside_only_with_a_note(site: Site, scene: Scene) -> None:
    entry = scene.open(ANN)
    site.post(f"/conflicts/{entry.id}/dismiss", note=" ")
    assert "needs a note" in site.said()
    site.post(f"/conflicts/{entry.id}/dismiss", note="known")
    assert status(scene, entry.id) is EntryStatus.DISMISSED


def test_looking_again_makes_the_user_due(site: Site, scene: Scene) -> None:
    entry = scene.open(ANN)
    assert scene.try_claim() is None
    site.post(f"/conflicts/{entry.id}/look-again")
    assert [user.user_id for user in scene.claim().users] == [ANN]


CHANGES = ("resolve", "dismiss", "look-again")


@pytest.mark.parametrize("what", CHANGES)
def test_a_viewer_changes_nothing(
    site: Site, scene: Scene, what: str, caplog: pytest.LogCaptureFixture
) -> None:
    entry = scene.open(ANN)
    site.provider.person = VIEWER
    assert "Keep Freedom" not in site.get(f"/conflicts/{entry.id}")
    assert site.post(f"/conflicts/{entry.id}/{what}", keep="SCV", note="x") == 403
    assert site.post("/conflicts/many", do=what, keep="SCV", note="x", id=[str(entry.id)]) == 403
    assert status(scene, entry.id) is EntryStatus.OPEN
    assert scene.try_claim() is None
    assert "refused 'vera'" in caplog.text


@pytest.mark.parametrize("what", CHANGES)
def test_another_orgs_admin_neither_sees_nor_changes(site: Site, scene: Scene, what: str) -> None:
    entry = scene.open(ANN)
    site.provider.person = OTHER
    assert site.status(f"/conflicts/{entry.id}") == 403
    assert ANN not in site.get("/conflicts") + site.get(f"/conflicts?org={ORG}")
    assert ANN not in site.get("/conflicts/csv")
    assert site.post(f"/conflicts/{entry.id}/{what}", keep="SCV", note="x") == 403
    site.post("/conflicts/many", do=what, keep="SCV", note="x", id=[str(entry.id)])
    assert status(scene, entry.id) is EntryStatus.OPEN
    assert scene.try_claim() is None


def test_without_its_token_a_form_does_nothing(site: Site, scene: Scene) -> None:
    entry = scene.open(ANN)
    assert site.post(f"/conflicts/{entry.id}/resolve", token=False, keep="SCV") == 403
    assert status(scene, entry.id) is EntryStatus.OPEN


def test_reading_a_change_changes_nothing(site: Site, scene: Scene) -> None:
    entry = scene.open(ANN)
    assert site.status(f"/conflicts/{entry.id}/resolve?keep=SCV") in (404, 405)
    assert status(scene, entry.id) is EntryStatus.OPEN


@pytest.mark.parametrize("value", ["x", "1:Z:-", "9" * 30, "", "-1:-:-"])
def test_what_is_no_row_is_said_so(site: Site, scene: Scene, value: str) -> None:
    scene.open(ANN)
    assert site.post("/conflicts/many", do="look-again", id=[value]) == 303
    assert scene.try_claim() is None


@pytest.mark.parametrize("back", ["https://evil.example", "//evil.example", "/\\evil.example"])
def test_a_form_leads_nowhere_else(site: Site, scene: Scene, back: str) -> None:
    entry = scene.open(ANN)
    site.client.get("/login")
    token = site.client.cookies["starlette_admin_csrftoken"]
    answer = site.client.post(
        f"/conflicts/{entry.id}/look-again", data={"csrftoken": token, "back": back}
    )
    assert answer.headers["location"] == f"/conflicts/{entry.id}"


def test_the_file_for_a_spreadsheet_runs_nothing(site: Site, scene: Scene) -> None:
    scene.settle(ANN, [an_opening()], username="=cmd()")
    file = site.client.get("/conflicts/csv")
    assert "attachment" in file.headers["content-disposition"]
    assert "'=cmd()" in file.text
    assert ",=cmd()" not in file.text


def test_a_user_that_was_read_is_explained_license_by_license(site: Site, scene: Scene) -> None:
    entry = scene.open(ANN)
    record = a_record(ANN, requested=Flags(BOTH), held=Flags(SCV))
    scene.store.remember(ORG, [record])
    page = site.get(f"/conflicts/{entry.id}")
    assert "exclude each other" in page
    assert "Should have" in page


def test_a_page_that_was_never_there_is_said_so(site: Site, scene: Scene) -> None:
    scene.open(ANN)
    assert site.status("/conflicts?after=x") == 404
    assert site.status("/conflicts/999") == 404
    assert site.status("/conflicts/99999999999999999999") == 404
