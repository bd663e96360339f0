"""A simulated org for each client, and the table at the end of `make clients`."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest

from tests.clients.environments import version_of
from tests.simulator.running import Simulator

CALLBACK = "https://localhost/callback"


@pytest.fixture(scope="module")
def org() -> Iterator[Simulator]:
    simulator = Simulator("--users", "2300", "--seed", "7")
    yield simulator
    assert simulator.stop() == 0


@pytest.fixture(autouse=True)
def no_faults(org: Simulator) -> Iterator[None]:
    yield
    org.control("DELETE", "faults")


@pytest.fixture(scope="module")
def refresh_token(org: Simulator) -> str:
    """What the admin gave the app by the code flow, as a connector asks for it once."""
    app = {"client_id": org.ready["client_id"], "redirect_uri": CALLBACK}
    asked = app | {
        "response_type": "code",
        "scope": "api refresh_token",
        "login_hint": org.ready["admin_username"],
    }
    sent = org.anyone.call("GET", "/services/oauth2/authorize", params=asked, allow_redirects=False)
    code = parse_qs(urlsplit(sent.headers["Location"]).query)["code"][0]
    answer = org.token_answer(
        grant_type="authorization_code",
        code=code,
        client_secret=org.ready["client_secret"],
        **app,
    )
    assert answer.status_code == 200, answer.text
    return str(answer.json()["refresh_token"])


def pytest_terminal_summary(terminalreporter: Any) -> None:
    """One line a client: its version, how many checks held, how many did not."""
    counts: dict[str, Counter[str]] = {}
    for outcome in ("passed", "failed", "error", "xfailed", "skipped"):
        for report in terminalreporter.stats.get(outcome, []):
            module = report.nodeid.partition("::")[0]
            name = module.rpartition("check_")[2].removesuffix(".py").replace("_", "-")
            counts.setdefault(name, Counter())[outcome] += 1
    terminalreporter.section("clients")
    for name, found in sorted(counts.items()):
        told = ", ".join(f"{count} {outcome}" for outcome, count in found.items())
        terminalreporter.write_line(f"{name:28}{version_of(name):12}{told}")
