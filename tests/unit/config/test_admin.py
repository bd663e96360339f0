"""The review page's settings."""

from pathlib import Path

import pytest

from config.errors import BadSettings
from config.loading import load_settings
from tests.unit.config.conftest import FOUR, Setter

OIDC = {
    "ADMIN__OIDC__ACME__CLIENT_ID": "app",
    "ADMIN__OIDC__ACME__CLIENT_SECRET": "hush",
    "ADMIN__OIDC__ACME__ORGANIZATION_ID": "00D5g000004XyZaEAK",
}


def test_the_page_is_this_machines_own_at_first() -> None:
    found = load_settings().admin
    assert (found.host, found.port, found.url) == ("127.0.0.1", 8477, "http://localhost:8477")
    assert (found.session_minutes, found.idle_minutes, found.oidc) == (720, 60, {})
    assert not found.is_https


def test_who_gives_commands_is_no_setting_of_the_page(environment: Setter) -> None:
    environment(ADMIN="ada", ADMIN__PORT="99")
    assert load_settings().admin.port == 99


def test_the_page_may_stand_in_toml(environment: Setter, tmp_path: Path) -> None:
    (tmp_path / "x.toml").write_text("[admin]\nport = 99\n")
    environment(CONFIG_FILE="x.toml")
    assert load_settings().admin.port == 99


def test_a_person_is_not_named_in_toml(environment: Setter, tmp_path: Path) -> None:
    (tmp_path / "x.toml").write_text("admin = 'ada'\n")
    environment(CONFIG_FILE="x.toml")
    with pytest.raises(BadSettings, match="admin: is read from the environment alone"):
        load_settings()


def test_sign_in_with_an_org(environment: Setter) -> None:
    environment(**FOUR, **OIDC, ADMIN__OIDC__ACME__ADMIN="Boss, team = ops,role=admin")
    with pytest.raises(BadSettings, match="ADMIN: write it as Permission_Name or attribute=value"):
        load_settings()
    environment(ADMIN__OIDC__ACME__ADMIN="Boss, role=all powerful")
    found = load_settings().admin.oidc["acme"]
    assert (found.admin, found.viewer) == (("Boss", "role=all powerful"), ("License_Sync_Viewer",))


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"ADMIN__URL": "ftp://x"}, "ADMIN__URL: write it as https://host"),
        ({"ADMIN__URL": "https://x/y"}, "ADMIN__URL: write it as https://host"),
        ({"ADMIN__URL": "http://x.example"}, "url has to be https:// where it is not this"),
        ({"ADMIN__URL": "http://localhost.evil"}, "url has to be https:// where it is not this"),
        ({"ADMIN__CERT_FILE": "here"}, "set both cert_file and key_file, or neither"),
        (
            {"ADMIN__CERT_FILE": "here", "ADMIN__KEY_FILE": "here"},
            "url has to be https:// where cert_file is set",
        ),
        ({"ADMIN__SECRET_KEY": "short"}, "ADMIN__SECRET_KEY"),
        ({"ADMIN__PRT": "1"}, "ADMIN__PRT: is no setting"),
        (OIDC, "ADMIN__OIDC__ACME: there is no such org; add it"),
        (
            FOUR | OIDC | {"ADMIN__OIDC__ACME__ORGANIZATION_ID": "acme"},
            "ORGANIZATION_ID: write the org's id",
        ),
        (
            FOUR | OIDC | {"ADMIN__OIDC__ACME__CLIENT_SECRET_FILE": "here"},
            "set either client_secret or client_secret_file",
        ),
    ],
)
def test_what_cannot_be_used_is_said(
    environment: Setter, tmp_path: Path, given: dict[str, str], said: str
) -> None:
    (tmp_path / "here").write_text("x")
    environment(**given)
    with pytest.raises(BadSettings) as caught:
        load_settings()
    assert said in str(caught.value)
    assert "hush" not in str(caught.value)
