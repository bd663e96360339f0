"""Programs ask what a user has and should have, and have it looked at."""

from admin.services import Services
from sync.ports.pending import Cause
from tests.contract.store.scene import ANN, CID, DAN, ORG, Scene
from tests.unit.admin.api.conftest import Api, Filled


def test_users_are_found_by_the_beginning_of_a_name(api: Api, filled: Filled) -> None:
    assert [row["user_id"] for row in api.get("/users", search="ann")["rows"]] == [ANN]
    assert api.get("/users", search="nn")["rows"] == []
    assert api.get("/users", limit=3)["following"]


def test_a_user_is_explained_as_last_seen(api: Api, filled: Filled) -> None:
    document = api.get(f"/users/{ORG}/{ANN}")
    assert document["looked_at"].endswith("Z")
    assert document["requested"] == ["Freedom", "SCV"]
    made = document["explained"]
    assert made["effective"] == ["SCV"]
    assert made["status"] == "Conflict"
    by_license = {row["license"]: row for row in made["licenses"]}
    assert len(by_license) == 8
    freedom = by_license["Freedom"]
    assert (freedom["requested"], freedom["held"], freedom["should"]) == ("yes", "no", "no")
    assert "Freedom" in freedom["why"]
    assert document["waiting"] is None


def test_a_parked_user_says_why(api: Api, filled: Filled) -> None:
    waiting = api.get(f"/users/{ORG}/{CID}")["waiting"]
    assert waiting["parked"] is True
    assert waiting["error"] == "Salesforce refuses it."


def test_rules_that_cannot_be_used_explain_nothing(
    api: Api, filled: Filled, services: Services
) -> None:
    del services.runtime.settings.orgs[ORG]
    services.runtime._orgs.clear()
    assert api.get(f"/users/{ORG}/{ANN}")["explained"] is None


def test_a_user_that_was_never_seen_is_not_there(api: Api, filled: Filled) -> None:
    unseen = "005000000000009AAA"
    assert "the next poll" in api.refused("GET", f"/users/{ORG}/{unseen}", 404)
    api.refused("POST", f"/users/{ORG}/{unseen}/reconcile", 404)
    api.refused("GET", f"/users/{ORG}/ann", 422)


def test_a_user_is_made_due(api: Api, filled: Filled, scene: Scene) -> None:
    answer = api.post(f"/users/{ORG}/{DAN}/reconcile")
    assert answer["cause"] == "retry"
    assert answer["parked"] is False
    waiting = scene.store.waiting(ORG, DAN)
    assert waiting is not None
    assert waiting.cause is Cause.RETRY
