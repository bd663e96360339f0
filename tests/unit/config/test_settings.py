"""Where settings come from, which comes first, and what the example says of them."""

import os
import re
from pathlib import Path
from typing import get_args

import pytest

from config.admin import AdminSettings, OpenIdSettings
from config.loading import load_settings
from config.settings import PREFIX, SOCKET_BYTES, OrgSettings, Settings
from config.wiring import limits
from sync.ports.brake import Limits
from sync.store import make_engine
from tests.unit.config.conftest import FOUR, URL, Setter

EXAMPLE = Path(__file__).parents[3] / ".env.example"
FROM_THE_ENVIRONMENT_ONLY = {"CONFIG_FILE", "SECRETS_DIR", "ENV_FILE", "ADMIN"}


def secret_of(org: OrgSettings) -> str | None:
    return org.client_secret and org.client_secret.get_secret_value()


# Where they come from


def test_nothing_needs_to_be_set() -> None:
    found = load_settings()
    assert found.orgs == {}
    assert found.uses_embedded_broker
    assert found.database() == f"sqlite:///{found.state_dir}/license-sync.db"
    assert found.broker() == f"redis+socket://{found.state_dir}/broker.sock"
    assert found.redis() == f"unix://{found.state_dir}/broker.sock?db=0"


def test_four_settings_are_enough_for_an_org(environment: Setter) -> None:
    environment(**FOUR)
    org = load_settings().orgs["acme"]
    assert (org.login_url, org.client_id, secret_of(org)) == (URL, "id", "hush")
    assert org.features == {"scv"}
    assert (org.policy, org.layout) == ("natterbox-2022", "user")


def test_the_brakes_limits_are_sane_and_can_be_turned_off(environment: Setter) -> None:
    environment(**FOUR)
    assert limits(load_settings().orgs["acme"]) == Limits(200, 0.1, 60.0)
    names = ("BRAKE_LICENSES", "BRAKE_SHARE", "BRAKE_MINUTES")
    for off in ("0", "none", " None "):
        environment(**{f"ORGS__ACME__{name}": off for name in names})
        assert limits(load_settings().orgs["acme"]) == Limits(0, 0.0, 0.0)


def test_several_orgs_stand_side_by_side_under_lower_case_names(environment: Setter) -> None:
    environment(**FOUR)
    environment(**{name.replace("ACME", "Beta-2_x"): value for name, value in FOUR.items()})
    assert list(load_settings().orgs) == ["acme", "beta-2_x"]


