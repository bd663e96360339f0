"""`license-sync admin`: the process that serves the review page."""

import logging
import signal

import uvicorn
from starlette.applications import Starlette

from admin.api.app import make_api
from admin.app import make_app
from admin.outbound.proxy import BehindProxies
from admin.services import Services
from admin.signin.assembly import make_sign_in, secret_key
from admin.signin.tokens import authenticator
from config.logging import configure_logging
from config.settings import Settings
from config.wiring import Runtime

log = logging.getLogger(__name__)

STOP_SECONDS = 5
"""How long requests that are being answered may go on once the process is asked to end."""


def application(settings: Settings) -> Starlette:
    """The page with its API for these settings."""
    runtime = Runtime(settings)
    services = Services(runtime, runtime.store)
    authenticate = authenticator(runtime.store)
    return make_app(
        services,
        provider=make_sign_in(settings, runtime.store),
        api=make_api(services, authenticate),
        authenticate=authenticate,
        secret_key=secret_key(settings),
        public_url=settings.admin.url,
    )


def serve(settings: Settings) -> None:
    """Serve until SIGTERM or Ctrl-C."""
    configure_logging(settings)
    page = settings.admin
    app = application(settings)
    log.info("the review page is at %s", page.url)
    for number in (signal.SIGTERM, signal.SIGINT):
        # uvicorn sends itself the signal once more when it is done: by then it was obeyed.
        signal.signal(number, lambda *_: None)
    trusted = uvicorn.Config(app, log_config=None).forwarded_allow_ips
    uvicorn.run(
        BehindProxies(app, trusted),
        proxy_headers=False,
        host=page.host,
        port=page.port,
        ssl_certfile=str(page.cert_file) if page.cert_file else None,
        ssl_keyfile=str(page.key_file) if page.key_file else None,
        log_config=None,
        access_log=False,
        server_header=False,
        timeout_graceful_shutdown=STOP_SECONDS,
    )
