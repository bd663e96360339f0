"""The API as an application of its own, mounted at `/api` beside the pages."""

from importlib.metadata import version

from fastapi import FastAPI, Request
from fastapi.params import Depends
from fastapi.responses import HTMLResponse

from admin.api import conflicts, orgs, records, runs, users
from admin.api.caller import Authenticate, bearer
from admin.api.describing import page
from admin.api.errors import ANSWERS, answer_errors
from admin.services import Services

_WHAT = "What the review page can do, for programs: a Salesforce Flow, a CI job."


def make_api(services: Services, authenticate: Authenticate) -> FastAPI:
    """The API for any ASGI server; `authenticate` says who a token is for."""
    app = FastAPI(
        title="license-sync",
        version=version("license-sync"),
        description=_WHAT,
        docs_url=None,
        redoc_url=None,
        redirect_slashes=False,
    )
    app.state.services = services
    app.state.authenticate = authenticate
    for module in (orgs, conflicts, users, records, runs):
        app.include_router(module.router, responses=ANSWERS, dependencies=[Depends(bearer)])
    answer_errors(app)

    @app.get("/", include_in_schema=False)
    def describe(request: Request) -> HTMLResponse:
        return HTMLResponse(page(app.openapi(), request.scope.get("root_path", "").rstrip("/")))

    return app
