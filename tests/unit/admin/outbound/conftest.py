"""The whole application over a real store, with one door, and a Salesforce that knocks at it."""

import logging
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from starlette.testclient import TestClient

from admin.access import SignedIn
from admin.api.app import make_api
from admin.app import make_app
from admin.outbound.proxy import BehindProxies
from admin.services import Services
from config.settings import Settings
from config.wiring import Runtime
from sync.ports.accounts import Role
from sync.store import SqlStore
from tests.outbound import ORGANIZATION, TOKEN
from tests.unit.admin.conftest import AsTold

ORG = "acme"
PATH = f"/outbound/{ORG}/{TOKEN}"
BEARER = "lsync_" + "b" * 40
ACK = re.compile(r"<Ack>(\w+)</Ack>")


class Salesforce:
    """Whoever posts to the door."""

    def __init__(self, services: Services, client: TestClient) -> None:
        self.store: SqlStore = services.runtime.store
        self.client = client

    def post(
        self, body: bytes | str, *, path: str = f"/outbound/{ORG}/{TOKEN}", **more: Any
    ) -> Any:
        """A message; the answer."""
        headers = {"Content-Type": "text/xml; charset=utf-8"} | more.pop("headers", {})
        return self.client.post(path, content=body, headers=headers, **more)

    def sent(self, body: bytes | str, **more: Any) -> tuple[int, str]:
        """The status, and what stands in Ack."""
        answer = self.post(body, **more)
        assert answer.headers["content-type"] == "text/xml; charset=utf-8"
        (ack,) = ACK.findall(answer.text)
        return answer.status_code, ack

    def pending(self) -> list[str]:
        """Everybody who has to be looked at."""
        with self.store.engine.begin() as connection:
            rows = connection.exec_driver_sql("SELECT user_id FROM pending_user ORDER BY user_id")
            return [row[0] for row in rows]

    def metrics(self) -> dict[tuple[str, ...], float]:
        """What of the metrics is about outbound messages."""
        text = self.client.get("/metrics", headers={"Authorization": f"Bearer {BEARER}"}).text
        found = re.findall(r"^license_sync_outbound_(\w+)\{(.*)\} (\S+)$", text, re.MULTILINE)
        return {(n, *re.findall(r'"(\w+)"', labels)): float(v) for n, labels, v in found}


def settings_for(database_url: str, tmp_path: Path, **more: Any) -> Settings:
    """Two orgs, of which one takes messages."""
    org = {"login_url": "https://localhost:1", "client_id": "id", "client_secret": "hush"}
    return Settings.model_validate(
        {
            "state_dir": tmp_path / "state",
            "database_url": database_url,
            "orgs": {ORG: org | {"outbound_token": TOKEN} | more, "beta": org},
        }
    )


def salesforce_for(settings: Settings, *, proxy: str = "", **more: Any) -> Salesforce:
    """Somebody who posts to the application of these settings, which trusts this proxy."""
    runtime = Runtime(settings)
    services = Services(runtime, runtime.store)
    nobody = AsTold()
    nobody.person = None

    def authenticate(token: str) -> SignedIn | None:
        return SignedIn("prometheus", None, Role.VIEWER, None) if token == BEARER else None

    app = make_app(
        services,
        nobody,
        make_api(services, authenticate),
        authenticate,
        "k" * 40,
        "http://testserver",
    )
    behind = BehindProxies(app, proxy)
    return Salesforce(services, TestClient(behind, follow_redirects=False, **more))


@pytest.fixture
def settings(database_url: str, tmp_path: Path) -> Settings:
    """On SQLite and on PostgreSQL."""
    return settings_for(database_url, tmp_path)


@pytest.fixture
def salesforce(settings: Settings) -> Iterator[Salesforce]:
    """Salesforce, of an org that is known and armed."""
    made = salesforce_for(settings)
    made.store.arm(ORG, ORGANIZATION, "print-1", "ann")
    yield made
    made.store.engine.dispose()


@pytest.fixture
def logged(caplog: pytest.LogCaptureFixture) -> pytest.LogCaptureFixture:
    """Everything that anybody logs."""
    caplog.set_level(logging.DEBUG)
    return caplog
