"""aiosalesforce, on httpx: its logins, queries, records and composite calls."""

from __future__ import annotations

import json
from typing import Any

import pytest

from tests.clients.environments import python_client
from tests.clients.programs import HERE, program
from tests.simulator.running import Simulator


def flow(org: Simulator, name: str, login: str, **more: Any) -> dict[str, Any]:
    """Carries out one flow of aiosalesforce_calls.py."""
    python = str(python_client("aiosalesforce") / "python")
    client = program(org, python, str(HERE / "inside" / "aiosalesforce_calls.py"), PYTHONPATH="")
    given = {"login": login, "credentials": credentials(org)[login], **more}
    done: dict[str, Any] = json.loads(client.run(name, given=json.dumps(given)))
    return done


def credentials(org: Simulator) -> dict[str, dict[str, str]]:
    ready = org.ready
    return {
        "client_credentials": {
            "client_id": ready["client_id"],
            "client_secret": ready["client_secret"],
        },
        "jwt": {
            "client_id": ready["jwt_client_id"],
            "username": ready["jwt_username"],
            "private_key_file": ready["jwt_private_key_file"],
        },
        "soap": {
            "username": ready["admin_username"],
            "password": ready["admin_password"],
            "security_token": ready["admin_security_token"],
        },
    }


@pytest.fixture(scope="module")
def people(org: Simulator) -> list[str]:
    users = org.control("GET", "users?limit=2000")["users"]
    return [user["Id"] for user in users if user["Username"].startswith("user0")]


@pytest.mark.parametrize("login", ["client_credentials", "jwt", "soap"])
def test_it_logs_in_and_reads(org: Simulator, people: list[str], login: str) -> None:
    done = flow(org, "reads", login, ids=people[:1])
    assert len(set(done["ids"])) == len(done["ids"]) > 2000
    assert done["limits"]["DailyApiRequests"]["Max"] > 0
    assert done["user"]["Id"] == people[0]


def test_records_are_written_alone_in_a_batch_and_composed(
    org: Simulator, people: list[str]
) -> None:
    one, two = people[:2]
    done = flow(org, "writes", "client_credentials", ids=[one, two])
    assert done["batch"] == [204, "señor 王"]
    assert done["composite"] == [one, 204]
    assert done["refused"]["code"] == "INVALID_FIELD"
    read = org.admin().call("GET", f"sobjects/User/{one}").json()
    assert read["Title"] == "composite"


def test_a_bulk_job_tells_the_fate_of_every_row(org: Simulator, people: list[str]) -> None:
    known, unknown = people[10:12], "0055f000005mc66AAA"
    done = flow(org, "bulk", "client_credentials", ids=known, unknown=unknown)
    assert done["states"] == ["JobComplete"]
    assert {row["sf__Id"] for row in done["successful_results"]} == set(known)
    assert {row["Title"] for row in done["successful_results"]} == {"bulk, “here”"}
    (failed,) = done["failed_results"]
    assert failed["Id"] == unknown
