"""@salesforce/core, the library inside the Salesforce CLI: its logins, and queries with them."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from tests.clients.environments import node_client
from tests.clients.programs import HERE, program
from tests.simulator.running import Simulator


@pytest.mark.parametrize("way", ["jwt", "accessToken"])
def test_a_login_is_kept_and_used(org: Simulator, tmp_path: Path, way: str) -> None:
    client = program(
        org,
        "node",
        str(HERE / "inside" / "salesforce_core_calls.mjs"),
        CLIENT_MODULES=str(node_client("salesforce-core")),
        HOME=str(tmp_path),
        SF_DISABLE_DNS_CHECK="true",
        SF_DISABLE_TELEMETRY="true",
        SF_DISABLE_LOG_FILE="true",
        SF_USE_GENERIC_UNIX_KEYCHAIN="true",
    )
    order = {
        "url": org.ready["url"],
        "username": org.ready["jwt_username"],
        "client_id": org.ready["jwt_client_id"],
        "private_key_file": org.ready["jwt_private_key_file"],
        "token": org.control("POST", "token", {"user": "admin"})["access_token"],
    }
    done: dict[str, Any] = json.loads(client.run(way, given=json.dumps(order)))
    who = {"jwt": "jwt_username", "accessToken": "admin_username"}[way]
    assert done["fields"]["username"] == org.ready[who]
    assert done["orgId"] == org.ready["organization_id"]
    assert done["version"] == org.anyone.call("GET", "/services/data").json()[-1]["version"]
    assert len(done["found"]) == 3
    assert done["fetched"] == done["total"] > 2000
    assert done["isDevHub"] is False
