"""The description has every field of the rows that go out, and no other."""

import pytest
from pydantic import BaseModel

from admin.api import shapes, standing_shapes
from tests.contract.store.scene import ANN, ORG
from tests.unit.admin.api.conftest import Api, Filled


@pytest.mark.parametrize(
    ("path", "shape"),
    [
        ("/conflicts", shapes.EntryShape),
        ("/parked", shapes.ParkedShape),
        ("/history", shapes.HistoryShape),
        ("/users", shapes.UserShape),
        ("/runs", shapes.RunShape),
        ("/runs/{plan}/items", shapes.ItemShape),
        ("/orgs", standing_shapes.OrgShape),
        ("/brakes", standing_shapes.BrakeShape),
    ],
)
def test_a_row_has_the_fields_of_its_shape(
    api: Api, filled: Filled, path: str, shape: type[BaseModel]
) -> None:
    rows = api.get(path.format(plan=filled.plan))["rows"]
    assert rows
    for row in rows:
        assert set(row) == set(shape.model_fields)


def test_a_document_has_the_fields_of_its_shape(api: Api, filled: Filled) -> None:
    status = api.get("/status")
    assert set(status) == set(standing_shapes.StatusDocument.model_fields)
    run = api.get(f"/runs/{filled.plan}")
    assert set(run) == set(shapes.RunDocument.model_fields)
    user = api.get(f"/users/{ORG}/{ANN}")
    assert set(user) == set(shapes.UserDocument.model_fields)
    more = {"user_id", "username", "active", "requested", "held", "unknown"}
    assert set(user["explained"]) == set(shapes.ExplanationShape.model_fields) | more
