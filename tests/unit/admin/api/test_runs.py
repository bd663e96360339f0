"""Programs follow runs, and read what plans would do."""

import pytest

from tests.contract.store.scene import DAN, ORG
from tests.unit.admin.api.conftest import Api, Filled


def test_runs_are_listed(api: Api, filled: Filled) -> None:
    (row,) = api.get("/runs", kind=["plan"], status=["done"], org=ORG)["rows"]
    assert (row["id"], row["users_read"], row["started_by"]) == (filled.plan, 4, "ann")
    assert api.get("/runs", kind=["adopt"])["rows"] == []


def test_a_run_says_what_it_does_license_by_license(api: Api, filled: Filled) -> None:
    assert api.get(f"/runs/{filled.plan}")["totals"] == [
        {"license": "Freedom", "gained": 1, "lost": 0},
        {"license": "SCV", "gained": 0, "lost": 1},
    ]


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ({}, [DAN]),
        ({"change": "loses", "license": "SCV"}, [DAN]),
        ({"change": "loses", "license": "Freedom"}, []),
        ({"change": "neither"}, []),
        ({"search": "da"}, [DAN]),
        ({"search": "x"}, []),
    ],
)
def test_items_are_filtered(
    api: Api, filled: Filled, query: dict[str, str], found: list[str]
) -> None:
    rows = api.get(f"/runs/{filled.plan}/items", **query)["rows"]
    assert [row["user_id"] for row in rows] == found


def test_a_run_that_is_not_there(api: Api, filled: Filled) -> None:
    for path in ("/runs/99", "/runs/99/items"):
        assert "There is no run 99" in api.refused("GET", path, 404)


def test_a_run_is_stopped_once(api: Api, filled: Filled) -> None:
    made = api.ask("POST", f"/orgs/{ORG}/reconcile", json={"plan": True}).json()
    stopped = api.ask("POST", f"/runs/{made['id']}/stop").json()
    assert stopped["status"] == "stopped"
    assert api.ask("POST", f"/runs/{made['id']}/stop").status_code == 409


def test_a_plan_of_other_rules_is_not_approved(api: Api, filled: Filled) -> None:
    answer = api.ask("POST", f"/runs/{filled.plan}/approve", json={})
    assert answer.status_code == 409
    assert "make a new one" in answer.json()["error"]["message"]
