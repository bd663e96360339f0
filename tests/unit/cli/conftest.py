"""Commands on a state folder of their own, for an org that nobody can reach."""

import os
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from cli.main import app
from cli.session import runtime
from config.settings import PREFIX
from tests.contract.store.scene import Clock, Scene

Run = Callable[..., Result]


@pytest.fixture
def run(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[Run]:
    """Runs a command as the admin ada."""
    monkeypatch.chdir(tmp_path)
    for name in [name for name in os.environ if name.startswith(PREFIX)]:
        monkeypatch.delenv(name)
    for name, value in {
        "STATE_DIR": str(tmp_path / "state"),
        "ADMIN": "ada",
        "ORGS__ACME__LOGIN_URL": "https://localhost:1",
        "ORGS__ACME__CLIENT_ID": "id",
        "ORGS__ACME__CLIENT_SECRET": "hush",
        "ORGS__ACME__FEATURES": '["scv"]',
    }.items():
        monkeypatch.setenv(PREFIX + name, value)
    runtime.cache_clear()

    def command(*words: str, answer: str | None = None) -> Result:
        return CliRunner().invoke(app, list(words), input=answer)

    yield command
    runtime.cache_clear()


@pytest.fixture
def scene(run: Run) -> Scene:
    """The store of those commands, for an armed org."""
    made = Scene(runtime().store, Clock())
    made.arm()
    return made
