"""What is said about wrong settings, all at once, with the mend and without a secret."""

import os
import re
from pathlib import Path
from urllib.parse import quote

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from config.errors import BadSettings
from config.loading import load_settings
from config.settings import PREFIX, OrgSettings
from tests.unit.config.conftest import FOUR, URL, Setter


def problems() -> list[str]:
    with pytest.raises(BadSettings) as caught:
        load_settings()
    assert str(caught.value) == "\n".join(caught.value.problems)
    return caught.value.problems


WRONG = [
    ({"POLL_SECONDS": "0"}, "POLL_SECONDS: should be greater than or equal to 0.2"),
    ({"POLL_SECONDS": "often"}, "POLL_SECONDS: should be a valid number"),
    ({"SETTLE_LIMIT": "9000"}, "SETTLE_LIMIT: should be less than or equal to 2000"),
    ({"RECONCILE_HOUR": "24"}, "RECONCILE_HOUR: should be less than or equal to 23"),
    ({"LOG_LEVEL": "loud"}, "LOG_LEVEL: should be 'debug', 'info', 'warning' or 'error'"),
    ({"BROKER_URL": "amqp://me:hush@x"}, "BROKER_URL: write it as redis://host:6379/0"),
    ({"BROKER_URL": "redis://me:hush/x@host"}, "redis+socket:///path, with %2F %40 %3A for / @ :"),
    ({"DATABASE_URL": "mysql://me:hush@x/d"}, "DATABASE_URL: write it as postgresql://user@host"),
    ({"DATABASE_URL": "postgresql://me:a@hush@x/d"}, "DATABASE_URL: write it as postgresql://"),
    ({"STATE_DIR": "~nobody-there/x"}, "STATE_DIR: there is no home folder here; write a path"),
    ({"DATABASE_PASSWORD": "hush"}, "write it as postgresql://user@host/database"),
    (
        {"DATABASE_PASSWORD": "hush", "DATABASE_URL": "postgresql://u:hush@h/d"},
        "DATABASE_PASSWORD needs a LICENSE_SYNC_DATABASE_URL with a user and without a password",
    ),
    ({"ORGS": "hush"}, "ORGS: cannot be parsed; write it as JSON, or set LICENSE_SYNC_ORGS__NAME"),
    ({"ORGS": '{"acme": "hush"}'}, "ORGS__ACME: should be an org's settings; set __LOGIN_URL"),
    ({"ORGS": '{"Acme!": %s}'}, "the org name 'Acme!' cannot be used: take up to 40 of a-z"),
    ({"ORGS__ACME__LOGIN_URL": ""}, "ORGS__ACME__LOGIN_URL: is missing; set it"),
    ({"ORGS__ACME__CLIENT_ID": ""}, "ORGS__ACME__CLIENT_ID: is missing; set it"),
    ({"ORGS__ACME__CLIENT_SECRET": ""}, "ORGS__ACME: set either client_secret"),
    ({"ORGS__ACME__USERNAME": "u"}, "ORGS__ACME: set either client_secret"),
    (
        {"ORGS__ACME__CLIENT_SECRET": "", "ORGS__ACME__USERNAME": "u"},
        "ORGS__ACME: set both username and private_key_file",
    ),
    ({"ORGS__ACME__LOGIN_URL": "http://x.example"}, "LOGIN_URL: write it as https://host"),
    ({"ORGS__ACME__LOGIN_URL": "https://u:hush@x.example"}, "LOGIN_URL: write it as https://host"),
    ({"ORGS__ACME__LOGIN_URL": "https://x.example/hush"}, "LOGIN_URL: write it as https://host"),
    ({"ORGS__ACME__LOGIN_URL": "https://x?hush"}, "LOGIN_URL: write it as https://host"),
    ({"ORGS__ACME__LOGIN_URL": "https://[hush"}, "LOGIN_URL: write it as https://host"),
    ({"ORGS__ACME__FEATURES": "hush!"}, "ORGS__ACME__FEATURES: write it as scv or scv,cti_only"),
    ({"ORGS__ACME__CLIENT_SECRET_FILE": "/dev/null"}, "CLIENT_SECRET_FILE: there is no such file"),
    ({"ORGS__ACME__CLIENT_SECRET_FILE": __file__}, "set client_secret or client_secret_file, not"),
    ({"ORGS__ACME__API_VERSION": "62"}, "API_VERSION: should be a version of the API; write it"),
    ({"ORGS__ACME__CLIENT_SECRT": "hush"}, "CLIENT_SECRT: is no setting; correct its name"),
    ({"ORGS__ACME__CA_FILE": "hush"}, "CA_FILE: there is no such file; give the path of one"),
    ({"ORGS__ACME__CA_FILE": "hush" * 500}, "CA_FILE: there is no such file; give the path of"),
    ({"CONFIG_FILE": "/no/such"}, "CONFIG_FILE: there is no /no/such; correct it or unset it"),
    ({"CONFIG_FILE": "/"}, "CONFIG_FILE: there is no /; correct it or unset it"),
    ({"SECRETS_DIR": "/no/such"}, "SECRETS_DIR: there is no /no/such; correct it or unset it"),
    ({"ENV_FILE": "/no/such"}, "ENV_FILE: there is no /no/such; correct it or unset it"),
]


