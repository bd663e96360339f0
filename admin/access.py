"""Who is signed in, and what they may see and change. Pages and API ask here and nowhere else."""

from dataclasses import dataclass

from starlette.requests import Request
from starlette_admin.auth import AdminUser

from sync.errors import NotAllowed
from sync.ports.accounts import Role


class Refused(NotAllowed):
    """Somebody asked for what they may not see or change: answered with 403, and logged."""


@dataclass
class SignedIn(AdminUser):
    """The person or program behind a request. `orgs` is None for all orgs, known or to come.

    `username` is the name that the history will show.
    """

    username: str = ""
    role: Role = Role.VIEWER
    orgs: frozenset[str] | None = frozenset()

    def sees(self, org: str) -> bool:
        """Whether anything of this org may be shown to them."""
        return self.orgs is None or org in self.orgs

    @property
    def may_change(self) -> bool:
        """Whether they may decide anything at all."""
        return self.role is Role.ADMIN


def signed_in(request: Request) -> SignedIn:
    """Who made this request; Refused if nobody is signed in."""
    person = getattr(request.state, "admin_user", None)
    if not isinstance(person, SignedIn):
        raise Refused("Sign in first.")
    return person


def require_sight(request: Request, org: str) -> SignedIn:
    """The person, if they may see this org; Refused."""
    person = signed_in(request)
    if not person.sees(org):
        raise Refused("Your account does not reach this org.")
    return person


def require_change(request: Request, org: str) -> SignedIn:
    """The person, if they may change things of this org; Refused."""
    person = require_sight(request, org)
    if not person.may_change:
        raise Refused("Your account may look but not change: ask an admin.")
    return person
