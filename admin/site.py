"""The site: starlette-admin's frame (sign-in, CSRF, flash messages) around pages of our own."""

from collections.abc import Callable
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

from jinja2 import StrictUndefined
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette_admin.auth import BaseAuthProvider
from starlette_admin.base import BaseAdmin

from admin.failing import Sentences
from admin.pages.access import Access
from admin.pages.alerts import Alerts
from admin.pages.conflicts import Conflicts
from admin.pages.history import HistoryPage
from admin.pages.orgs import Orgs
from admin.pages.overview import Overview
from admin.pages.page import link
from admin.pages.parked import Parked
from admin.pages.runs import Runs
from admin.pages.users import Users
from admin.services import Services
from sync.model import CATALOGUE, License
from sync.phrases import age
from sync.ports.conflict_log import Entry, EntryStatus

_HERE = Path(__file__).parent

MENU = (
    ("Overview", "/"),
    ("Conflicts", "/conflicts"),
    ("Users", "/users"),
    ("Reconcile", "/runs"),
    ("Parked", "/parked"),
    ("History", "/history"),
    ("Alerts", "/alerts"),
    ("Access", "/access"),
)

_KEPT = ("/", "/static", "/login", "/logout", "/login/{org}", "/login/{org}/callback")

_RUN_KINDS = {"done": "good", "failed": "bad", "stopped": "warn"}
_ENTRY_KINDS = {
    EntryStatus.OPEN: "warn",
    EntryStatus.DECIDING: "info",
    EntryStatus.RESOLVED: "good",
    EntryStatus.DISMISSED: "plain",
}


def make_site(services: Services, provider: BaseAuthProvider, secret_key: str) -> BaseAdmin:
    """The site with all its pages; mount it on an application."""
    site = BaseAdmin(
        title="license-sync",
        base_url="/",
        templates_dir=str(_HERE / "templates"),
        static_dir=str(_HERE / "static"),
        index_view=Overview(services),
        auth_provider=provider,
        secret_key=secret_key,
        timezone_config=None,
    )
    # Of the library's own routes only its files are used: what is not there cannot be called.
    site.routes = [route for route in site.routes if getattr(route, "path", "") in _KEPT]
    for page in (Conflicts, Users, Runs, Orgs, Parked, HistoryPage, Alerts, Access):
        site.add_view(page(services))
    site.middlewares.insert(0, Middleware(Sentences))
    dress(site)
    return site


def dress(site: BaseAdmin) -> None:
    """Give templates what they call, and let them name nothing that is not there."""
    env = site.templates.env
    env.undefined = StrictUndefined
    env.trim_blocks = env.lstrip_blocks = True
    env.globals.update(_GLOBALS)


def _static(path: str) -> str:
    return f"/static/{path}"


def _here(request: Request) -> str:
    """This page with its query, as a path."""
    query = request.url.query
    return f"{request.url.path}?{query}" if query else request.url.path


def _with_path(request: Request, path: str) -> str:
    """Another page with this page's filters, from its first row on."""
    query = [
        (name, value)
        for name, value in request.query_params.multi_items()
        if name not in ("after", "before")
    ]
    return f"{path}?{urlencode(query)}" if query else path


def _labelled(words: list[str]) -> list[tuple[str, str]]:
    return [(word, word) for word in words]


def _labelled_licenses(licenses: list[License]) -> list[tuple[str, str]]:
    return [(license.value, license.label) for license in licenses]


def _run_kind(status: str) -> str:
    return _RUN_KINDS.get(status, "info")


def _entry_kind(entry: Entry) -> str:
    return _ENTRY_KINDS[entry.status]


_GLOBALS: dict[str, Callable[..., Any] | object] = {
    "menu": MENU,
    "static": _static,
    "here": _here,
    "with_path": _with_path,
    "link": link,
    "age": age,
    "labelled": _labelled,
    "labelled_licenses": _labelled_licenses,
    "run_kind": _run_kind,
    "entry_kind": _entry_kind,
    "catalogue": _labelled_licenses(list(CATALOGUE)),
}
