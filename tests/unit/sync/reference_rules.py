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
    want: set[str] = set(requested)
    said: dict[str, set[str]] = {}
    if not active and want - held:  # 15
        said["inactive"] = want - held
        want &= held
    if "PCI" in want and "pci" not in org.features:  # 10
        want.discard("PCI")
        said["not_in_use"] = {"PCI"}
    if "scv" not in org.features:
        row_9(requested, held, active, want, said)
    rows_5_to_7_and_17(held, org, want, said)
    effective = rows_1_to_3(org, want, said)
    freedom_left = "Freedom" in held - requested - effective
    if freedom_left and "CTI" in held - requested:  # 4
        said["removed_with_freedom"] = {"CTI"}
    return Answer(effective, {code: names for code, names in said.items() if names})


Said = dict[str, set[str]]


def row_9(
    requested: frozenset[str], held: frozenset[str], active: bool, want: set[str], said: Said
) -> None:
    if "SCV" in want:
        want.discard("SCV")
        said["not_enabled"] = {"SCV"}
    if active and "SCV" in requested and "Freedom" in held - requested:
        want.add("Freedom")
        said["kept_for_swap"] = {"Freedom"}


def rows_5_to_7_and_17(held: frozenset[str], org: Org, want: set[str], said: Said) -> None:
    both = {"Freedom", "SCV"}
    if not both <= want:
        return
    said["both_held" if both <= held else "mutually_exclusive"] = both
    want -= both - held
    if org.on_conflict != "hold":
        want -= both
        want.add(org.on_conflict.removeprefix("prefer:"))


def rows_1_to_3(org: Org, want: set[str], said: Said) -> set[str]:
    effective = want - {"CTI"}
    if "Freedom" in effective:  # 1
        effective.add("CTI")
        if "CTI" not in want:
            said["implied"] = {"CTI"}
            said["inactive"] = said.get("inactive", set()) - {"CTI"}
    elif "CTI" in want and "cti_only" in org.features:  # 3
        effective.add("CTI")
    elif "CTI" in want:  # 2
        said["needs_freedom"] = {"CTI"}
    return effective


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
