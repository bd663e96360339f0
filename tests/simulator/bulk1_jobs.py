"""Jobs of Bulk API 1.0 as a client of the plain protocol makes them, in XML or in JSON."""

from __future__ import annotations

import time
from typing import Any
from xml.etree import ElementTree as ET

import requests

from tests.simulator.bulk_jobs import PATIENCE
from tests.simulator.running import Client

SPACE = "http://www.force.com/2009/06/asyncapi/dataload"
BASE = "/services/async/59.0/"
TYPES = {"CSV": "text/csv", "JSON": "application/json", "XML": "application/xml"}


def session(client: Client) -> str:
    return str(client.headers["Authorization"]).removeprefix("Bearer ")


def call(client: Client, method: str, path: str, kind: str = "XML", **more: Any) -> Any:
    headers = {"X-SFDC-Session": session(client), "Authorization": None}
    headers |= {"Content-Type": TYPES[kind], **more.pop("headers", {})}
    return client.call(method, BASE + path, headers=headers, **more)


def order(**fields: str) -> bytes:
    inside = "".join(f"<{name}>{value}</{name}>" for name, value in fields.items())
    return f'<?xml version="1.0"?><jobInfo xmlns="{SPACE}">{inside}</jobInfo>'.encode()


def read(answer: requests.Response) -> dict[str, str]:
    """The fields of one job, batch or error."""
    return {child.tag.partition("}")[2]: child.text or "" for child in ET.fromstring(answer.text)}


def error(answer: requests.Response) -> tuple[int, str, str]:
    found = answer.json() if answer.headers["Content-Type"] == "application/json" else read(answer)
    return answer.status_code, found["exceptionCode"], found["exceptionMessage"]


class Job:
    """`kind` is the content of its batches; the job itself is made in XML."""

    def __init__(
        self, client: Client, operation: str, name: str, kind: str = "CSV", **more: Any
    ) -> None:
        self.client, self.kind = client, kind
        headers = more.pop("headers", {})
        fields = {"operation": operation, "object": name, "contentType": kind, **more}
        self.made = call(client, "POST", "job", data=order(**fields), headers=headers)
        assert self.made.status_code == 201, self.made.text
        self.id = read(self.made)["id"]
        self.path = f"job/{self.id}"

    def info(self) -> dict[str, str]:
        return read(call(self.client, "GET", self.path))

    def state(self, state: str) -> requests.Response:
        answer: requests.Response = call(self.client, "POST", self.path, data=order(state=state))
        return answer

    def post(self, content: str | bytes) -> requests.Response:
        raw = content.encode() if isinstance(content, str) else content
        answer: requests.Response = call(
            self.client, "POST", f"{self.path}/batch", self.kind, data=raw
        )
        return answer

    def add(self, content: str | bytes) -> str:
        """The path of the new batch."""
        answer = self.post(content)
        assert answer.status_code == 201, answer.text
        return f"{self.path}/batch/{self._fields(answer)['id']}"

    def batch(self, path: str) -> dict[str, Any]:
        return self._fields(call(self.client, "GET", path))

    def batches(self) -> list[dict[str, str]]:
        answer = call(self.client, "GET", f"{self.path}/batch")
        return [
            {child.tag.partition("}")[2]: child.text or "" for child in batch}
            for batch in ET.fromstring(answer.text)
        ]

    def wait(self, path: str) -> dict[str, Any]:
        """The batch when it is done."""
        deadline = time.monotonic() + PATIENCE
        while (found := self.batch(path))["state"] in ("Queued", "InProgress"):
            assert time.monotonic() < deadline, found
            time.sleep(0.01)
        return found

    def run(self, content: str | bytes) -> tuple[dict[str, Any], requests.Response]:
        """The batch when it is done, and the answer with its results."""
        path = self.add(content)
        done = self.wait(path)
        return done, call(self.client, "GET", f"{path}/result")

    def settle(self, least: int) -> list[dict[str, str]]:
        """All batches, when there are so many and none has anything left to do."""
        deadline = time.monotonic() + PATIENCE
        while True:
            found = self.batches()
            busy = {"Queued", "InProgress"} & {one["state"] for one in found}
            if not busy and len(found) >= least:
                return found
            assert time.monotonic() < deadline, found
            time.sleep(0.01)

    def found(self, soql: str) -> list[requests.Response]:
        """The files of a query's results."""
        path = self.add(soql)
        done = self.wait(path)
        assert done["state"] == "Completed", done
        return self.files(path)

    def files(self, path: str) -> list[requests.Response]:
        listed = call(self.client, "GET", f"{path}/result")
        if self.kind == "JSON":
            ids = listed.json()
        else:
            ids = [one.text for one in ET.fromstring(listed.text)]
        return [call(self.client, "GET", f"{path}/result/{one}") for one in ids]

    def _fields(self, answer: requests.Response) -> dict[str, Any]:
        if self.kind == "JSON":
            found: dict[str, Any] = answer.json()
            return found
        return read(answer)
