"""`license-sync policy show / check / prove`."""

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from cli.output import console
from cli.policy import app
from config.policies import load_policy
from sync.policy import PolicyError
from sync.proof_report import Setting

PLAIN = Setting(("scv",), "hold", "keep", True, None)


def run(*words: str) -> Result:
    return CliRunner().invoke(app, list(words))


@pytest.fixture
def wide(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(console, "_width", 200)


@pytest.fixture
def one_setting(monkeypatch: pytest.MonkeyPatch) -> None:
    """Prove for one setting only: the whole of it takes a minute."""
    monkeypatch.setattr("sync.proof.settings", lambda _: [PLAIN])


@pytest.fixture
def holed(tmp_path: Path) -> str:
    """The default policy without the exclusion."""
    text = Path("config/policies/natterbox-2022.toml").read_text(encoding="utf-8")
    start, end = text.index("[exclusive]"), text.index("[warnings")
    path = tmp_path / "holed.toml"
    path.write_text(text[:start] + text[end:], encoding="utf-8")
    return str(path)


@pytest.mark.usefixtures("wide")
def test_show_has_each_rule_and_what_is_said() -> None:
    result = run("show")
    assert result.exit_code == 0
    assert load_policy().version in result.stdout
    for words in (
        "pci       no",
        "only with the feature scv",
        "Service Cloud Voice is not enabled for this org.",
        "only with Freedom, unless the feature cti_only is on",
        "brings CTI",
        "Freedom and Service Cloud Voice",
        "exclude each other",
        "kept when the other is requested and not to be had",
        "granted without Cloud PBX, with a notice",
        "granted outside a recording group, with a notice",
    ):
        assert words in result.stdout


@pytest.mark.usefixtures("wide")
def test_show_of_a_policy_that_says_nothing(tmp_path: Path) -> None:
    path = tmp_path / "empty.toml"
    path.write_text('name = "empty"\n[implies]\nPBX = []\n')
    result = run("show", str(path))
    assert "No features." in result.stdout
    assert "Everything is as requested." in result.stdout


def test_show_as_json_has_the_version_and_the_meaning() -> None:
    shown = json.loads(run("show", "natterbox-2023", "--json").stdout)
    policy = load_policy("natterbox-2023")
    assert shown == {"version": policy.version, **policy.meaning()}


def test_show_of_an_unknown_policy_is_refused() -> None:
    result = run("show", "natterbox")
    assert isinstance(result.exception, PolicyError)


def test_check_of_a_good_policy(holed: str) -> None:
    result = run("check", holed)
    assert (result.exit_code, result.stdout.split(" ", 1)[1]) == (0, "is valid.\n")
    shown = json.loads(run("check", holed, "--json").stdout)
    assert shown == {"valid": True, "version": load_policy(holed).version, "problems": []}


@pytest.mark.usefixtures("wide")
def test_check_tells_every_problem(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    Path("bad.toml").write_text('name = "b"\n[implies]\nFredom = []\nPBX = ["PBX"]\n')
    problems = [
        'bad.toml: implies.Fredom: unknown license "Fredom"; did you mean "Freedom"?',
        "bad.toml: implies.PBX: PBX implies itself (PBX -> PBX); remove one step.",
    ]
    result = run("check", "bad.toml")
    assert (result.exit_code, result.stdout.splitlines()) == (1, problems)
    result = run("check", "bad.toml", "--json")
    assert result.exit_code == 1
    assert json.loads(result.stdout) == {"valid": False, "problems": problems}


def test_check_without_a_file_is_a_wrong_use() -> None:
    assert run("check").exit_code == 2


@pytest.mark.usefixtures("wide", "one_setting")
def test_prove_says_that_a_good_policy_holds() -> None:
    result = run("prove", "natterbox-2022")
    assert result.exit_code == 0
    assert result.stdout.count(": holds.") == 6
    version = load_policy().version
    assert f"{version}: 65,536 combinations tried; every property holds." in result.stdout
    assert result.stderr == "1 of 1 settings tried\n"


@pytest.mark.usefixtures("wide", "one_setting")
def test_prove_names_the_property_that_fails_and_an_example(holed: str) -> None:
    result = run("prove", holed)
    assert result.exit_code == 1
    said = " ".join(result.stdout.split())
    assert "1. Sound: only what the org may have" in said
    assert ": FAILS for 16,384 combinations." in said
    assert (
        "For example, an active user who requests Freedom, SCV and holds nothing (features: scv; "
        "on_conflict: hold; inactive: keep) gets CTI, Freedom, SCV: Freedom, SCV exclude each "
        "other."
    ) in said
    assert "not every property holds." in said


@pytest.mark.usefixtures("one_setting")
def test_prove_as_json(holed: str) -> None:
    result = run("prove", holed, "--json")
    assert result.exit_code == 1
    proof = json.loads(result.stdout)
    assert (proof["combinations"], proof["holds"]) == (65536, False)
    assert [one["failures"] for one in proof["properties"]] == [16384, 0, 0, 0, 0, 0]
    example = proof["properties"][0]["counterexamples"][0]
    assert example["requested"] == ["Freedom", "SCV"]
    assert example["held"] == []
    assert example["effective"] == ["CTI", "Freedom", "SCV"]
    assert example["features"] == ["scv"]
    assert example["what"] == "Freedom, SCV exclude each other"


@pytest.mark.usefixtures("one_setting")
def test_prove_shows_a_bar_on_a_terminal(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(console, "_force_terminal", True)
    result = run("prove", "natterbox-2022")
    assert "settings tried" not in result.stderr
    assert "every property holds" in result.stdout
