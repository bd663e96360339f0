"""Singer's tap: it finds the objects, reads all of them, then only what changed since."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from tests.clients.environments import python_client
from tests.clients.programs import Program, program
from tests.simulator.running import Simulator

LONG_AGO = "2000-01-01T00:00:00Z"


@dataclass(frozen=True)
class Tap:
    """The tap with its configuration; messages are what a target would read."""

    program: Program
    folder: Path
    api: str

    def discover(self) -> dict[str, Any]:
        found: dict[str, Any] = json.loads(self.program.run("--discover"))
        return found

    def sync(self, catalog: dict[str, Any], state: dict[str, Any]) -> list[dict[str, Any]]:
        files = [
            self._file("catalog.json", catalog),
            self._file("state.json", state),
        ]
        printed = self.program.run("--properties", files[0], "--state", files[1])
        return [json.loads(line) for line in printed.splitlines()]

    def _file(self, name: str, content: dict[str, Any]) -> str:
        path = self.folder / name
        path.write_text(json.dumps(content), "utf-8")
        return str(path)


@pytest.fixture(params=["REST", "BULK"])
def tap(org: Simulator, refresh_token: str, tmp_path: Path, request: pytest.FixtureRequest) -> Tap:
    """By each of its two APIs; BULK is Bulk API 1.0."""
    settings = {
        "client_id": org.ready["client_id"],
        "client_secret": org.ready["client_secret"],
        "refresh_token": refresh_token,
        "start_date": LONG_AGO,
        "api_type": request.param,
        "select_fields_by_default": True,
    }
    config = tmp_path / "config.json"
    config.write_text(json.dumps(settings), "utf-8")
    command = str(python_client("tap-salesforce") / "tap-salesforce")
    return Tap(program(org, command, "--config", str(config)), tmp_path, request.param)


def selected(catalog: dict[str, Any], *names: str) -> dict[str, Any]:
    """The catalog with these streams chosen, by their replication keys."""
    streams = [s for s in catalog["streams"] if s["stream"] in names]
    for stream in streams:
        for entry in stream["metadata"]:
            if entry["breadcrumb"] == []:
                keys = entry["metadata"]["valid-replication-keys"]
                entry["metadata"] |= {
                    "selected": True,
                    "replication-method": "INCREMENTAL",
                    "replication-key": keys[0],
                }
    return {"streams": streams}


def records(messages: list[dict[str, Any]], stream: str) -> list[dict[str, Any]]:
    return [m["record"] for m in messages if m["type"] == "RECORD" and m["stream"] == stream]


def bulk_jobs(org: Simulator) -> int:
    """How many the org was asked for."""
    calls = org.control("GET", "journal/summary")["calls"]
    return sum(one["count"] for one in calls if one["path"] == "/services/async/{version}/job")


def last_state(messages: list[dict[str, Any]]) -> dict[str, Any]:
    state: dict[str, Any] = [m["value"] for m in messages if m["type"] == "STATE"][-1]
    return state


def test_it_discovers_every_object_and_field(org: Simulator, tap: Tap) -> None:
    found = {
        stream["stream"]: stream["schema"]["properties"] for stream in tap.discover()["streams"]
    }
    described = org.admin().call("GET", "sobjects/User/describe").json()["fields"]
    assert set(found["User"]) == {field["name"] for field in described}
    assert {"Profile", "UserRole", "Organization"} <= set(found)
    assert found["User"]["IsActive"]["type"] == ["null", "boolean"]


def test_a_full_sync_brings_every_record(org: Simulator, tap: Tap) -> None:
    before = bulk_jobs(org)
    messages = tap.sync(selected(tap.discover(), "User", "Profile"), {})
    assert bulk_jobs(org) - before == (2 if tap.api == "BULK" else 0)
    users = records(messages, "User")
    everyone = org.admin().call("GET", "query", params={"q": "SELECT count() FROM User"}).json()
    assert len({user["Id"] for user in users}) == len(users) == everyone["totalSize"] > 2000
    assert records(messages, "Profile")
    stamps = [user["SystemModstamp"] for user in users]
    assert stamps == sorted(stamps)
    assert last_state(messages)["bookmarks"]["User"]["SystemModstamp"] == stamps[-1]


def test_a_second_sync_brings_only_what_changed(org: Simulator, tap: Tap) -> None:
    catalog = selected(tap.discover(), "User")
    first = tap.sync(catalog, {})
    state = last_state(first)
    changed = records(first, "User")[10]["Id"]
    org.admin().call("PATCH", f"sobjects/User/{changed}", json={"Title": "Señora"})

    second = tap.sync(catalog, state)
    found = {record["Id"]: record for record in records(second, "User")}
    assert found.pop(changed)["Title"] == "Señora"
    bookmark = state["bookmarks"]["User"]["SystemModstamp"]
    assert {record["SystemModstamp"] for record in found.values()} <= {bookmark}

    third = records(tap.sync(catalog, last_state(second)), "User")
    assert [record["Id"] for record in third] == [changed]
