"""rules.md once more, read for the tests: nothing of `sync` decides here.

The policy is `natterbox-2022` with its defaults: conflicts are held, inactive users keep.
"""

from dataclasses import dataclass

Names = frozenset[str]

NONE: Names = frozenset()
BOTH: Names = frozenset({"Freedom", "SCV"})


@dataclass(frozen=True)
class Ruling:
    """What a record must hold, and the codes of what the log must say about it."""

    effective: Names
    codes: Names


def rule(asked: Names, held: Names, *, active: bool = True, scv: bool = True) -> Ruling:
    """Row by row, in the order that the page gives."""
    granted, codes = set(asked), set()
    ungranted: set[str] = set()
    if not active:  # 15
        ungranted = granted - held
        granted &= held
    if "PCI" in granted:  # 10
        granted.remove("PCI")
        codes.add("not_in_use")
    if "SCV" in granted and not scv:  # 9
        granted.remove("SCV")
        codes.add("not_enabled")
        if active and "Freedom" in held:
            granted.add("Freedom")
    if granted >= BOTH:  # 5, 6, 7
        codes.add("both_held" if held >= BOTH else "mutually_exclusive")
        granted -= BOTH - held
    if "CTI" in granted and "Freedom" not in granted:  # 2
        granted.remove("CTI")
        codes.add("needs_freedom")
    if "Freedom" in granted:  # 1
        granted.add("CTI")
    if ungranted - granted:
        codes.add("inactive")
    return Ruling(frozenset(granted), frozenset(codes))


def is_conflict(asked: Names, held: Names, *, active: bool, scv: bool = True) -> bool:
    """Whether only a person can decide: an inactive user asks only for what is held."""
    return scv and asked >= BOTH and (active or held >= BOTH)
