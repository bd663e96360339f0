"""Users as they were last seen."""

from tests.contract.store.scene import ANN, BOB, ORG, Scene, an_intent
from tests.fakes.records import a_record
from tests.unit.admin.conftest import OTHER, VIEWER, Site


def test_nobody_read_yet_says_so(site: Site) -> None:
    assert "No user has been read yet" in site.get("/users")


def test_a_user_is_found_and_shown(site: Site, scene: Scene) -> None:
    scene.store.remember(ORG, [a_record(ANN, name="Ann Archer")])
    assert "Ann Archer" in site.get("/users?q=ANN+arch")
    assert "Nobody matches" in site.get("/users?q=archer")
    page = site.get(f"/users/{ORG}/{ANN}")
    assert "License by license" in page
    assert f'href="https://localhost:1/{ANN}"' in page


def test_who_was_never_seen_is_not_there(site: Site, scene: Scene) -> None:
    assert site.status(f"/users/{ORG}/{ANN}") == 404
    assert site.status("/users/nowhere/x%00") == 404
    assert site.post(f"/users/{ORG}/{ANN}/reconcile") == 404
    assert scene.try_claim() is None


def test_a_reconcile_of_one_user_makes_it_due_by_name(site: Site, scene: Scene) -> None:
    scene.store.remember(ORG, [a_record(ANN)])
    assert site.post(f"/users/{ORG}/{ANN}/reconcile") == 303
    (user,) = scene.claim().users
    assert (user.user_id, user.actor) == (ANN, "ada")


def test_nobody_else_looks_or_reconciles(site: Site, scene: Scene) -> None:
    scene.store.remember(ORG, [a_record(ANN, name="Ann Archer")])
    site.provider.person = VIEWER
    assert site.post(f"/users/{ORG}/{ANN}/reconcile") == 403
    site.provider.person = OTHER
    assert site.status(f"/users/{ORG}/{ANN}") == 403
    assert "Ann Archer" not in site.get("/users") + site.get(f"/users?org={ORG}")
    assert scene.try_claim() is None


def test_who_caused_a_write_is_named(site: Site, scene: Scene) -> None:
    scene.store.remember(ORG, [a_record(ANN), a_record(BOB, name="Bob the Admin")])
    scene.notice(ANN)
    scene.store.record_intents(scene.claim(), [an_intent(ANN, actor=BOB)])
    for path in (f"/users/{ORG}/{ANN}", "/history"):
        assert "Bob the Admin" in site.get(path)
