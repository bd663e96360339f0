"""Airbyte's source: it connects, finds the streams, reads them over REST and Bulk, and resumes."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from tests.clients.environments import python_client
from tests.clients.programs import ClientFailed, Program, program
from tests.simulator.running import Simulator

LONG_SLICES = "P3650D"  # in days: with years the connector fails when it resumes


@dataclass(frozen=True)
class Source:
    """The connector with its configuration; what it prints are Airbyte's messages."""

    program: Program
    folder: Path

    def messages(self, command: str, **files: Any) -> list[dict[str, Any]]:
        arguments = [command]
        for name, content in files.items():
            path = self.folder / f"{name}.json"
            path.write_text(json.dumps(content), "utf-8")
            arguments += [f"--{name}", str(path)]
        return [json.loads(line) for line in self.program.run(*arguments).splitlines()]


@pytest.fixture
def settings(org: Simulator, refresh_token: str) -> dict[str, Any]:
    return {
        "client_id": org.ready["client_id"],
        "client_secret": org.ready["client_secret"],
        "refresh_token": refresh_token,
        "start_date": "2000-01-01T00:00:00Z",
        "stream_slice_step": LONG_SLICES,
    }


@pytest.fixture
def source(org: Simulator, tmp_path: Path) -> Source:
    command = str(python_client("airbyte-source-salesforce") / "source-salesforce")
    return Source(program(org, command), tmp_path)


def parts(messages: list[dict[str, Any]], kind: str) -> list[dict[str, Any]]:
    """What the messages of that kind carry."""
    return [message[kind] for message in messages if message.get(kind)]


def configured(streams: list[dict[str, Any]], name: str) -> dict[str, Any]:
    """A catalog of that one stream, read incrementally."""
    stream = next(stream for stream in streams if stream["name"] == name)
    chosen = {
        "stream": stream,
        "sync_mode": "incremental",
        "destination_sync_mode": "append",
        "cursor_field": stream["default_cursor_field"],
    }
    return {"streams": [chosen]}


def read(source: Source, config: Any, catalog: Any, state: Any = ()) -> tuple[Any, Any]:
    """The records, and the last state."""
    messages = source.messages("read", config=config, catalog=catalog, state=list(state))
    records = [record["data"] for record in parts(messages, "record")]
    return records, parts(messages, "state")[-1:]


def test_it_connects(source: Source, settings: dict[str, Any]) -> None:
    (status,) = parts(source.messages("check", config=settings), "connectionStatus")
    assert status == {"status": "SUCCEEDED"}


def test_a_wrong_secret_is_told(source: Source, settings: dict[str, Any]) -> None:
    wrong = settings | {"refresh_token": "5Aepnonsense"}
    with pytest.raises(ClientFailed, match="expired access/refresh token"):
        source.messages("check", config=wrong)


def test_it_reads_users_over_rest_and_then_only_what_changed(
    org: Simulator, source: Source, settings: dict[str, Any]
) -> None:
    (catalog,) = parts(source.messages("discover", config=settings), "catalog")
    users = configured(catalog["streams"], "User")
    everyone, state = read(source, settings, users)
    total = org.admin().call("GET", "query", params={"q": "SELECT count() FROM User"}).json()
    assert len({user["Id"] for user in everyone}) == total["totalSize"] > 2000

    began = datetime.now(UTC)
    changed = everyone[5]["Id"]
    org.admin().call("PATCH", f"sobjects/User/{changed}", json={"Title": "Señora"})
    org.control("POST", "clock", {"offset": 3600})
    again, _ = read(source, settings | {"lookback_window": "PT1S"}, users, state)
    assert {user["Id"] for user in again} <= {
        user["Id"]
        for user in org.control("GET", "users?limit=5000")["users"]
        if user["SystemModstamp"] >= began.timestamp() - 5
    }
    assert changed in {user["Id"] for user in again}


def test_it_reads_a_plain_object_over_bulk(
    org: Simulator, source: Source, settings: dict[str, Any]
) -> None:
    (catalog,) = parts(source.messages("discover", config=settings), "catalog")
    profiles, _ = read(source, settings, configured(catalog["streams"], "Profile"))
    names = {profile["Name"] for profile in profiles}
    assert "System Administrator" in names
    used = {call["path"] for call in org.control("GET", "journal/summary")["calls"]}
    assert any("/jobs/query" in path for path in used)