@pytest.mark.parametrize(("wrong", "said"), WRONG)
def test_each_problem_is_one_sentence_that_names_setting_and_mend(
    environment: Setter, wrong: dict[str, str], said: str
) -> None:
    whole = f'{{"login_url": "{URL}", "client_id": "i", "client_secret": "hush"}}'
    filled = {name: value.replace("%s", whole) for name, value in wrong.items()}
    environment(**(FOUR if "__ACME__" in str(wrong) else {}) | filled)
    [problem] = problems()
    assert said in problem
    assert "hush" not in problem
    assert re.fullmatch(rf"({PREFIX}[A-Z_]+|settings): [^\n]+\.", problem)


def test_all_problems_come_at_once(environment: Setter) -> None:
    environment(**FOUR | {"ORGS__ACME__LOGIN_URL": "x"}, POLL_SECONDS="x", LOG_LEVEL="x")
    assert [problem.split(":")[0].removeprefix(PREFIX) for problem in problems()] == [
        "ORGS__ACME__LOGIN_URL",
        "POLL_SECONDS",
        "LOG_LEVEL",
    ]


def test_a_file_that_is_no_toml(environment: Setter, tmp_path: Path) -> None:
    (tmp_path / "x.toml").write_text("client_secret = hush")
    environment(CONFIG_FILE="x.toml")
    [problem] = problems()
    assert problem.startswith(f"{PREFIX}CONFIG_FILE: is no TOML: Invalid value (at line 1")
    assert "hush" not in problem


def test_a_file_that_is_no_text(environment: Setter, tmp_path: Path) -> None:
    odd = b"client_secret = '\xff\xfe'"
    for name in (".env", "x.toml", "license_sync_orgs__acme__client_secret"):
        (tmp_path / name).write_bytes(odd)
    assert problems() == ["settings: .env is not UTF-8 text; save it as such."]
    environment(ENV_FILE=os.devnull, CONFIG_FILE="x.toml")
    assert problems() == [f"{PREFIX}CONFIG_FILE: is not UTF-8 text; save it as such."]
    environment(CONFIG_FILE="", SECRETS_DIR=str(tmp_path))
    path = tmp_path / "license_sync_orgs__acme__client_secret"
    assert problems() == [f"settings: {path} is not UTF-8 text; save it as such."]


@pytest.mark.parametrize("name", ["ORGS__ACME__CLIENT_SECRET", "STATE_DIR", "ENV_FILE"])
def test_a_value_that_is_no_text(environment: Setter, name: str) -> None:
    """It would go wrong where it is used, and look like another mistake there."""
    environment(**FOUR)
    environment(**{name: os.fsdecode(b"/hush\xff")})
    assert problems() == [f"{PREFIX}{name}: is not UTF-8 text; set it anew."]


