"""The first page counts what somebody may see, and nothing else."""

from sync.ports.settling import OutcomeKind
from tests.contract.store.scene import ANN, BOB, ORG, REFUSAL, Scene
from tests.unit.admin.conftest import OTHER, Site


def test_an_empty_program_says_what_to_expect(site: Site) -> None:
    page = site.get("/")
    assert "No worker has shown itself" in page
    assert "Edits in Salesforce show here" in page


def test_what_waits_is_counted_and_linked(site: Site, scene: Scene) -> None:
    scene.open(ANN)
    scene.open(ANN, REFUSAL)
    scene.notice(BOB)
    scene.book(scene.claim(), OutcomeKind.PARKED, code="x", reason="y")
    page = site.get("/")
    assert "<b>1</b><span>open conflicts" in page
    assert "<b>1</b><span>refusals" in page
    assert "<b>1</b><span>parked" in page
    assert 'href="/conflicts?kind=conflict&amp;status=open"' in page
    assert f'href="/orgs/{ORG}"' in page


def test_another_orgs_admin_sees_other_figures(site: Site, scene: Scene) -> None:
    scene.open(ANN)
    site.provider.person = OTHER
    page = site.get("/")
    assert "<b>0</b><span>open conflicts" in page
    assert f'href="/orgs/{ORG}"' not in page


def test_trouble_of_an_org_stands_there(site: Site, scene: Scene) -> None:
    scene.store.report_problem(ORG, "The login is refused.", 60)
    assert "The login is refused." in site.get("/")


def test_what_waits_for_api_calls_stands_beside_them(site: Site, scene: Scene) -> None:
    scene.store.report_usage(ORG, 699, 1_000)
    assert "reconciles wait" not in site.get("/")
    scene.store.report_usage(ORG, 700, 1_000)
    assert "700 of 1000 API calls of the last 24 hours are used: reconciles wait." in site.get("/")
