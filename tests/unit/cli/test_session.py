"""Who gives a command."""

import getpass

import pytest

from cli.session import person


def test_the_name_that_was_set_comes_first(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LICENSE_SYNC_ADMIN", "ada@acme.example")
    assert person() == "ada@acme.example"


@pytest.mark.parametrize("error", [KeyError("getpwuid(): uid not found: 54321"), OSError("none")])
def test_a_user_that_the_machine_does_not_know_has_a_number(
    monkeypatch: pytest.MonkeyPatch, error: Exception
) -> None:
    def unknown() -> str:
        raise error

    monkeypatch.delenv("LICENSE_SYNC_ADMIN", raising=False)
    monkeypatch.setattr(getpass, "getuser", unknown)
    assert person().startswith("uid ")
