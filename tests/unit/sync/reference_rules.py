"""A second reading of the rules table, with sets of names, row by row. Shares no code with ours."""

from dataclasses import dataclass, field
from functools import lru_cache
from itertools import product

CORE = ("CTI", "Freedom", "SCV", "PCI")
OPTIONAL = ("PBX", "ContactCenter", "Record", "Insight")
ORDER = ("CTI", "Freedom", "SCV", "PBX", "ContactCenter", "Record", "PCI", "Insight")


@dataclass
class Answer:
    effective: set[str]
    said: dict[str, set[str]] = field(default_factory=dict)


@dataclass(frozen=True)
class Org:
    features: frozenset[str] = frozenset()
    on_conflict: str = "hold"
    inactive: str = "keep"


@lru_cache(maxsize=1 << 16)
def core(requested: frozenset[str], held: frozenset[str], active: bool, org: Org) -> Answer:
    """Rows 1-10 and 15-17 for the four licenses that are not optional."""
    if not active and org.inactive == "release":  # 16
        return Answer(set(), {"released_inactive": set(requested)} if requested else {})
    want, said = set(requested), {}
    if not active and want - held:  # 15
        said["inactive"] = want - held
        want &= held
    if "PCI" in want and "pci" not in org.features:  # 10
        want.discard("PCI")
        said["not_in_use"] = {"PCI"}
    scv_lacks = "SCV" in requested and "scv" not in org.features
    if scv_lacks:  # 9
        if "SCV" in want:
            want.discard("SCV")
            said["not_enabled"] = {"SCV"}
        if active and "Freedom" in held and "Freedom" not in requested:
            want.add("Freedom")
            said["kept_for_swap"] = {"Freedom"}
    if {"Freedom", "SCV"} <= want:
        both = {"Freedom", "SCV"}
        said["both_held" if both <= held else "mutually_exclusive"] = both  # 5, 6, 7
        want -= both - held
        if org.on_conflict != "hold":  # 17
            want = want - both | {org.on_conflict.removeprefix("prefer:")}
    effective = want - {"CTI"}
    if "Freedom" in effective:  # 1
        effective.add("CTI")
        if "CTI" not in want:
            said["implied"] = {"CTI"}
            if "CTI" in said.get("inactive", ()):
                said["inactive"] = said["inactive"] - {"CTI"}
    elif "CTI" in want and "cti_only" in org.features:  # 3
        effective.add("CTI")
    elif "CTI" in want:  # 2
        said["needs_freedom"] = {"CTI"}
    left = "Freedom" in held and "Freedom" not in requested and "Freedom" not in effective
    if left and "CTI" in held and "CTI" not in requested:  # 4
        said["removed_with_freedom"] = {"CTI"}
    return Answer(effective, {code: names for code, names in said.items() if names})


@lru_cache(maxsize=1 << 12)
def optional(requested: frozenset[str], held: frozenset[str], active: bool, org: Org) -> Answer:
    """Rows 11, 15 and 16 for the four optional licenses."""
    if active:
        return Answer(set(requested))
    if org.inactive == "release":
        return Answer(set(), {"released_inactive": set(requested)} if requested else {})
    new = requested - held
    return Answer(set(requested & held), {"inactive": set(new)} if new else {})


def hints(effective: set[str], in_group: bool | None) -> dict[str, set[str]]:
    """Rows 12 and 13."""
    said = {}
    if effective & {"CTI", "Freedom", "SCV"} and "PBX" not in effective:
        said["interface_without_pbx"] = {"PBX"}
    if "Record" in effective and in_group is False:
        said["record_needs_group"] = {"Record"}
    return said


def bits(names: set[str] | frozenset[str]) -> int:
    return sum(1 << ORDER.index(name) for name in names)


def subsets(names: tuple[str, ...]) -> list[frozenset[str]]:
    return [
        frozenset(n for n, chosen in zip(names, choice, strict=True) if chosen)
        for choice in product((False, True), repeat=len(names))
    ]


def as_bits(answer: Answer) -> tuple[int, tuple[tuple[str, int], ...]]:
    return bits(answer.effective), tuple(sorted((c, bits(n)) for c, n in answer.said.items()))
