"""Layouts from TOML files. All problems of a file are told at once, each with its mend."""

import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from difflib import get_close_matches
from pathlib import Path
from typing import Any

from sync.errors import SyncError
from sync.model import License
from sync.salesforce.fields import SYSTEM_FIELDS, Layout
from sync.salesforce.soql import is_name

SHIPPED = Path(__file__).with_name("layouts")

_TOP = {"object": True, "key_prefix": False}
_SCOPE = "scope"
_FIELDS = {
    "username": True,
    "name": True,
    "active": False,
    "recording_group": False,
    "status": True,
    "message": True,
    "decided": True,
}
_LICENSES = {name.value: True for name in License}
_TABLES = {"fields": _FIELDS, "requested": _LICENSES, "effective": _LICENSES}
_WRITTEN = (
    "fields.status",
    "fields.message",
    "fields.decided",
    "requested.",
    "effective.",
)


@dataclass(frozen=True, slots=True)
class LayoutProblem:
    """One thing wrong with a layout file; `key` is dotted, "" for the file as a whole."""

    file: str
    key: str
    what: str
    mend: str

    def __str__(self) -> str:
        return f"{self.file}: {self.key + ' ' if self.key else ''}{self.what}; {self.mend}"


class LayoutError(SyncError):
    """A layout that cannot be used; `problems` are all that is wrong with it."""

    def __init__(self, problems: tuple[LayoutProblem, ...]) -> None:
        super().__init__("\n".join(map(str, problems)))
        self.problems = problems


def load_layout(name_or_path: str | Path) -> Layout:
    """The layout that is shipped under this name, or that stands in the file at this path.

    Raises LayoutError.
    """
    path = _find(name_or_path)
    try:
        data = tomllib.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise LayoutError((_unreadable(path, error),)) from None
    problems = tuple(LayoutProblem(str(path), *problem) for problem in _problems(data))
    if problems:
        raise LayoutError(problems)
    return _layout(path.stem, data)


def _find(name_or_path: str | Path) -> Path:
    text = str(name_or_path)
    return SHIPPED / f"{text}.toml" if is_name(text) else Path(text)


def _unreadable(path: Path, error: Exception) -> LayoutProblem:
    if isinstance(error, OSError):
        shipped = ", ".join(sorted(file.stem for file in SHIPPED.glob("*.toml")))
        mend = f"give the path of a file that can be read, or one of: {shipped}"
        return LayoutProblem(str(path), "", "cannot be read", mend)
    return LayoutProblem(str(path), "", f"is not TOML ({error})", "correct it there")


Problem = tuple[str, str, str]
"""Key, what, mend."""


def _problems(data: Mapping[str, Any]) -> Iterator[Problem]:
    yield from _key_problems("", data, {**_TOP, **dict.fromkeys((_SCOPE, *_TABLES), True)})
    for key in _TOP:
        if key in data and not isinstance(data[key], str):
            yield key, f"is {data[key]!r}", "put a text in quotes there"
    for table, keys in _TABLES.items():
        if isinstance(data.get(table), dict):
            yield from _key_problems(f"{table}.", data[table], keys)
        elif table in data:
            yield table, "is no table", f"write [{table}] and its keys below it"
    yield from _scope_problems(data.get(_SCOPE, {}))
    yield from _value_problems(data)
    yield from _duplicates(data)


def _key_problems(
    prefix: str, found: Mapping[str, Any], keys: Mapping[str, bool]
) -> Iterator[Problem]:
    by_lower = {key.lower(): key for key in keys}
    for key in found:
        if key not in keys:
            near = get_close_matches(key.lower(), by_lower, 1)
            mend = (
                f"did you mean {by_lower[near[0]]}"
                if near
                else f"leave it out; known: {', '.join(keys)}"
            )
            yield prefix + key, "is unknown", mend
    for key, needed in keys.items():
        if needed and key not in found:
            yield prefix + key, "is missing", "add it"


def _names(data: Mapping[str, Any]) -> Iterator[tuple[str, Any]]:
    """The dotted key and the value of every known key that names a field."""
    for table, keys in _TABLES.items():
        found = data.get(table)
        if isinstance(found, dict):
            yield from ((f"{table}.{key}", found[key]) for key in keys if key in found)


def _value_problems(data: Mapping[str, Any]) -> Iterator[Problem]:
    for key, value in [("object", data.get("object", "X")), *_names(data)]:
        if not isinstance(value, str):
            if key != "object":
                yield key, f"is {value!r}", "put the field's API name in quotes there"
        elif not is_name(value):
            yield (
                key,
                f"is {value!r}, which is no API name",
                "use letters, digits and underscores",
            )
        elif key.startswith(_WRITTEN) and not value.lower().endswith("__c"):
            yield key, f"is {value!r}, a standard field", "name a custom field (…__c)"
    prefix = data.get("key_prefix")
    if isinstance(prefix, str) and not (len(prefix) == 3 and prefix.isascii() and prefix.isalnum()):
        yield (
            "key_prefix",
            f"is {prefix!r}",
            "give the three characters that ids begin with",
        )


def _scope_problems(scope: object) -> Iterator[Problem]:
    if not isinstance(scope, dict):
        yield (
            _SCOPE,
            "is no table",
            "write [scope] and its fields below it, or none for all records",
        )
        return
    for field, values in scope.items():
        if not is_name(field):
            yield f"{_SCOPE}.{field}", "is no API name", "use letters, digits and underscores"
        if not isinstance(values, list) or not values or not all(map(_is_value, values)):
            yield f"{_SCOPE}.{field}", f"is {values!r}", 'write a list of values: ["Standard"]'


def _is_value(value: object) -> bool:
    return isinstance(value, str | bool)


def _duplicates(data: Mapping[str, Any]) -> Iterator[Problem]:
    first = {field.lower(): "a field that license-sync reads anyway" for field in SYSTEM_FIELDS}
    for key, value in _names(data):
        if isinstance(value, str):
            other = first.setdefault(value.lower(), key)
            if other != key:
                yield (
                    key,
                    f"is {value!r}, the same as {other}",
                    "name a field of its own",
                )


def _layout(name: str, data: Mapping[str, Any]) -> Layout:
    fields = data["fields"]
    return Layout(
        name=name,
        object=data["object"],
        scope={field: tuple(values) for field, values in data[_SCOPE].items()},
        key_prefix=data.get("key_prefix"),
        username=fields["username"],
        display_name=fields["name"],
        active=fields.get("active"),
        recording_group=fields.get("recording_group"),
        status=fields["status"],
        message=fields["message"],
        decided=fields["decided"],
        requested={one: data["requested"][one.value] for one in License},
        effective={one: data["effective"][one.value] for one in License},
    )
