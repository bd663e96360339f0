"""A simulated org as a process, with sessions that log in to it over TLS."""

from __future__ import annotations

import json
import subprocess
import sys
import time
from functools import cached_property
from pathlib import Path
from typing import Any

import requests

ROOT = Path(__file__).resolve().parents[2]
VERSION = "v59.0"
TIMEOUT = 30


class Client(requests.Session):
    """One user's session; a path without a leading slash is relative to the version."""

    def __init__(self, url: str, ca_file: str, token: str | None = None) -> None:
        super().__init__()
        self.url = url
        self.trust_env = False
        self.verify = ca_file
        if token:
            self.headers["Authorization"] = f"Bearer {token}"

    def call(self, method: str, path: str, **more: Any) -> requests.Response:
        full = path if path.startswith("/") else f"/services/data/{VERSION}/{path}"
        return self.request(method, self.url + full, timeout=TIMEOUT, **more)

    def soql(self, text: str, **more: Any) -> list[dict[str, Any]]:
        answer = self.call("GET", "query", params={"q": text}, **more)
        assert answer.status_code == 200, answer.text
        found: list[dict[str, Any]] = answer.json()["records"]
        return found


class Simulator:
    def __init__(self, *arguments: str) -> None:
        command = [sys.executable, "-m", "simulator", "--control", *arguments]
        self.process = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True)
        assert self.process.stdout is not None
        line = self.process.stdout.readline()
        assert line, "the simulator did not start"
        self.ready: dict[str, str] = json.loads(line)
        self._clients: list[Client] = []

    @cached_property
    def anyone(self) -> Client:
        return self.client()

    def client(self, token: str | None = None) -> Client:
        made = Client(self.ready["url"], self.ready["ca_file"], token)
        self._clients.append(made)
        return made

    def stop(self) -> int:
        self.process.terminate()
        return self._gone()

    def kill(self) -> int:
        self.process.kill()
        return self._gone()

    def _gone(self) -> int:
        status = self.process.wait(15)
        for client in self._clients:
            client.close()
        if self.process.stdout:
            self.process.stdout.close()
        return status

    def token_answer(self, **form: str) -> requests.Response:
        return self.anyone.call("POST", "/services/oauth2/token", data=form)

    def login(self) -> Client:
        answer = self.token_answer(
            grant_type="client_credentials",
            client_id=self.ready["client_id"],
            client_secret=self.ready["client_secret"],
        )
        assert answer.status_code == 200, answer.text
        return self.client(answer.json()["access_token"])

    def admin(self) -> Client:
        answer = self.control("POST", "token", {"user": "admin"})
        return self.client(answer["access_token"])

    def control(self, method: str, path: str, order: Any = None) -> Any:
        answer = self.anyone.call(method, f"/__control__/{path}", json=order)
        assert answer.status_code == 200, answer.text
        return answer.json()

    def fault(self, kind: str, **more: Any) -> Any:
        return self.control("POST", "faults", {"kind": kind, **more})

    def last_change(self) -> int:
        return int(self.control("GET", "state")["last_change"])

    def changes(self, since: int) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = self.control("GET", f"changes?since={since}")["changes"]
        return found

    def last_call(self) -> dict[str, Any]:
        last = self.control("GET", "journal/summary")["last"]
        call: dict[str, Any] = self.control("GET", f"journal?since={last - 1}")["calls"][0]
        return call


def iso(seconds: float) -> str:
    return time.strftime("%Y-%m-%dT%H:%M:%S+00:00", time.gmtime(seconds))
