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
from admin.security import SecurityHeaders
from admin.services import Services
from admin.site import make_site
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

    `/metrics` wants a token: it names the orgs. `/healthz` is open: it names nobody.
    """

    async def healthz(request: Request) -> Response:
        runtime = services.runtime
        status, document = await run_in_threadpool(
            health,
            services.store,
            runtime.org_names,
            runtime.settings.poll_seconds,
            progress="progress" in request.query_params,
        )
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
        text = await run_in_threadpool(_metrics, services, person)
        return Response(text, media_type=CONTENT_TYPE)

    app = Starlette(
        routes=[
            Route("/healthz", healthz),
            Route("/metrics", metrics),
            Mount("/api", app=api),
        ],
        middleware=[Middleware(SecurityHeaders, public_url=public_url)],
        exception_handlers={SyncError: unavailable},
    )
    make_site(services, provider, secret_key).mount_to(app)
    return app


def _metrics(services: Services, person: SignedIn) -> str:
    orgs = [org for org in services.runtime.org_names if person.sees(org)]
    stages = {org: services.org(org).stage for org in orgs}
    return metrics_text(services.store, orgs, services.store.brakes(), stages)