def test_a_name_that_is_no_text(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(PREFIX + os.fsdecode(b"\xff"), "x")
    assert problems() == [f"{PREFIX}\\udcff: is not UTF-8 text; set it anew."]


@pytest.mark.parametrize("name", ["CONFIG_FILE", "ENV_FILE", "SECRETS_DIR"])
def test_a_path_that_is_too_long(environment: Setter, name: str) -> None:
    path = "x" * 300
    environment(**{name: path})
    assert problems() == [f"settings: {path} cannot be read; grant that."]


def test_a_secret_that_may_not_be_read(
    environment: Setter, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "license_sync_broker_url").write_text("redis://x")

    def refuse(path: Path, encoding: str) -> None:
        raise PermissionError(13, "Permission denied", str(path))

    monkeypatch.setattr(Path, "read_text", refuse)
    environment(SECRETS_DIR=str(tmp_path))
    [problem] = problems()
    assert problem == f"settings: {tmp_path}/license_sync_broker_url cannot be read; grant that."


_letters = st.characters(codec="utf-8", exclude_categories=["C", "Z"])
words = st.text(_letters, min_size=8).map(lambda text: f"{text}¤")
"""Secrets; the sign at the end stands in no default and no sentence of ours."""


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(words, st.sampled_from([*OrgSettings.model_fields, "typo"]), st.sampled_from(["", "{", "["]))
def test_no_secret_is_ever_shown(
    monkeypatch: pytest.MonkeyPatch, secret: str, wrong: str, before: str
) -> None:
    """Neither in what the settings look like nor in what is said, whichever is set to a secret."""
    with monkeypatch.context() as patch:
        for name, value in FOUR.items():
            patch.setenv(PREFIX + name, value)
        patch.setenv(f"{PREFIX}ORGS__ACME__CLIENT_SECRET", secret)
        escaped = quote(secret, safe="")
        patch.setenv(f"{PREFIX}BROKER_URL", f"redis://:{escaped}@host")
        patch.setenv(f"{PREFIX}DATABASE_URL", f"postgresql://u:{escaped}@host/d")
        found = load_settings()
        shown = repr(found) + str(found) + repr(found.orgs)
        assert secret not in shown
        assert escaped not in shown
        patch.setenv(f"{PREFIX}BROKER_URL", f"redis://:{before}{secret}@host")
        patch.setenv(f"{PREFIX}DATABASE_URL", f"postgresql://u:{before}{secret}@host/d")
        patch.setenv(f"{PREFIX}POLL_SECONDS", before + secret)
        patch.setenv(f"{PREFIX}ORGS__ACME__{wrong.upper()}", before + secret)
        with pytest.raises(BadSettings) as caught:
            load_settings()
        assert secret not in f"{caught.value!r} {caught.value} {caught.value.__cause__}"


def test_a_misspelled_setting_is_said_wherever_it_stands(
    environment: Setter, tmp_path: Path
) -> None:
    (tmp_path / "some.env").write_text("LICENSE_SYNC_LOG_LEVLE=debug\nOTHER=1\n")
    (tmp_path / "some.toml").write_text("settle_limits = 5\n")
    for name in ("license_sync_database_pasword", "somebody_elses", ".license_sync_hidden"):
        (tmp_path / name).write_text("hush")
    environment(
        ENV_FILE=str(tmp_path / "some.env"),
        CONFIG_FILE=str(tmp_path / "some.toml"),
        SECRETS_DIR=str(tmp_path),
        POL_SECONDS="3",
        ORG__ACME__LOGIN_URL="https://acme.my.salesforce.com",
        ADMIN="somebody",
    )
    assert sorted(problems()) == [
        f"{tmp_path / 'license_sync_database_pasword'}: is no setting; correct or remove it.",
        f"{tmp_path / 'some.env'}: LICENSE_SYNC_LOG_LEVLE: is no setting; correct or remove it.",
        f"{tmp_path / 'some.toml'}: settle_limits: is no setting; correct or remove it.",
        "LICENSE_SYNC_ORG__ACME__LOGIN_URL: is no setting; correct or remove it.",
        "LICENSE_SYNC_POL_SECONDS: is no setting; correct or remove it.",
    ]


def test_what_is_read_from_the_environment_alone_is_refused_elsewhere(
    environment: Setter, tmp_path: Path
) -> None:
    """In a file, nothing would read it."""
    (tmp_path / ".env").write_text("LICENSE_SYNC_ADMIN=ada\nLICENSE_SYNC_SECRETS_DIR=/run\n")
    (tmp_path / "some.toml").write_text('env_file = "x"\n')
    environment(CONFIG_FILE="some.toml")
    assert problems() == [
        ".env: LICENSE_SYNC_ADMIN: is read from the environment alone; set it there.",
        ".env: LICENSE_SYNC_SECRETS_DIR: is read from the environment alone; set it there.",
        "some.toml: env_file: is read from the environment alone; set it there.",
    ]


def test_a_line_that_cannot_be_read_is_an_error_and_is_not_shown(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """A setting would be dropped without a word: another database, another state folder."""
    (tmp_path / ".env").write_text("OTHER=1\n\nLICENSE_SYNC_STATE_DIR='/home/o'hush'\n")
    mend = "write NAME=value, and a value with spaces, quotes, $ or # in single quotes."
    assert problems() == [f"settings: line 3 of .env cannot be read; {mend}"]
    assert caplog.records == []


def test_an_undecodable_secret_file_of_others_is_not_read(
    environment: Setter, tmp_path: Path
) -> None:
    (tmp_path / "somebody_elses").write_bytes(b"\xff")
    environment(SECRETS_DIR=str(tmp_path))
    assert load_settings().orgs == {}
