"""Reads a policy from the tables of a TOML file. The shipped policies show what may be written."""

import re
from collections.abc import Callable, Iterator, Mapping
from typing import TypeVar

from sync.model import CATALOGUE, NONE, License, Licenses
from sync.policy import (
    HOLD,
    INTERFACE_WITHOUT_PBX,
    KEEP,
    NEED_CODES,
    RECORD_NEEDS_GROUP,
    Exclusion,
    Hint,
    Implication,
    Need,
    Policy,
    Requirement,
    check_options,
    finish,
    needs_code,
)
from sync.policy_checks import check_contradictions
from sync.tables import TableReader, dotted

_PAIR = 2
_POLICY_NAME = re.compile(r"[a-z0-9][a-z0-9.-]*")
_FEATURE_NAME = re.compile(r"[a-z][a-z0-9_]*")

_T = TypeVar("_T")

_KEYS = (
    "name",
    "about",
    "on_conflict",
    "inactive",
    "features",
    "needs",
    "requires",
    "implies",
    "exclusive",
    "warnings",
)
_NEED_KEYS = ("feature", "refusal", "message")
_REQUIRES_KEYS = ("license", "unless", "refusal", "message")
_EXCLUSIVE_KEYS = ("licenses", "keep_for_swap")
_WARNING_KEYS = {
    INTERFACE_WITHOUT_PBX: ("any_of", "without", "message"),
    RECORD_NEEDS_GROUP: ("any_of", "message"),
}


def parse(data: Mapping[str, object], source: str) -> Policy:
    """The policy that `data` describes; PolicyError with every problem. `source` is its file."""
    reader = TableReader(source)
    reader.known_keys("", data, _KEYS)
    reader.optional("about", data, str)
    policy = Policy(
        name=_name(reader, data),
        on_conflict=reader.optional("on_conflict", data, str) or HOLD,
        inactive=reader.optional("inactive", data, str) or KEEP,
        features=tuple(sorted(_features(reader, data))),
        needs=_by_license(reader, data, "needs", _need),
        requires=_by_license(reader, data, "requires", _requirement),
        implies=_by_license(reader, data, "implies", _implication),
        exclusive=_exclusive(reader, data),
        hints=tuple(_warnings(reader, data)),
    )
    # A preference cannot be judged by a pair that is wrong itself.
    if policy.exclusive is None or len(policy.exclusive.pair) == _PAIR:
        check_options(reader, policy)
    check_contradictions(reader, policy)
    finish(reader)
    return policy


def _name(reader: TableReader, data: Mapping[str, object]) -> str:
    name = reader.needed("name", data, str)
    if name is not None and not _POLICY_NAME.fullmatch(name):
        reader.wrong("name", "use only lower-case letters, digits, dots and dashes")
    return name or ""


def _features(reader: TableReader, data: Mapping[str, object]) -> Iterator[tuple[str, bool]]:
    section = reader.table("features", data)
    for name in section:
        key = dotted("features", name)
        if not _FEATURE_NAME.fullmatch(name):
            reader.wrong(key, "use only lower-case letters, digits and underscores")
        yield name, reader.optional(key, section, bool) or False


def _by_license(
    reader: TableReader,
    data: Mapping[str, object],
    section: str,
    read: Callable[[TableReader, str, License, Mapping[str, object]], _T | None],
) -> tuple[_T, ...]:
    """What `read` makes of each entry of a section whose keys are licenses."""
    table = reader.table(section, data)
    found: dict[License, _T] = {}
    for word in table:
        key = dotted(section, word)
        name = _license(reader, key, word)
        # An entry of no license is read all the same, for what else is wrong with it.
        entry = read(reader, key, name or License.CTI, table)
        if name and entry is not None:
            found[name] = entry
    return tuple(found[name] for name in CATALOGUE if name in found)


def _need(
    reader: TableReader, key: str, license: License, section: Mapping[str, object]
) -> Need | None:
    table = reader.table(key, section)
    reader.known_keys(key, table, _NEED_KEYS)
    feature = reader.needed(dotted(key, "feature"), table, str)
    code = reader.needed(dotted(key, "refusal"), table, str)
    message = reader.line(dotted(key, "message"), table)
    if code is not None:
        reader.choice(dotted(key, "refusal"), code, NEED_CODES, "refusal")
    return None if feature is None else Need(license, feature, code or "", message)


def _requirement(
    reader: TableReader, key: str, license: License, section: Mapping[str, object]
) -> Requirement | None:
    table = reader.table(key, section)
    reader.known_keys(key, table, _REQUIRES_KEYS)
    name = reader.needed(dotted(key, "license"), table, str)
    unless = reader.optional(dotted(key, "unless"), table, str)
    code = reader.needed(dotted(key, "refusal"), table, str)
    message = reader.line(dotted(key, "message"), table)
    other = None if name is None else _license(reader, dotted(key, "license"), name)
    if other is None:
        return None
    if code is not None:
        reader.choice(dotted(key, "refusal"), code, [needs_code(other)], "refusal")
    return Requirement(license, other, unless, needs_code(other), message)


def _implication(
    reader: TableReader, key: str, license: License, section: Mapping[str, object]
) -> Implication:
    return Implication(license, _licenses(reader, key, section))


def _exclusive(reader: TableReader, data: Mapping[str, object]) -> Exclusion | None:
    if "exclusive" not in data:
        return None
    table = reader.table("exclusive", data)
    reader.known_keys("exclusive", table, _EXCLUSIVE_KEYS)
    before = len(reader.problems)
    pair = _licenses(reader, "exclusive.licenses", table)
    if len(pair) != _PAIR and len(reader.problems) == before:
        reader.wrong("exclusive.licenses", "name exactly two licenses")
    keep = NONE
    if "keep_for_swap" in table:
        keep = _licenses(reader, "exclusive.keep_for_swap", table)
    for name in keep - pair:
        reader.wrong(
            "exclusive.keep_for_swap", f"{name} is not one of exclusive.licenses; remove it"
        )
    return Exclusion(pair, keep)


def _warnings(reader: TableReader, data: Mapping[str, object]) -> Iterator[Hint]:
    section = reader.table("warnings", data)
    reader.known_keys("warnings", section, _WARNING_KEYS)
    for code, keys in _WARNING_KEYS.items():
        if code not in section:
            continue
        key = dotted("warnings", code)
        table = reader.table(key, section)
        reader.known_keys(key, table, keys)
        any_of = _licenses(reader, dotted(key, "any_of"), table)
        without = None
        if "without" in keys:
            name = reader.needed(dotted(key, "without"), table, str)
            without = None if name is None else _license(reader, dotted(key, "without"), name)
        yield Hint(code, any_of, without, reader.line(dotted(key, "message"), table))


def _license(reader: TableReader, key: str, name: str) -> License | None:
    return License(name) if reader.choice(key, name, list(License), "license") else None


def _licenses(reader: TableReader, key: str, table: Mapping[str, object]) -> Licenses:
    """The licenses listed at `key`, which has to be there; without what is wrong in the list."""
    found = NONE
    for value in reader.needed(key, table, list) or []:
        word = reader.of_kind(key, value, str)
        name = None if word is None else _license(reader, key, word)
        if name and name in found:
            reader.wrong(key, f"names {name} twice; remove one of the two")
        found |= Licenses.of(name) if name else NONE
    return found
