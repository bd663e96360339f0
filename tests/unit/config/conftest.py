"""An environment in which nothing of ours is set, and a way to set some of it."""

import os
from collections.abc import Callable
from pathlib import Path

import pytest

from config.settings import PREFIX

URL = "https://acme.my.salesforce.com"
FOUR = {
    "ORGS__ACME__LOGIN_URL": URL,
    "ORGS__ACME__CLIENT_ID": "id",
    "ORGS__ACME__CLIENT_SECRET": "hush",
    "ORGS__ACME__FEATURES": '["scv"]',
}

Setter = Callable[..., None]


@pytest.fixture(autouse=True)
def nothing_set(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.chdir(tmp_path)
    for name in [name for name in os.environ if name.startswith(PREFIX)]:
        monkeypatch.delenv(name)


@pytest.fixture
def environment(monkeypatch: pytest.MonkeyPatch) -> Setter:
    def put(**values: str) -> None:
        for name, value in values.items():
            monkeypatch.setenv(PREFIX + name, value)

    return put
