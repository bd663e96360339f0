"""What Salesforce says of a person, and the role that the settings give for it: pure."""

from collections.abc import Mapping, Sequence
from typing import Any

from sync.ports.accounts import Role


def role_of(claims: Mapping[str, Any], admin: Sequence[str], viewer: Sequence[str]) -> Role | None:
    """The role of the first rule that fits; None if none does."""
    for role, rules in ((Role.ADMIN, admin), (Role.VIEWER, viewer)):
        if any(_fits(claims, rule) for rule in rules):
            return role
    return None


def asks_permissions(*rules: Sequence[str]) -> bool:
    """Whether any rule is about custom permissions, for which a scope has to be asked."""
    return any("=" not in rule for some in rules for rule in some)


def same_organization(claims: Mapping[str, Any], organization_id: str) -> bool:
    """Whether the person is of this org. Ids have 15 characters, or 18 with a checksum."""
    found = claims.get("organization_id")
    return isinstance(found, str) and len(found) in (15, 18) and found[:15] == organization_id[:15]


def _fits(claims: Mapping[str, Any], rule: str) -> bool:
    """`Name` is a custom permission that is held, `name=value` a custom attribute."""
    name, is_attribute, value = rule.partition("=")
    if is_attribute:
        return _of(claims, "custom_attributes").get(name) == value
    return _of(claims, "custom_permissions").get(name) is True


def _of(claims: Mapping[str, Any], what: str) -> Mapping[str, Any]:
    found = claims.get(what)
    return found if isinstance(found, Mapping) else {}
