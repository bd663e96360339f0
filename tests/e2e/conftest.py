"""Orgs and programs that the tests of a module share, and leave as they found them."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.e2e.harness import Program, Salesforce, is_idle, program, salesforce


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of the module's org and program."""
    return tmp_path_factory.mktemp("home")


@pytest.fixture(scope="module")
def org(home: Path, request: pytest.FixtureRequest) -> Iterator[Salesforce]:
    """The module's org: clean, of 60 users unless it says USERS."""
    users = str(getattr(request.module, "USERS", 60))
    with salesforce(home, "--users", users, "--seed", "7") as made:
        yield made


@pytest.fixture(scope="module")
def _program(home: Path, org: Salesforce, request: pytest.FixtureRequest) -> Iterator[Program]:
    """With SETTINGS, if the module has any."""
    made = program(home, org, **getattr(request.module, "SETTINGS", {}))
    yield made
    made.end()
    assert made.processes() == []


@pytest.fixture
def made(_program: Program, org: Salesforce) -> Iterator[Program]:
    """The module's program: up, armed and with nothing to do at the start of each test."""
    if _program.up is None:
        _program.start()
    _program.wait_until("idle", is_idle)
    yield _program
    org.heal()
