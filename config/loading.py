"""Reading the settings, once at the edge; what is wrong with them, in one sentence each."""

import os
import re
import tomllib
from collections.abc import Mapping
from pathlib import Path

from dotenv import dotenv_values
from pydantic import ValidationError
from pydantic_settings import SettingsError

from config.settings import PREFIX, Settings
from sync.errors import SyncError


class BadSettings(SyncError):
    """The settings cannot be used; one sentence for each problem is in `problems`."""

    def __init__(self, problems: list[str]) -> None:
        super().__init__("\n".join(problems))
        self.problems = problems


def load_settings(**overrides: object) -> Settings:
    """Read the settings; BadSettings says everything that is wrong with them at once."""
    _require_named_places()
    env_file = os.environ.get(f"{PREFIX}ENV_FILE") or ".env"
    try:
        _refuse_unknown(env_file)
        return Settings(_env_file=env_file, **overrides)  # type: ignore[arg-type,call-arg]
    except ValidationError as error:
        raise BadSettings([_sentence(problem) for problem in error.errors()]) from None
    except tomllib.TOMLDecodeError as error:
        raise BadSettings([f"{PREFIX}CONFIG_FILE: is no TOML: {error}; correct it."]) from None
    except SettingsError as error:
        raise BadSettings([_unparsed(error)]) from None
    except OSError as error:
        raise BadSettings([f"settings: {error.filename} cannot be read; grant that."]) from None
    except UnicodeDecodeError:
        raise BadSettings(["settings: a file is not UTF-8 text; save it as such."]) from None


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


_PLACES = ("config_file", "env_file", "secrets_dir", "admin")
"""Settings that are read from the environment alone, each where it is used."""


def _refuse_unknown(env_file: str) -> None:
    """BadSettings for names of ours that nothing reads: a misspelled setting would go unnoticed."""
    ours = [n for n in (*os.environ, *dotenv_values(env_file)) if n.upper().startswith(PREFIX)]
    said = {name.upper(): name[len(PREFIX) :].lower().partition("__")[0] for name in ours}
    toml = os.environ.get(f"{PREFIX}CONFIG_FILE")
    if toml:
        said |= {f"{toml}: {key}": key for key in tomllib.loads(Path(toml).read_text("utf-8"))}
    known = {*Settings.model_fields, *_PLACES}
    unknown = [name for name, first in said.items() if first not in known]
    if unknown:
        raise BadSettings([f"{name}: is no setting; correct or remove it." for name in unknown])


_MENDS = {
    "missing": "is missing; set it",
    "extra_forbidden": "is no setting of an org; correct its name or remove it",
    "frozen_set_type": 'should be a list; write it as JSON or TOML does: ["scv"]',
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
    return f'{where}: cannot be parsed; write it as JSON, and a list below it like ["scv"].'
