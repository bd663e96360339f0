"""Settings that stand in files by their names: the `.env` file, and a folder of secret files.

They are read here, since pydantic-settings passes over lines and files that it cannot use, and
python-dotenv puts variables into values, into quoted ones too: a secret with `${` in it would be
another one. Here a value is what stands there, and what cannot be read is said.
"""

from collections.abc import Mapping
from pathlib import Path

from dotenv.parser import Binding, parse_stream
from pydantic_settings import BaseSettings, EnvSettingsSource, PydanticBaseSettingsSource

from config.errors import BadSettings

PREFIX = "LICENSE_SYNC_"

PERSON = f"{PREFIX}ADMIN"
"""Who gives a command. The settings of the review page begin alike, and go on with `__`."""


def is_ours(name: str) -> bool:
    """Whether a variable, a line or a file of this name is meant for license-sync."""
    return name.upper().startswith(PREFIX)


def env_file(path: Path) -> dict[str, str]:
    """Our lines of the `.env` file, none if there is no file. BadSettings, OSError."""
    if not path.exists() or path.is_dir():
        return {}
    try:
        with path.open(encoding="utf-8") as text:
            bindings = list(parse_stream(text))
    except UnicodeDecodeError:
        raise BadSettings([_no_text(path)]) from None
    odd = [binding for binding in bindings if binding.error or _has_no_value(binding)]
    if odd:
        raise BadSettings([_unread(path, binding) for binding in odd])
    return {one.key: one.value or "" for one in bindings if one.key and is_ours(one.key)}


def secret_files(folder: Path) -> dict[str, str]:
    """Our files in a folder: each is named like a setting. BadSettings, OSError."""
    return {path.name: _read(path) for path in sorted(folder.iterdir()) if is_ours(path.name)}


def by_name(settings: type[BaseSettings], given: Mapping[str, str]) -> EnvSettingsSource:
    """These values, read as if they stood in the environment. An empty one is not set."""
    source = EnvSettingsSource(settings)
    source.env_vars = {name.lower(): value for name, value in given.items() if value}
    return source


def without_person(source: PydanticBaseSettingsSource) -> PydanticBaseSettingsSource:
    """The environment without the name of a person, who is no setting of the page."""
    if isinstance(source, EnvSettingsSource):
        given = source.env_vars.items()
        source.env_vars = {name: value for name, value in given if name.upper() != PERSON}
    return source


def _read(path: Path) -> str:
    try:
        return path.read_text("utf-8").strip()
    except UnicodeDecodeError:
        raise BadSettings([_no_text(path)]) from None


def _no_text(path: Path) -> str:
    return f"settings: {path} is not UTF-8 text; save it as such."


def _has_no_value(binding: Binding) -> bool:
    return binding.value is None and binding.key is not None and is_ours(binding.key)


def _unread(path: Path, binding: Binding) -> str:
    """The parser counts from the empty lines before."""
    text = binding.original.string
    line = binding.original.line + text[: len(text) - len(text.lstrip())].count("\n")
    return (
        f"settings: line {line} of {path} cannot be read; write NAME=value, and a value with "
        "spaces, quotes, $ or # in single quotes."
    )
