"""`license-sync admin`: the process that serves the review page."""

import logging

import uvicorn
from starlette.applications import Starlette

from admin.api.app import make_api
from admin.app import make_app
from admin.services import Services
from admin.signin.provider import make_provider
from admin.signin.secret import secret_key
from admin.signin.tokens import Tokens
from config.logging import configure_logging
from config.wiring import Runtime

log = logging.getLogger(__name__)

STOP_SECONDS = 5
"""How long requests that are being answered may go on once the process is asked to end."""


def application(runtime: Runtime) -> Starlette:
    """The page with its API for this runtime's settings."""
    settings = runtime.settings
    services = Services(runtime, runtime.store)
    tokens = Tokens(runtime.store)
    return make_app(
        services,
        provider=make_provider(runtime.store, settings.admin),
        api=make_api(services, tokens.signed_in),
        authenticate=tokens.signed_in,
        secret_key=secret_key(settings),
        public_url=settings.admin.url,
    )


def serve(runtime: Runtime) -> None:
    """Serve until SIGTERM or Ctrl-C."""
    configure_logging(runtime.settings)
    page = runtime.settings.admin
    log.info("the review page is at %s", page.url)
    uvicorn.run(
        application(runtime),
        host=page.host,
        port=page.port,
        ssl_certfile=str(page.cert_file) if page.cert_file else None,
        ssl_keyfile=str(page.key_file) if page.key_file else None,
        log_config=None,
        access_log=False,
        server_header=False,
        proxy_headers=True,
        timeout_graceful_shutdown=STOP_SECONDS,
    )
