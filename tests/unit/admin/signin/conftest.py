"""A page with nothing on it but who is signed in, on a SQLite file with a clock that tests move."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from argon2 import PasswordHasher
from jinja2 import DictLoader, FileSystemLoader
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.testclient import TestClient
from starlette_admin.base import BaseAdmin
from starlette_admin.routing import route
from starlette_admin.views import CustomView

import admin
from admin.access import signed_in
from admin.signin.assembly import make_sign_in
from admin.signin.passwords import Passwords
from admin.site import dress
from config.admin import AdminSettings
from config.settings import Settings
from sync.ports.accounts import NewAccount, Role
from sync.store import SqlStore, make_engine
from tests.contract.store.scene import Clock

PASSWORD = "correct horse battery"
TEMPLATES = Path(admin.__file__).parent / "templates"
BASE = "<title>{% block title %}{% endblock %}</title>{% block content %}{% endblock %}"

Page = Callable[..., TestClient]


class Front(CustomView):
    """Says who is signed in."""

    @route("")
    async def index(self, request: Request) -> Response:
        who = signed_in(request)
        return PlainTextResponse(f"{who.username}: {who.role.value}")


def make_page(settings: Settings, store: SqlStore, passwords: Passwords) -> Starlette:
    """The smallest page that sign-in can be mounted in."""
    app = Starlette()
    site = BaseAdmin(
        base_url="/",
        index_view=Front("Front", path="/"),
        auth_provider=make_sign_in(settings, store, passwords),
        secret_key="s" * 32,
        additional_loaders=[DictLoader({"base.html": BASE}), FileSystemLoader(TEMPLATES)],
    )
    dress(site)
    site.mount_to(app)
    return app


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def store(sqlite_url: str, clock: Clock) -> Iterator[SqlStore]:
    engine = make_engine(sqlite_url)
    yield SqlStore(engine, clock)
    engine.dispose()


@pytest.fixture(scope="session")
def passwords() -> Passwords:
    """Hashes that cost next to nothing."""
    return Passwords(PasswordHasher(time_cost=1, memory_cost=8, parallelism=1))


@pytest.fixture
def page(store: SqlStore, passwords: Passwords, tmp_path: Path) -> Iterator[Page]:
    """Makes browsers on the page, on which Ada is an admin."""
    store.create_account(NewAccount("Ada", Role.ADMIN, None, passwords.hash(PASSWORD)), "root")
    opened: list[TestClient] = []

    def open_(url: str = "http://localhost:8477", address: str = "192.0.2.1") -> TestClient:
        settings = Settings(state_dir=tmp_path / "state", admin=AdminSettings(url=url))
        made = TestClient(
            make_page(settings, store, passwords),
            base_url=url,
            follow_redirects=False,
            client=(address, 1),
        )
        opened.append(made)
        return made

    yield open_
    for one in opened:
        one.close()
