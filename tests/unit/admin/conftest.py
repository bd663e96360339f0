"""The site over a store of its own, for whoever a test says is signed in."""

from pathlib import Path

import pytest
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route
from starlette.templating import Jinja2Templates
from starlette.testclient import TestClient
from starlette_admin.auth import AdminUser, BaseAuthProvider

from admin.access import SignedIn
from admin.security import SecurityHeaders
from admin.services import Services
from admin.site import make_site
from config.settings import OrgSettings, Settings
from config.wiring import Runtime
from sync.ports.accounts import Role
from tests.contract.store.scene import Clock, Scene

ADA = SignedIn("ada", None, Role.ADMIN, None)
VIEWER = SignedIn("vera", None, Role.VIEWER, None)
OTHER = SignedIn("otto", None, Role.ADMIN, frozenset({"beta"}))


class AsTold(BaseAuthProvider):
    """Takes everybody for the person that the test names."""

    person: SignedIn | None = ADA

    async def authenticate(self, request: Request) -> AdminUser | None:
        """The person."""
        return self.person

    def get_routes(self, templates: Jinja2Templates) -> list[Route]:
        """Where nobody is sent."""

        async def nothing(request: Request) -> Response:
            return PlainTextResponse("sign in")

        return [Route("/login", nothing, name="login"), Route("/logout", nothing, name="logout")]


class Site:
    """A browser without scripts, at the site."""

    def __init__(self, services: Services) -> None:
        self.services = services
        self.provider = AsTold()
        app = Starlette(middleware=[Middleware(SecurityHeaders, public_url="http://testserver")])
        make_site(services, self.provider, "k" * 40).mount_to(app)
        self.client = TestClient(app, follow_redirects=False)

    def get(self, path: str) -> str:
        """A page; it has to be there."""
        answer = self.client.get(path)
        assert answer.status_code == 200, (path, answer.status_code, answer.text[-300:])
        return answer.text

    def status(self, path: str) -> int:
        """The status of a page."""
        return self.client.get(path).status_code

    def post(self, path: str, *, token: bool = True, **fields: object) -> int:
        """Send a form; the status."""
        data: dict[str, object] = dict(fields)
        if token:
            self.client.get("/login")
            data["csrftoken"] = self.client.cookies["starlette_admin_csrftoken"]
        return self.client.post(path, data=data).status_code

    def said(self) -> str:
        """The first page after a change, with what it says of it."""
        return self.get("/history")


@pytest.fixture
def services(tmp_path: Path) -> Services:
    """What the pages work with: two orgs that nobody can reach."""
    org = OrgSettings.model_validate(
        {
            "login_url": "https://localhost:1",
            "client_id": "id",
            "client_secret": "hush",
            "features": ["scv"],
        }
    )
    runtime = Runtime(Settings(state_dir=tmp_path / "state", orgs={"acme": org, "beta": org}))
    return Services(runtime, runtime.store)


@pytest.fixture
def site(services: Services) -> Site:
    """The site."""
    return Site(services)


@pytest.fixture
def scene(services: Services) -> Scene:
    """The store of that site, for an armed org."""
    made = Scene(services.runtime.store, Clock())
    made.arm()
    return made
