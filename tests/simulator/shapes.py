"""The shape of a JSON answer: which keys, in which order, with which types; never a value.

A shape is a mapping from path to types, in the order in which the keys came:
`{"records": "array", "records[]": "object", "records[].Id": "string", …}`. Items of one array
are laid over each other, so a key that only some of them have is there, and `null|string` is
what was null in one and text in another.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from fnmatch import fnmatchcase
from typing import Any

Shape = Mapping[str, str]
ROOT = "(answer)"
TYPES = {dict: "object", list: "array", str: "string", bool: "boolean", type(None): "null"}


def shape_of(answer: Any) -> Shape:
    found: dict[str, set[str]] = {}
    for path, kind in _walk("", answer):
        found.setdefault(path or ROOT, set()).add(kind)
    return {path: "|".join(sorted(kinds)) for path, kinds in found.items()}


def _walk(path: str, value: Any) -> Iterator[tuple[str, str]]:
    yield path, TYPES.get(type(value), "number")
    if isinstance(value, dict):
        for key, inner in value.items():
            yield from _walk(f"{path}.{key}" if path else key, inner)
    if isinstance(value, list):
        for item in value:
            yield from _walk(f"{path}[]", item)


def written(shape: Shape) -> str:
    """A line for each path, as shapes.toml holds it."""
    return "".join(f"{path}: {kinds}\n" for path, kinds in shape.items())


def read(text: str) -> Shape:
    return dict(line.rsplit(": ", 1) for line in text.strip().splitlines())


def differences(
    recorded: Shape,
    found: Shape,
    left_out: Sequence[str] = (),
    added: Sequence[str] = (),
    *,
    ordered: bool = True,
) -> list[str]:
    """What tells the two apart, but for paths that match a pattern of `left_out` or `added`.

    Below an array that came empty on one side nothing can be compared. Null says nothing of a
    type. Patterns are as in fnmatch, where `[]` stands for itself; what lies below a path that
    matches is covered with it.
    """
    told = [
        f"missing: {path}: {kinds}"
        for path, kinds in recorded.items()
        if path not in found and not _unseen(path, found) and not _covered(path, left_out)
    ]
    told += [
        f"extra: {path}: {kinds}"
        for path, kinds in found.items()
        if path not in recorded and not _unseen(path, recorded) and not _covered(path, added)
    ]
    told += [
        f"type: {path}: recorded {recorded[path]}, found {found[path]}"
        for path in recorded
        if path in found and not _agree(recorded[path], found[path])
    ]
    return told + (_out_of_order(recorded, found) if ordered else [])


def _agree(recorded: str, found: str) -> bool:
    one, other = ({*kinds.split("|")} - {"null"} for kinds in (recorded, found))
    return not one or other <= one


def _unseen(path: str, shape: Shape) -> bool:
    """Whether an ancestor was null or an empty array there: the path may exist all the same."""
    while path:
        if path.endswith("[]"):
            path = path[:-2]
            if "array" in shape.get(path or ROOT, "") and f"{path}[]" not in shape:
                return True
        else:
            path = path.rpartition(".")[0]
        if shape.get(path or ROOT) == "null":
            return True
    return False


def _covered(path: str, patterns: Sequence[str]) -> bool:
    plain = path.replace("[]", "")
    return any(
        fnmatchcase(plain, end) for pattern in patterns for end in _ends(pattern.replace("[]", ""))
    )


def _ends(pattern: str) -> tuple[str, str]:
    return pattern, f"{pattern}.*"


def _out_of_order(recorded: Shape, found: Shape) -> list[str]:
    """For each object the first key that comes elsewhere than recorded, among those in both."""
    told = []
    for parent, keys in _by_parent(recorded, found).items():
        for expected, came in zip(keys, _by_parent(found, recorded)[parent], strict=True):
            if expected != came:
                told.append(f"order: {came} comes where {expected} was recorded")
                break
    return told


def _by_parent(shape: Shape, other: Shape) -> dict[str, list[str]]:
    """The paths that both have, by the path of the object they are in."""
    found: dict[str, list[str]] = {}
    for path in shape:
        if path in other:
            found.setdefault(path.rpartition(".")[0], []).append(path)
    return found
