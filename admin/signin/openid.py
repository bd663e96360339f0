"""Sign-in with Salesforce as identity provider, by OpenID Connect."""

from starlette.requests import Request
from starlette.responses import Response

from admin.signin.desk import SignInRefused
from sync.ports.accounts import OpenIdPerson


class OpenId:
    """The configured identity providers."""

    orgs: tuple[str, ...] = ()

    async def go(self, request: Request, org: str, wanted: str) -> Response:
        """Send a browser to the org; SignInRefused."""
        raise SignInRefused("There is no sign-in with this org.")

    async def come_back(self, request: Request, org: str) -> tuple[OpenIdPerson, str]:
        """Who comes back from the org, and where they were going; SignInRefused."""
        raise SignInRefused("There is no sign-in with this org.")

    def forget(self, response: Response) -> None:
        """Take away what `go` gave the browser."""
