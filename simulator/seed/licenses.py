"""Which licenses people hold and request when the org is made.

Clean: requested equals effective, and every combination is one that any reading of the
license rules grants (Freedom with CTI, no Service Cloud Voice, no PCI, no lone CTI), so
that a first sync removes nothing. Brownfield: licenses are held, nothing is requested
yet; some hold what the rules would never grant.
"""

from __future__ import annotations

import random

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


def clean(rng: random.Random) -> frozenset[str]:
    if rng.random() >= HOLDERS:
        return frozenset()
    interface = ("Freedom", "CTI") if rng.random() < 0.75 else ()
    return frozenset(interface) | _extras(rng)


def brownfield(rng: random.Random) -> frozenset[str]:
    if rng.random() >= BROWNFIELD_HOLDERS:
        return frozenset()
    interface = rng.choices([names for names, _ in MIX], [weight for _, weight in MIX])[0]
    return frozenset(interface) | _extras(rng)


def _extras(rng: random.Random) -> frozenset[str]:
    return frozenset(name for name, share in EXTRAS if rng.random() < share)


def flags(requested: frozenset[str], effective: frozenset[str]) -> dict[str, int]:
    """As fields of the user record."""
    return {f"Requested_{n}__c": 1 for n in requested} | {f"Effective_{n}__c": 1 for n in effective}