def test_what_comes_first_wins(
    environment: Setter, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Environment, secret files, .env, TOML; below one org as well."""
    toml, secrets = tmp_path / "settings.toml", tmp_path / "secrets"
    secrets.mkdir()
    keys = ("policy", "layout", "client_id", "login_url")
    org = [f'{key} = "{URL if key == "login_url" else "toml"}"' for key in keys]
    toml.write_text("poll_seconds = 4\nlive_workers = 4\n[orgs.acme]\n" + "\n".join(org))
    for name, value in {"policy": "file", "client_secret": "file"}.items():
        (secrets / f"license_sync_orgs__acme__{name}").write_text(f"{value}\n")
    (secrets / "license_sync_live_workers").write_text("3")
    mine = f"{PREFIX}ORGS__ACME__"
    (tmp_path / ".env").write_text(
        f"{mine}POLICY=dotenv\n{mine}LAYOUT=dotenv\n{mine}CLIENT_SECRET=dotenv\n"
        f"{PREFIX}BULK_WORKERS=2\n{PREFIX}SETTLE_LIMIT=2\n{PREFIX}LIVE_WORKERS=2\n"
    )
    environment(SETTLE_LIMIT="1", CONFIG_FILE=str(toml), SECRETS_DIR=str(secrets))
    found = load_settings()
    acme = found.orgs["acme"]
    assert (acme.client_id, acme.layout, acme.policy) == ("toml", "dotenv", "file")
    assert secret_of(acme) == "file"
    assert found.poll_seconds == 4
    assert (found.live_workers, found.bulk_workers, found.settle_limit) == (3, 2, 1)
    assert load_settings(settle_limit=7).settle_limit == 7


def test_another_env_file_than_the_usual(environment: Setter, tmp_path: Path) -> None:
    (tmp_path / "mine").write_text(f"{PREFIX}LOG_FORMAT=json\n")
    environment(ENV_FILE=str(tmp_path / "mine"))
    assert load_settings().log_format == "json"
    environment(ENV_FILE=os.devnull)
    assert load_settings().log_format == "console"


def test_an_empty_value_counts_as_not_set(environment: Setter, tmp_path: Path) -> None:
    environment(**FOUR, BROKER_URL="", DATABASE_URL="", CONFIG_FILE="", ENV_FILE="")
    environment(ORGS__ACME__USERNAME="", SECRETS_DIR="")
    assert load_settings().uses_embedded_broker
    (tmp_path / "license_sync_orgs__acme__username").touch()
    (tmp_path / ".env").write_text(f"{PREFIX}ORGS__ACME__USERNAME=\n")
    environment(SECRETS_DIR=str(tmp_path))
    assert load_settings().orgs["acme"].username is None


def test_secrets_as_files(environment: Setter, tmp_path: Path) -> None:
    """As Docker mounts them: a line break at the end, names in lower case, others beside them."""
    files = {
        "license_sync_database_url": "postgresql://license_sync@db/x",
        "license_sync_database_password": "p@ss/word%",
        "license_sync_broker_url": "redis://:other@redis:6379/0",
        "LICENSE_SYNC_ORGS__ACME__CLIENT_SECRET": "hush",
        "somebody_elses": "\x00",
    }
    for name, value in files.items():
        (tmp_path / name).write_text(f"{value}\n")
    environment(**{k: v for k, v in FOUR.items() if "SECRET" not in k}, SECRETS_DIR=str(tmp_path))
    found = load_settings()
    assert secret_of(found.orgs["acme"]) == "hush"
    assert found.redis() == found.broker() == "redis://:other@redis:6379/0"
    url = make_engine(found.database()).url
    assert (url.username, url.password, url.host) == ("license_sync", "p@ss/word%", "db")


@pytest.mark.parametrize("secret", ["a$b", "a${HOME}b", "a #b", ' a"b ', "a=b", r"a\b", "ä€"])
def test_what_stands_in_single_quotes_is_taken_as_it_is(tmp_path: Path, secret: str) -> None:
    lines = {n: secret if n.endswith("SECRET") else v for n, v in FOUR.items()}
    (tmp_path / ".env").write_text("".join(f"export {PREFIX}{n}='{v}'\n" for n, v in lines.items()))
    assert secret_of(load_settings().orgs["acme"]) == secret


def test_features_stand_in_toml_as_a_list(environment: Setter, tmp_path: Path) -> None:
    (tmp_path / "x.toml").write_text("[orgs.acme]\nfeatures = ['scv', 'pci']\n")
    environment(**{k: v for k, v in FOUR.items() if "FEATURES" not in k}, CONFIG_FILE="x.toml")
    assert load_settings().orgs["acme"].features == {"scv", "pci"}


# What the rest of the program is given


def test_the_state_folder_means_the_same_in_every_working_directory(
    environment: Setter, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    environment(STATE_DIR="var")
    assert load_settings().state_dir == tmp_path / "var"
    monkeypatch.setenv("HOME", str(tmp_path))
    environment(STATE_DIR="~/state")
    assert load_settings().state_dir == tmp_path / "state"
    environment(STATE_DIR="")
    assert load_settings().state_dir == tmp_path / ".local/state/license-sync"


@pytest.mark.parametrize("length", [10, 60, 90, 120, 3000])
@pytest.mark.parametrize("letter", ["x", "ü"])
def test_the_brokers_socket_fits_into_an_address(length: int, letter: str) -> None:
    folders = [f"/{name}{letter * 40}/".ljust(length, letter) for name in ("a", "b")]
    sockets = {Settings(state_dir=Path(folder)).broker_socket for folder in folders}
    assert len(sockets) == 2
    assert all(len(os.fsencode(path)) <= SOCKET_BYTES for path in sockets)
    assert {Settings(state_dir=Path(folder)).broker_socket for folder in folders} == sockets


def test_a_short_state_folder_keeps_its_socket(tmp_path: Path) -> None:
    name = "x" * (SOCKET_BYTES - len("//broker.sock"))
    assert Settings(state_dir=Path("/" + name)).broker_socket == Path(f"/{name}/broker.sock")
    assert Settings(state_dir=Path(f"/{name}x")).broker_socket.parent.parent == Path("/tmp")


def test_a_socket_of_ones_own_is_spelled_as_each_library_wants_it() -> None:
    url = "redis+socket:///run/valkey.sock?virtual_host=2"
    found = Settings(broker_url=url)  # type: ignore[arg-type]
    assert found.broker() == url
    assert found.redis() == "unix:///run/valkey.sock?db=2"


# .env.example


def example(*, whole: bool) -> dict[str, str]:
    """What the file sets; with `whole`, what its comments set as well."""
    pattern = rf"^(?:# )?{PREFIX}(\w+)=(.*)$" if whole else rf"^{PREFIX}(\w+)=(.*)$"
    return dict(re.findall(pattern, EXAMPLE.read_text("utf-8"), re.MULTILINE))


def every_setting() -> set[str]:
    orgs = Settings.model_fields["orgs"].annotation
    assert get_args(orgs)[1] is OrgSettings
    return {
        *(name.upper() for name in Settings.model_fields if name not in ("orgs", "admin")),
        *(f"ADMIN__{name.upper()}" for name in AdminSettings.model_fields if name != "oidc"),
        *(f"ADMIN__OIDC__ACME__{name.upper()}" for name in OpenIdSettings.model_fields),
        *(f"ORGS__ACME__{name.upper()}" for name in OrgSettings.model_fields),
        *FROM_THE_ENVIRONMENT_ONLY,
    }


def test_the_example_has_every_setting_and_no_other() -> None:
    assert set(example(whole=True)) == every_setting()


@pytest.mark.parametrize("is_environment", [True, False])
def test_the_example_works_with_a_secret_file(
    environment: Setter, tmp_path: Path, *, is_environment: bool
) -> None:
    """Compose turns the lines of .env into the environment, which wins over secret files."""
    (tmp_path / "license_sync_orgs__acme__client_secret").write_text("hush")
    environment(SECRETS_DIR=str(tmp_path))
    if is_environment:
        environment(**example(whole=False))
    else:
        environment(ENV_FILE=str(EXAMPLE))
    found = load_settings()
    assert found.orgs["acme"].features == {"scv"}
    assert secret_of(found.orgs["acme"]) == "hush"
    assert found.uses_embedded_broker


JWT = {"ORGS__ACME__USERNAME", "ORGS__ACME__PRIVATE_KEY_FILE"}
BY_SECRET = {"ORGS__ACME__CLIENT_SECRET"}
BY_FILE = {"ORGS__ACME__CLIENT_SECRET_FILE"}


@pytest.mark.parametrize("others", [JWT | BY_SECRET, JWT | BY_FILE, BY_SECRET | BY_FILE])
def test_the_example_works_with_its_comments_taken_in(
    environment: Setter, tmp_path: Path, others: set[str]
) -> None:
    """Files and folders stand elsewhere here; login is in one of three ways."""
    others = others | {"ADMIN__OIDC__ACME__CLIENT_SECRET_FILE"}
    others |= {"ORGS__ACME__OUTBOUND_TOKEN_FILE"}
    taken = {n: v for n, v in example(whole=True).items() if n not in others}
    places = {name for name in taken if name.endswith(("_FILE", "_DIR"))}
    for name in places - FROM_THE_ENVIRONMENT_ONLY - {"STATE_DIR"}:
        (tmp_path / name).write_text("x")
        taken[name] = str(tmp_path / name)
    lines = [f"{PREFIX}{n}={v}" for n, v in taken.items() if n not in FROM_THE_ENVIRONMENT_ONLY]
    (tmp_path / "all").write_text("\n".join(lines))
    environment(ENV_FILE=str(tmp_path / "all"))
    found = load_settings()
    assert found.model_fields_set == set(Settings.model_fields)
    given = found.orgs["acme"].model_fields_set
    names = {name.removeprefix("ORGS__ACME__").lower() for name in others}
    assert given == set(OrgSettings.model_fields) - names


@pytest.mark.parametrize("name", [n for n in Settings.model_fields if n not in ("orgs", "admin")])
def test_the_example_tells_the_default(name: str) -> None:
    default = Settings.model_fields[name].default
    value = example(whole=True)[name.upper()]
    if default not in (None, ()):
        assert (
            Path(value) == default
            if name == "state_dir"
            else (str(default).removesuffix(".0") == value)
        )


@pytest.mark.parametrize("name", ["host", "port", "session_minutes", "idle_minutes"])
def test_the_example_tells_the_pages_default(name: str) -> None:
    default = AdminSettings.model_fields[name].default
    assert example(whole=True)[f"ADMIN__{name.upper()}"] == str(default)


def test_the_example_tells_which_permissions_give_a_role() -> None:
    for role in ("admin", "viewer"):
        default = OpenIdSettings.model_fields[role].default
        assert example(whole=True)[f"ADMIN__OIDC__ACME__{role.upper()}"] == ",".join(default)
