"""Reading the settings, once at the edge; what is wrong with them, in one sentence each."""

import os
import re
import tomllib
from collections.abc import Mapping
from pathlib import Path

from pydantic import ValidationError
from pydantic_settings import SettingsError

from config.errors import BadSettings
from config.settings import PREFIX, Settings
from config.sources import PERSON, env_file, is_ours, secret_files


def load_settings(**overrides: object) -> Settings:
    """Read the settings; BadSettings says everything that is wrong with them at once."""
    lines = Path(os.environ.get(f"{PREFIX}ENV_FILE") or ".env")
    try:
        _require_text()
        _require_named_places()
        _refuse_unknown(lines)
        return Settings(_env_file=lines, **overrides)  # type: ignore[arg-type,call-arg]
    except ValidationError as error:
        raise BadSettings([_sentence(problem) for problem in error.errors()]) from None
    except SettingsError as error:
        raise BadSettings([_unparsed(error)]) from None
    except OSError as error:
        raise BadSettings([f"settings: {error.filename} cannot be read; grant that."]) from None


def _require_text() -> None:
    odd = [n for n, value in os.environ.items() if is_ours(n) and not _is_text(n + value)]
    if odd:
        raise BadSettings([f"{ascii(n)[1:-1]}: is not UTF-8 text; set it anew." for n in odd])


def _is_text(value: str) -> bool:
    """Bytes that are not UTF-8 come out of the environment as surrogates (PEP 383)."""
    return not any("\ud800" <= letter <= "\udfff" for letter in value)


def _can_be_read(path: Path) -> bool:
    return path.exists() and not path.is_dir()


def _require_named_places() -> None:
    for name, is_there in (
        ("CONFIG_FILE", _can_be_read),
        ("ENV_FILE", _can_be_read),
        ("SECRETS_DIR", Path.is_dir),
    ):
        path = os.environ.get(f"{PREFIX}{name}")
        if path and not is_there(Path(path)):
            raise BadSettings([f"{PREFIX}{name}: there is no {path}; correct it or unset it."])


_PLACES = ("config_file", "env_file", "secrets_dir")
"""Settings that are read from the environment alone, each where it is used."""


def _refuse_unknown(lines: Path) -> None:
    """BadSettings for names of ours that nothing reads: a misspelled setting would go unnoticed."""
    elsewhere = _names_in_files(lines)
    given = {name.upper(): name for name in os.environ if is_ours(name)} | elsewhere
    first = {said: name[len(PREFIX) :].lower().partition("__")[0] for said, name in given.items()}
    known = {*Settings.model_fields, *_PLACES}
    problems = [
        f"{said}: is no setting; correct or remove it."
        for said, name in first.items()
        if name not in known
    ] + [
        f"{said}: is read from the environment alone; set it there."
        for said in elsewhere
        if first[said] in _PLACES or elsewhere[said].upper() == PERSON
    ]
    if problems:
        raise BadSettings(problems)


def _names_in_files(lines: Path) -> dict[str, str]:
    """The names of ours that files set, by how they are said."""
    found = {f"{lines}: {name.upper()}": name for name in env_file(lines)}
    secrets, toml = (os.environ.get(f"{PREFIX}{name}") for name in ("SECRETS_DIR", "CONFIG_FILE"))
    if secrets:
        found |= {str(Path(secrets, name)): name for name in secret_files(Path(secrets))}
    if toml:
        found |= {
            f"{toml}: {key}": f"{PREFIX}{key}{'__' if isinstance(value, dict) else ''}"
            for key, value in _toml(toml).items()
        }
    return found


def _toml(path: str) -> Mapping[str, object]:
    try:
        return tomllib.loads(Path(path).read_text("utf-8"))
    except UnicodeDecodeError:
        raise BadSettings([f"{PREFIX}CONFIG_FILE: is not UTF-8 text; save it as such."]) from None
    except tomllib.TOMLDecodeError as error:
        raise BadSettings([f"{PREFIX}CONFIG_FILE: is no TOML: {error}; correct it."]) from None


_MENDS = {
    "missing": "is missing; set it",
    "extra_forbidden": "is no setting; correct its name or remove it",
    "model_type": "should be an org's settings; set __LOGIN_URL, __CLIENT_ID and so on below it",
    "string_pattern_mismatch": "should be a version of the API; write it like 62.0",
}


def _sentence(problem: Mapping[str, object]) -> str:
    location = problem["loc"]
    path = [str(part) for part in location] if isinstance(location, tuple) else []
    said = re.sub(r"^(Value error, |Input (?=should)|String (?=should))", "", str(problem["msg"]))
    message = _MENDS.get(str(problem["type"]), said)
    where = f"{PREFIX}{'__'.join(path).upper()}" if path else "settings"
    return f"{where}: {message}."


def _unparsed(error: SettingsError) -> str:
    """The error names the outermost field; what could not be parsed may be a secret."""
    found = re.search(r'field "(\w+)"', str(error))
    where = f"{PREFIX}{found[1].upper()}" if found else "settings"
    return f"{where}: cannot be parsed; write it as JSON, or set {PREFIX}ORGS__NAME__LOGIN_URL."
