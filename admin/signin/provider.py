"""Sign-in for starlette-admin: who a request is from, the login page, and the way out.

Changes are guarded by starlette-admin's CSRF middleware, which runs before these routes; the login
form carries its token too, so that nobody is signed in as somebody else without knowing.
"""

from anyio import CapacityLimiter, to_thread
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route
from starlette.status import HTTP_303_SEE_OTHER, HTTP_403_FORBIDDEN, HTTP_429_TOO_MANY_REQUESTS
from starlette.templating import Jinja2Templates
from starlette_admin.auth import BaseAuthProvider

from admin.access import SignedIn
from admin.signin.addresses import client_address
from admin.signin.desk import Desk, MustWait, NotEntitled, SignInRefused
from admin.signin.openid import OpenId
from admin.signin.places import own_path
from admin.signin.sessions import Sessions
from sync.errors import NotAllowed

REFRESH = "x-refresh"
"""What a page sends that only brings itself up to date."""

PRIVATE = {"Cache-Control": "no-store"}

AT_ONCE = 8
"""Sign-ins wait for each other, and not everybody else for them: a password takes its time."""


class SignIn(BaseAuthProvider):
    """Implements starlette-admin's contract with accounts, sessions and identity providers."""

    def __init__(self, desk: Desk, sessions: Sessions, openid: OpenId, url: str) -> None:
        """`url` is the page's public address, without a slash at its end."""
        super().__init__(allow_routes=["openid", "openid_callback"])
        self._desk = desk
        self._sessions = sessions
        self._openid = openid
        self._url = url
        self._templates: Jinja2Templates | None = None
        self._turns = CapacityLimiter(AT_ONCE)

    async def authenticate(self, request: Request) -> SignedIn | None:
        """The person whose session the browser shows; None if it shows none that counts."""
        given = self._sessions.given(request)
        if not given or _is_static(request):
            return None
        in_use = REFRESH not in request.headers
        return await run_in_threadpool(
            self._sessions.find, given, client_address(request), in_use=in_use
        )

    def get_routes(self, templates: Jinja2Templates) -> list[Route]:
        """Login, logout, and the two ends of each identity provider's way."""
        self._templates = templates
        return [
            Route(self.login_path, self._login, methods=["GET", "POST"], name="login"),
            Route(self.logout_path, self._logout, methods=["POST"], name="logout"),
            Route(f"{self.login_path}/{{org}}", self._go, methods=["GET"], name="openid"),
            Route(
                f"{self.login_path}/{{org}}/callback",
                self._come_back,
                methods=["GET"],
                name="openid_callback",
            ),
        ]

    async def _login(self, request: Request) -> Response:
        if request.method == "GET":
            if getattr(request.state, "admin_user", None) is not None:
                return self._onward(request, request.query_params.get("next"))
            return self._page(request)
        form = await request.form()
        name, password = str(form.get("name") or ""), str(form.get("password") or "")
        wanted = str(form.get("next") or "")
        try:
            made = await to_thread.run_sync(
                self._desk.by_password,
                name,
                password,
                client_address(request),
                limiter=self._turns,
            )
        except MustWait as error:
            return self._page(request, wanted, str(error), HTTP_429_TOO_MANY_REQUESTS)
        except NotAllowed as error:
            return self._page(request, wanted, str(error), HTTP_403_FORBIDDEN)
        return await self._enter(request, made, wanted)

    async def _logout(self, request: Request) -> Response:
        await run_in_threadpool(self._sessions.end, self._sessions.given(request))
        response = RedirectResponse(self._login_path(request), HTTP_303_SEE_OTHER, PRIVATE)
        self._sessions.take(response)
        return response

    async def _go(self, request: Request) -> Response:
        wanted = self._own(request, request.query_params.get("next")) or ""
        try:
            return await self._openid.go(request, request.path_params["org"], wanted)
        except SignInRefused as error:
            return self._page(request, wanted, str(error), HTTP_403_FORBIDDEN)

    async def _come_back(self, request: Request) -> Response:
        address = client_address(request)
        try:
            person, wanted = await self._openid.come_back(request, request.path_params["org"])
            made = await run_in_threadpool(self._desk.by_openid, person, address)
        except NotEntitled as error:
            await run_in_threadpool(self._desk.note_not_entitled, error, address)
            response = self._page(request, "", str(error), HTTP_403_FORBIDDEN)
        except SignInRefused as error:
            response = self._page(request, "", str(error), HTTP_403_FORBIDDEN)
        else:
            response = await self._enter(request, made, wanted)
        self._openid.forget(response)
        return response

    async def _enter(self, request: Request, session_id: str, wanted: str) -> Response:
        """Into a new session; the one that the browser had before is over."""
        await run_in_threadpool(self._sessions.end, self._sessions.given(request))
        response = self._onward(request, wanted)
        self._sessions.put(response, session_id)
        return response

    def _onward(self, request: Request, wanted: str | None) -> Response:
        place = self._own(request, wanted) or f"{_root(request)}/"
        return RedirectResponse(place, HTTP_303_SEE_OTHER, PRIVATE)

    def _own(self, request: Request, wanted: str | None) -> str | None:
        """A page of ours to go on to, other than the login page itself."""
        place = own_path(wanted or "", (self._url, str(request.base_url).rstrip("/")))
        return None if place is None or place.startswith(self._login_path(request)) else place

    def _page(
        self, request: Request, wanted: str | None = None, error: str = "", status: int = 200
    ) -> Response:
        assert self._templates is not None
        if wanted is None:
            wanted = request.query_params.get("next")
        login = self._login_path(request)
        context = {
            "error": error,
            "login_path": login,
            "next": self._own(request, wanted) or "",
            "openid_orgs": [(org, f"{login}/{org}") for org in self._openid.orgs],
        }
        return self._templates.TemplateResponse(
            request, "login.html", context, status_code=status, headers=PRIVATE
        )

    def _login_path(self, request: Request) -> str:
        return f"{_root(request)}{self.login_path}"


def _root(request: Request) -> str:
    """Where the admin app is mounted; empty at the root."""
    return str(request.scope.get("root_path", "")).rstrip("/")


def _is_static(request: Request) -> bool:
    """Scripts and styles are everybody's: nobody has to be looked up for them."""
    path = str(request.scope["path"]).removeprefix(_root(request))
    return path.startswith("/static/")
