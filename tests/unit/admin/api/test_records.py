"""Programs read who is parked and what was written, and have parked users tried again."""

import pytest

from sync.ports.browse import ParkedQuery
from sync.rows import of_parked
from tests.contract.store.scene import ANN, CID, ORG, Scene
from tests.unit.admin.api.conftest import Api, Filled


def test_parked_users_read_as_on_the_command_line(api: Api, filled: Filled, scene: Scene) -> None:
    (parked,) = scene.store.list_parked(ParkedQuery()).rows
    assert api.get("/parked")["rows"] == [of_parked(parked)]
    assert api.get("/parked", code="y")["rows"] == []
    assert api.get("/parked", search=CID)["total"] == 1


@pytest.mark.parametrize(("ids", "users"), [([], 1), ([CID], 1), ([CID, CID], 1), ([ANN], 0)])
def test_parked_users_are_tried_again(
    api: Api, filled: Filled, scene: Scene, ids: list[str], users: int
) -> None:
    assert api.post("/parked/retry", {"org": ORG, "user_ids": ids}) == {"users": users}
    waiting = scene.store.waiting(ORG, CID)
    assert waiting is not None
    assert waiting.parked is (users == 0)


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ({}, 1),
        ({"user_id": CID}, 1),
        ({"user_id": ANN}, 0),
        ({"license": "Freedom"}, 1),
        ({"license": "PCI"}, 0),
        ({"cause": ["poll", "retry"]}, 1),
        ({"cause": ["retry"]}, 0),
        ({"outcome": ["intended"]}, 1),
        ({"actor": "admin"}, 1),
        ({"run_id": 7}, 0),
        ({"since": "2001-01-01T00:00:00Z"}, 1),
        ({"until": "2001-01-01T00:00:00Z"}, 0),
        ({"org": "beta"}, 0),
    ],
)
def test_the_history_is_filtered(
    api: Api, filled: Filled, query: dict[str, object], found: int
) -> None:
    assert api.get("/history", **query)["total"] == found


def test_a_row_of_the_history_says_who_gave_what(api: Api, filled: Filled) -> None:
    (row,) = api.get("/history")["rows"]
    assert (row["granted"], row["removed"]) == (["CTI", "Freedom"], [])
    assert (row["actor"], row["outcome"]) == ("admin", "intended")
