"""The application: the site, the API beside it, and what machines ask."""

from collections.abc import Callable

from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, Response
from starlette.routing import Mount, Route
from starlette.types import ASGIApp
from starlette_admin.auth import BaseAuthProvider

from admin.access import SignedIn
from admin.failing import unavailable
from admin.healthz import health
from admin.metrics import CONTENT_TYPE, metrics_text
from admin.outbound.entrance import PREFIX
from admin.outbound.receiver import Receiver
from admin.outbound.tally import Tally
from admin.security import SecurityHeaders
from admin.services import Services
from admin.site import make_site
from config.outbound import doors
from sync.errors import SyncError

Authenticate = Callable[[str], SignedIn | None]
"""From a token to who it is for; None for one that is no good."""


def make_app(
    services: Services,
    provider: BaseAuthProvider,
    api: ASGIApp,
    authenticate: Authenticate,
    secret_key: str,
    public_url: str,
) -> Starlette:
    """The application, for any ASGI server.

    `/metrics` wants a token: it names the orgs. `/healthz` is open: it names nobody. `/outbound/`
    is for Salesforce: no session, no form.
    """
    outbound = _receiver(services)

    async def healthz(request: Request) -> Response:
        progress = "progress" in request.query_params
        status, document = await run_in_threadpool(_health, services, progress=progress)
        return JSONResponse(document, status_code=status)

    async def metrics(request: Request) -> Response:
        scheme, _, token = request.headers.get("authorization", "").partition(" ")
        person = None
        if scheme.lower() == "bearer" and token:
            person = await run_in_threadpool(authenticate, token.strip())
        if person is None:
            return PlainTextResponse(
                "Send a token: Authorization: Bearer TOKEN.\n",
                status_code=401,
                headers={"WWW-Authenticate": "Bearer"},
            )
        text = await run_in_threadpool(_metrics, services, person, outbound.tally)
        return Response(text, media_type=CONTENT_TYPE)

    app = Starlette(
        routes=[
            Route("/healthz", healthz),
            Route("/metrics", metrics),
            Route(f"{PREFIX}{{rest:path}}", outbound),
            Mount("/api", app=api),
        ],
        middleware=[Middleware(SecurityHeaders, public_url=public_url)],
        exception_handlers={SyncError: unavailable},
    )
    make_site(services, provider, secret_key).mount_to(app)
    return app


def _receiver(services: Services) -> Receiver:
    settings = services.runtime.settings
    return Receiver(services.store, doors(settings), settings.admin.client_certificate_header)


def _health(services: Services, *, progress: bool) -> tuple[int, dict[str, object]]:
    runtime = services.runtime
    seconds = runtime.settings.poll_seconds
    return health(services.store, runtime.org_names, seconds, progress=progress)


def _metrics(services: Services, person: SignedIn, tally: Tally) -> str:
    orgs = [org for org in services.runtime.org_names if person.sees(org)]
    stages = {org: services.org(org).stage for org in orgs}
    brakes, received = services.store.brakes(), tally.families(orgs)
    return metrics_text(services.store, orgs, brakes, stages, received)
