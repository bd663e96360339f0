"""What each org logs in with, and what is said of files that do not serve."""

from collections.abc import Callable
from datetime import date
from pathlib import Path

import pytest

from config.errors import BadSettings
from config.settings import OrgSettings, Settings
from config.wiring import Runtime, gateway
from sync.salesforce.login import ClientCredentials, Credentials, JwtBearer
from tests.unit.config.conftest import URL

Login = Callable[..., Credentials]


@pytest.fixture
def login(monkeypatch: pytest.MonkeyPatch) -> Login:
    """What the org with these settings logs in with."""

    def read(**settings: object) -> Credentials:
        found: list[Credentials] = []
        monkeypatch.setattr("config.wiring.connect", lambda c, _layout: found.append(c.credentials))
        org = OrgSettings.model_validate({"login_url": URL, "client_id": "id", **settings})
        gateway("acme", org)
        return found[0]

    return read


def test_an_org_that_cannot_be_made_is_a_problem_and_not_an_end(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Alerts about the others still have to be told."""
    plain = {"login_url": URL, "client_id": "id", "client_secret": "hush"}
    orgs = {
        "acme": plain,
        "beta": plain | {"policy": str(tmp_path / "none.toml")},
        "cleo": plain | {"credentials_expire_on": "2026-12-01"},
    }
    settings = Settings.model_validate({"orgs": orgs, "state_dir": tmp_path / "state"})
    runtime = Runtime(settings)
    fingerprint = runtime.org("acme").fingerprint_in("00D000000000001AAA")
    runtime.store.arm("acme", "00D000000000001AAA", fingerprint, "ada")
    found = runtime.surroundings()
    assert list(found.orgs) == ["acme", "beta", "cleo"]
    assert found.working == {"acme"}
    assert list(found.problems) == ["beta"]
    assert [runtime.may_run(name) for name in orgs] == [True, False, True]
    assert found.expiries == {"cleo": date(2026, 12, 1)}
    runtime.store.pause(None, "ada")
    assert runtime.surroundings().working == frozenset()


def test_an_org_is_made_with_its_own_limit_of_writes(tmp_path: Path) -> None:
    plain = {"login_url": URL, "client_id": "id", "client_secret": "hush"}
    orgs = {"acme": plain, "beta": plain | {"writes_per_hour": 3}}
    runtime = Runtime(Settings.model_validate({"orgs": orgs, "state_dir": tmp_path / "state"}))
    assert [runtime.org(name).writes_per_hour for name in orgs] == [20, 3]


def test_secret_and_key_may_be_files_of_their_own(tmp_path: Path, login: Login) -> None:
    (tmp_path / "secret").write_text("hush\n", encoding="utf-8")
    (tmp_path / "key.pem").write_text("Käte's\nkey\n", encoding="utf-8")
    assert login(client_secret="hush") == ClientCredentials("id", "hush")
    assert login(client_secret_file=tmp_path / "secret") == ClientCredentials("id", "hush")
    found = login(username="u", private_key_file=tmp_path / "key.pem")
    assert found == JwtBearer("id", "u", "Käte's\nkey")


@pytest.mark.parametrize(
    ("content", "problem"), [(b"\x30\x82\xff", "is no text"), (b" \n", "is empty")]
)
def test_files_that_do_not_serve_are_said_with_org_and_setting(
    tmp_path: Path, login: Login, content: bytes, problem: str
) -> None:
    """A key in DER form, say."""
    path = tmp_path / "file"
    path.write_bytes(content)
    with pytest.raises(BadSettings) as secret:
        login(client_secret_file=path)
    assert str(secret.value) == (
        f"LICENSE_SYNC_ORGS__ACME__CLIENT_SECRET_FILE: {path} {problem}; "
        "let it hold the consumer secret as UTF-8 text."
    )
    with pytest.raises(BadSettings) as key:
        login(username="u", private_key_file=path)
    assert str(key.value) == (
        f"LICENSE_SYNC_ORGS__ACME__PRIVATE_KEY_FILE: {path} {problem}; "
        "let it hold PEM text (`openssl pkey -inform DER -in KEY -out KEY.pem` makes that)."
    )


def test_a_file_that_went_away_since_the_settings_were_read(tmp_path: Path, login: Login) -> None:
    path = tmp_path / "file"
    path.touch()
    org = OrgSettings(login_url=URL, client_id="id", client_secret_file=path)
    path.unlink()
    with pytest.raises(BadSettings, match=r"cannot be read \(No such file or directory\); let it"):
        gateway("acme", org)


def test_only_a_database_of_our_own_needs_the_state_folder(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    url = f"sqlite:///{tmp_path}/x.db"
    Runtime(Settings(state_dir=tmp_path / "file", database_url=url)).migrate()  # type: ignore[arg-type]
    for act in (Runtime.migrate, lambda runtime: runtime.store):
        with pytest.raises(BadSettings, match="set LICENSE_SYNC_STATE_DIR to one that you may"):
            act(Runtime(Settings(state_dir=tmp_path / "file")))
