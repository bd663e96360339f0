"""The API over a store with something of everything, and the tokens of three callers."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

import httpx2
import pytest
from pydantic import SecretStr
from sqlalchemy import select
from starlette.applications import Starlette
from starlette.routing import Mount
from starlette.testclient import TestClient

from admin.api.app import make_api
from admin.services import Services
from config.settings import OrgSettings, Settings
from config.wiring import Runtime
from sync.model import Flags
from sync.ports.runs import PlanItem, RunKind
from sync.ports.settling import OutcomeKind
from sync.store import SqlStore
from sync.store.tables import metadata
from tests.contract.store.scene import (
    ANN,
    BOB,
    BOTH,
    CID,
    CTI,
    DAN,
    FREEDOM,
    LEASE,
    ORG,
    PBX,
    REFUSAL,
    SCV,
    Clock,
    Scene,
    an_intent,
)
from tests.fakes.records import a_record
from tests.unit.admin.conftest import ADA, OTHER, VIEWER

ADMIN, LOOKS, BETA = "token-admin", "token-viewer", "token-beta"
TOKENS = {ADMIN: ADA, LOOKS: VIEWER, BETA: OTHER}

ORGANIZATION = "00D000000000001AAA"


class Api:
    """A program that calls the API, with an admin's token unless a test says otherwise."""

    def __init__(self, services: Services) -> None:
        self.app = make_api(services, TOKENS.get)
        self.client = TestClient(Starlette(routes=[Mount("/api", app=self.app)]))

    def ask(
        self, method: str, path: str, token: str | None = ADMIN, **more: Any
    ) -> httpx2.Response:
        """The answer to any request."""
        headers = {"Authorization": f"Bearer {token}"} if token is not None else {}
        more["headers"] = headers | more.get("headers", {})
        answer: httpx2.Response = self.client.request(method, f"/api{path}", **more)
        return answer

    def get(self, path: str, token: str = ADMIN, **query: Any) -> Any:
        """What a GET answers; it has to be good."""
        answer = self.ask("GET", path, token, params=query)
        assert answer.status_code == 200, answer.text
        return answer.json()

    def post(self, path: str, body: object = None, token: str = ADMIN) -> Any:
        """What a POST answers; it has to be good."""
        answer = self.ask("POST", path, token, json=body)
        assert answer.status_code in (200, 202), answer.text
        return answer.json()

    def refused(self, method: str, path: str, status: int, **more: Any) -> str:
        """The sentence with which a request is refused."""
        answer = self.ask(method, path, **more)
        assert answer.status_code == status, answer.text
        error = answer.json()["error"]
        assert set(error) == {"code", "message"}
        return str(error["message"])

    def operations(self) -> Iterator[tuple[str, str]]:
        """Every operation as method and path."""
        for path, methods in self.app.openapi()["paths"].items():
            for method in methods:
                yield method.upper(), path


@dataclass
class Filled:
    """What there is in the org `acme`; in `beta` there is nothing."""

    conflict: int
    refusal: int
    plan: int
    parked: str = CID


@pytest.fixture
def database(sqlite_url: str) -> str:
    """The database; a module may want both kinds."""
    return sqlite_url


@pytest.fixture
def services(tmp_path: Path, database: str) -> Iterator[Services]:
    """What the API works with: two orgs that nobody can reach."""
    org = OrgSettings.model_validate(
        {
            "login_url": "https://localhost:1",
            "client_id": "id",
            "client_secret": "hush",
            "features": ["scv"],
        }
    )
    settings = Settings(
        state_dir=tmp_path / "state",
        database_url=SecretStr(database),
        orgs={"acme": org, "beta": org},
    )
    runtime = Runtime(settings)
    yield Services(runtime, runtime.store)
    runtime.store.engine.dispose()


@pytest.fixture
def api(services: Services) -> Api:
    """The API."""
    return Api(services)


@pytest.fixture
def scene(services: Services) -> Scene:
    """The API's store; `acme` is armed under its settings of today."""
    store = services.runtime.store
    fingerprint = services.runtime.org(ORG).fingerprint_in(ORGANIZATION)
    store.arm(ORG, ORGANIZATION, fingerprint, "ann@acme.example")
    return ArmedScene(store, fingerprint)


class ArmedScene(Scene):
    """A scene that claims under the settings' own fingerprint."""

    def __init__(self, store: SqlStore, fingerprint: str) -> None:
        super().__init__(store, Clock())
        self.fingerprint = fingerprint

    def try_claim(self, *args: Any, **more: Any) -> Any:
        """Claim users if there are any."""
        return super().try_claim(*args, **{**more, "fingerprint": self.fingerprint})

    def claim(self, *args: Any, **more: Any) -> Any:
        """Claim users; there have to be some."""
        claim = self.try_claim(*args, **more)
        assert claim is not None
        return claim


@pytest.fixture
def filled(scene: Scene) -> Filled:
    """Something of everything."""
    store = scene.store
    store.remember(
        ORG,
        [
            a_record(ANN, name="Ann", requested=Flags(BOTH), held=Flags(SCV)),
            a_record(BOB, requested=Flags(CTI)),
            a_record(CID),
            a_record(DAN, requested=Flags(PBX), held=Flags(PBX)),
        ],
    )
    conflict, refusal = scene.open(ANN), scene.open(BOB, REFUSAL)
    scene.notice(CID)
    claim = scene.claim()
    store.record_intents(claim, [an_intent(CID)])
    scene.book(claim, OutcomeKind.PARKED, code="x", reason="Salesforce refuses it.", delay=3600)
    store.hold_removals(ORG, "bea", "an import went wrong")
    plan = store.create_run(ORG, RunKind.PLAN, "print", "ann")
    taken = store.take_run(plan, LEASE)
    assert taken is not None
    item = PlanItem(DAN, "dan", PBX, PBX, SCV | PBX, FREEDOM | PBX, "In sync", "as requested")
    store.advance_run(plan, taken[1], DAN, 4, [item], [], LEASE)
    store.end_run(plan, taken[1])
    return Filled(conflict.id, refusal.id, plan)


def everything(scene: Scene) -> dict[str, list[Any]]:
    """All rows of all tables."""
    with scene.store.engine.connect() as connection:
        return {
            table.name: sorted(map(repr, connection.execute(select(table))))
            for table in metadata.sorted_tables
        }


def a_time(text: str) -> datetime:
    """A time of an answer."""
    return datetime.fromisoformat(text)
