"""What Salesforce says, and the role that comes of it."""

from typing import Any

import pytest

from admin.signin.claims import asks_permissions, role_of, same_organization
from sync.ports.accounts import Role

ADMIN, VIEWER = ("Boss", "team=ops"), ("Looker",)


@pytest.mark.parametrize(
    ("claims", "role"),
    [
        ({}, None),
        ({"custom_permissions": {"Boss": True}}, Role.ADMIN),
        ({"custom_permissions": {"Boss": False, "Looker": True}}, Role.VIEWER),
        ({"custom_permissions": {"Boss": True, "Looker": True}}, Role.ADMIN),
        ({"custom_permissions": {"Boss": "true"}}, None),
        ({"custom_permissions": ["Boss"]}, None),
        ({"custom_attributes": {"team": "ops"}}, Role.ADMIN),
        ({"custom_attributes": {"team": "ops2", "Boss": True}}, None),
        ({"Boss": True, "team": "ops"}, None),
    ],
)
def test_the_first_rule_that_fits_gives_the_role(claims: dict[str, Any], role: Role | None) -> None:
    assert role_of(claims, ADMIN, VIEWER) is role


def test_permissions_are_asked_for_where_a_rule_needs_them() -> None:
    assert asks_permissions(ADMIN, VIEWER)
    assert not asks_permissions(("team=ops",), ())


@pytest.mark.parametrize(
    ("found", "same"),
    [
        ("00D5g000004XyZaEAK", True),
        ("00D5g000004XyZa", True),
        ("00D5g000004Xyza", False),
        ("00D5g000004XyZaE", False),
        ("", False),
        (None, False),
        (7, False),
    ],
)
def test_the_org_has_to_be_the_configured_one(found: object, same: bool) -> None:
    assert same_organization({"organization_id": found}, "00D5g000004XyZaEAK") is same
