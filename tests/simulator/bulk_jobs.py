"""Bulk jobs as a client of the plain protocol makes them."""

from __future__ import annotations

import csv
import io
import time
from typing import Any

import requests

from tests.simulator.running import Client

PATIENCE = 20


def rows(text: str, delimiter: str = ",") -> list[list[str]]:
    return list(csv.reader(io.StringIO(text, newline=""), delimiter=delimiter))


def wait(client: Client, path: str, *states: str) -> dict[str, Any]:
    """Polls the job until it is in one of these states, by default an end state."""
    wanted = states or ("JobComplete", "Failed", "Aborted")
    deadline = time.monotonic() + PATIENCE
    while True:
        found: dict[str, Any] = client.call("GET", path).json()
        if found["state"] in wanted:
            return found
        assert time.monotonic() < deadline, found
        time.sleep(0.01)


class Ingest:
    """One ingest job; `run` takes it from its rows to its end."""

    def __init__(self, client: Client, operation: str, name: str = "User", **more: Any) -> None:
        self.client = client
        order = {"object": name, "operation": operation, "contentType": "CSV", **more}
        self.made = client.call("POST", "jobs/ingest", json=order)
        assert self.made.status_code == 200, self.made.text
        self.path = f"jobs/ingest/{self.made.json()['id']}"

    def put(self, text: str | bytes) -> requests.Response:
        content = text.encode() if isinstance(text, str) else text
        headers = {"Content-Type": "text/csv"}
        return self.client.call("PUT", f"{self.path}/batches/", data=content, headers=headers)

    def state(self, state: str) -> requests.Response:
        return self.client.call("PATCH", self.path, json={"state": state})

    def start(self, text: str | bytes) -> None:
        assert self.put(text).status_code == 201
        assert self.state("UploadComplete").status_code == 200

    def run(self, text: str | bytes) -> dict[str, Any]:
        self.start(text)
        return wait(self.client, self.path)

    def results(self, kind: str) -> str:
        answer = self.client.call("GET", f"{self.path}/{kind}")
        assert answer.status_code == 200, answer.text
        return answer.text


def query(client: Client, soql: str, **more: Any) -> str:
    """The path of a query job, not waited for."""
    order = {"operation": "query", "query": soql, **more}
    answer = client.call("POST", "jobs/query", json=order)
    assert answer.status_code == 200, answer.text
    return f"jobs/query/{answer.json()['id']}"
