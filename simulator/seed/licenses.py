"""Which licenses people hold and request when the org is made.

Clean: requested equals effective, and every combination is one that any reading of the
license rules grants (Freedom with CTI, no Service Cloud Voice, no PCI, no lone CTI), so
that a first sync removes nothing. Brownfield: licenses are held, nothing is requested
yet; some hold what the rules would never grant.
"""

from __future__ import annotations

from functools import lru_cache

from simulator.seed.dice import Dice, Weighted

EXTRAS = (("PBX", 0.85), ("Contact_Center", 0.4), ("Record", 0.35), ("Insight", 0.25))
HOLDERS = 1 / 3
BROWNFIELD_HOLDERS = 0.75
MIX = (
    (("Freedom", "CTI"), 70),
    (("SCV",), 8),
    (("CTI",), 6),
    (("Freedom", "SCV", "CTI"), 4),
    ((), 12),
)


MIXED = Weighted([weight for _, weight in MIX])


def clean(dice: Dice) -> frozenset[str]:
    if dice.share() >= HOLDERS:
        return frozenset()
    interface = ("Freedom", "CTI") if dice.share() < 0.75 else ()
    return frozenset(interface) | _extras(dice)


def brownfield(dice: Dice) -> frozenset[str]:
    if dice.share() >= BROWNFIELD_HOLDERS:
        return frozenset()
    interface, _ = MIX[MIXED.place(dice)]
    return frozenset(interface) | _extras(dice)


def _extras(dice: Dice) -> frozenset[str]:
    return frozenset([name for name, share in EXTRAS if dice.share() < share])


@lru_cache(maxsize=4096)
def flags(requested: frozenset[str], effective: frozenset[str]) -> dict[str, int]:
    """As fields of the user record; the same dictionary each time, not to be changed."""
    return {f"Requested_{n}__c": 1 for n in requested} | {f"Effective_{n}__c": 1 for n in effective}
