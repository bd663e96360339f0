"""The simulated org of the demo: its process, and an admin who edits users over its REST API."""

import json
import socket
import sys
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import requests

from cli.supervisor import Process, Supervisor
from sync.errors import SyncError
from sync.model import NONE, License, Licenses

START_SECONDS = 60.0
API = "/services/data/v62.0"
_FIELDS = {License.CONTACT_CENTER: "Contact_Center"}


class DemoFailed(SyncError):
    """The demo cannot go on."""


@dataclass(frozen=True, slots=True)
class Address:
    """Where the simulated org listens, and how to log in."""

    url: str
    ca_file: str
    client_id: str
    client_secret: str = field(repr=False)
    pubsub_endpoint: str = ""

    def settings(self) -> dict[str, str]:
        """The environment that points license-sync at it."""
        org = "LICENSE_SYNC_ORGS__DEMO__"
        return {
            f"{org}LOGIN_URL": self.url,
            f"{org}CLIENT_ID": self.client_id,
            f"{org}CLIENT_SECRET": self.client_secret,
            f"{org}CA_FILE": self.ca_file,
            f"{org}FEATURES": '["scv"]',
            f"{org}EVENTS": "true",
            f"{org}EVENTS_ENDPOINT": self.pubsub_endpoint,
        }


def start_org(supervisor: Supervisor, data: Path, log: Path, options: list[str]) -> Address:
    """Start the simulator and wait until it says where it is; DemoFailed if it does not.

    It keeps its ports, so that the settings stay true when it is started again.
    """
    data.mkdir(parents=True, exist_ok=True)
    port, bus = _kept_port(data / "port"), _kept_port(data / "pubsub_port")
    command = [
        sys.executable,
        "-P",
        "-m",
        "simulator",
        "--control",
        "--data",
        str(data / "org"),
    ]
    command += ["--port", port, "--pubsub-port", bus, *options]
    answer = data / "ready.json"
    process = supervisor.start(Process("org", command, {}, log, answer, serves=True))
    deadline = time.monotonic() + START_SECONDS
    while time.monotonic() < deadline and process.is_running():
        if answer.read_text().endswith("\n"):
            found = json.loads(answer.read_text())
            return Address(**{name: found[name] for name in _ADDRESS})
        time.sleep(0.05)
    raise DemoFailed(f"The simulated org does not start: {log} says why.")


_ADDRESS = ("url", "ca_file", "client_id", "client_secret", "pubsub_endpoint")


def _kept_port(file: Path) -> str:
    if not file.exists():
        file.write_text(str(_free_port()))
    return file.read_text()


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


class Admin:
    """A person in the simulated org, who edits users as anyone would: over REST."""

    def __init__(self, address: Address) -> None:
        self._url = address.url
        self._http = requests.Session()
        self._http.trust_env = False
        self._http.verify = address.ca_file
        answer = self._call("POST", "/__control__/token", json={"user": "admin"})
        self._http.headers["Authorization"] = f"Bearer {answer['access_token']}"

    def users(self, where: str, limit: int) -> list[dict[str, Any]]:
        """Users that fit a SOQL condition, oldest id first."""
        fields = [
            "Id",
            "Username",
            "Name",
            "License_Sync_Status__c",
            "License_Sync_Message__c",
        ]
        fields += [f"{kind}_{_field(name)}__c" for kind in _KINDS for name in License]
        soql = f"SELECT {', '.join(fields)} FROM User WHERE {where} ORDER BY Id LIMIT {limit}"
        return list(self._call("GET", f"{API}/query", params={"q": soql})["records"])

    def user(self, user_id: str) -> dict[str, Any]:
        """One user as it is now."""
        return dict(self._call("GET", f"{API}/sobjects/User/{user_id}"))

    def request(self, user_id: str, *, on: Licenses = NONE, off: Licenses = NONE) -> None:
        """Tick and untick what is requested for a user."""
        ticks = {f"Requested_{_field(name)}__c": True for name in on}
        ticks |= {f"Requested_{_field(name)}__c": False for name in off}
        self._call("PATCH", f"{API}/sobjects/User/{user_id}", json=ticks)

    def _call(self, method: str, path: str, **options: Any) -> Any:
        try:
            answer = self._http.request(method, self._url + path, timeout=30, **options)
        except requests.RequestException as error:
            raise DemoFailed(f"The simulated org does not answer at {self._url}.") from error
        if not answer.ok:
            raise DemoFailed(f"The simulated org answers {answer.status_code}: {answer.text[:200]}")
        return answer.json() if answer.content else None


_KINDS = ("Requested", "Effective")


def licenses(user: Mapping[str, Any], kind: str) -> Licenses:
    """What a user `Requested` or what is `Effective`."""
    return Licenses.union(name for name in License if user[f"{kind}_{_field(name)}__c"])


def _field(name: License) -> str:
    return _FIELDS.get(name, name.value)
