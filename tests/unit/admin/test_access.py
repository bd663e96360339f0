"""Who may see and change what."""

from types import SimpleNamespace
from typing import cast

import pytest
from starlette.requests import Request

from admin.access import Refused, SignedIn, require_change, require_sight, signed_in
from sync.ports.accounts import Role


def request(person: object) -> Request:
    return cast("Request", SimpleNamespace(state=SimpleNamespace(admin_user=person)))


def test_nobody_is_nobody() -> None:
    with pytest.raises(Refused, match="Sign in"):
        signed_in(cast("Request", SimpleNamespace(state=SimpleNamespace())))


@pytest.mark.parametrize(
    ("orgs", "sees"), [(None, True), (frozenset({"acme"}), True), (frozenset(), False)]
)
def test_an_org_is_seen_by_whom_it_is_given_to(orgs: frozenset[str] | None, sees: bool) -> None:
    person = SignedIn("ann", None, Role.ADMIN, orgs)
    assert person.sees("acme") is sees
    if sees:
        assert require_sight(request(person), "acme") is person
    else:
        with pytest.raises(Refused, match="does not reach"):
            require_sight(request(person), "acme")


def test_a_viewer_changes_nothing() -> None:
    with pytest.raises(Refused, match="may look"):
        require_change(request(SignedIn("ann", None, Role.VIEWER, None)), "acme")


def test_an_admin_of_another_org_changes_nothing_here() -> None:
    with pytest.raises(Refused, match="does not reach"):
        require_change(request(SignedIn("ann", None, Role.ADMIN, frozenset({"other"}))), "acme")


def test_nobody_may_anything_unless_it_is_said() -> None:
    assert not SignedIn("ann").may_change
    assert not SignedIn("ann").sees("acme")
