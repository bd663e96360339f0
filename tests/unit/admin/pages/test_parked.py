"""Parked users: who sees them, and who tries them again."""

from sync.ports.settling import OutcomeKind
from tests.contract.store.scene import ANN, BOB, ORG, Scene
from tests.unit.admin.conftest import OTHER, VIEWER, Site


def park(scene: Scene, *user_ids: str) -> None:
    scene.notice(*user_ids)
    scene.book(scene.claim(), OutcomeKind.PARKED, code="unreadable", reason="Give it access.")


def is_parked(scene: Scene, user_id: str) -> bool:
    waiting = scene.store.waiting(ORG, user_id)
    return waiting is not None and waiting.parked


def test_nobody_parked_says_what_would_be(site: Site) -> None:
    assert "Nobody is parked" in site.get("/parked")


def test_the_reason_stands_there_and_one_can_be_retried(site: Site, scene: Scene) -> None:
    park(scene, ANN, BOB)
    assert "Give it access." in site.get("/parked")
    assert site.post("/parked/retry", id=[f"{ORG}:{ANN}"]) == 303
    assert not is_parked(scene, ANN)
    assert is_parked(scene, BOB)
    assert "1 user tried again" in site.said()


def test_all_can_be_retried(site: Site, scene: Scene) -> None:
    park(scene, ANN, BOB)
    site.post("/parked/retry", every="1")
    assert not is_parked(scene, ANN)
    assert not is_parked(scene, BOB)


def test_all_that_the_filters_find_are_retried(site: Site, scene: Scene) -> None:
    park(scene, ANN, BOB)
    assert BOB not in site.client.get(f"/parked/csv?q={ANN}").text
    site.post("/parked/retry", every="1", query=f"q={ANN}")
    assert not is_parked(scene, ANN)
    assert is_parked(scene, BOB)


def test_nobody_else_retries(site: Site, scene: Scene) -> None:
    park(scene, ANN)
    for person in (VIEWER, OTHER):
        site.provider.person = person
        assert site.post("/parked/retry", id=[f"{ORG}:{ANN}"]) == 403
        site.post("/parked/retry", every="1")
        site.post("/parked/retry", every="1", query=f"org={ORG}")
        assert is_parked(scene, ANN)
    assert ANN not in site.get("/parked") + site.get("/parked/csv")
