"""A time of random trouble, fully determined by its seed.

The orders come out as a person would write them, so that GET faults shows what was drawn and
one of them can be ordered again alone.
"""

from __future__ import annotations

import random
from typing import Any

from simulator.faults.kinds import FIELD_KINDS, KINDS, RECORD_KINDS

LONGEST = 0.25  # of the whole time, for one fault
FIELDS = ("Requested_PBX__c", "Effective_PBX__c")
CODES = ("UNKNOWN_EXCEPTION", "SERVER_UNAVAILABLE", "TOO_MANY_APEX_REQUESTS")
RECORD_CODES = ("UNABLE_TO_LOCK_ROW", "ENTITY_IS_LOCKED", "FIELD_CUSTOM_VALIDATION_EXCEPTION")
DEFAULT_KINDS = (
    "cut_before",
    "cut_answer",
    "lost_answer",
    "expired_token",
    "concurrent_limit",
    "html_503",
    "error",
    "row_lock",
    "record_error",
    "slow_answer",
    "slow_commit",
    "truncated_json",
)


def draw_schedule(order: dict[str, Any]) -> list[dict[str, Any]]:
    """The faults of `{"seed", "seconds", "kinds", "most"}`; ValueError where that makes no sense.

    `most` faults in all, spread over `seconds` from now on, each of a random kind, share and
    length. All of them end in time.
    """
    unknown = order.keys() - {"seed", "seconds", "kinds", "most"}
    if unknown:
        raise ValueError(f"unknown keys: {', '.join(sorted(unknown))}")
    seconds, most = order.get("seconds"), order.get("most", 10)
    kinds = order.get("kinds", list(DEFAULT_KINDS))
    if not isinstance(seconds, int | float) or seconds <= 0:
        raise ValueError("seconds must be a number above 0")
    if not isinstance(most, int) or most < 1:
        raise ValueError("most must be a whole number above 0")
    if not isinstance(kinds, list) or not kinds or not set(kinds) <= KINDS:
        raise ValueError(f"kinds must be a list of {', '.join(sorted(KINDS))}")
    rng = random.Random(f"faults {order.get('seed', 0)}")
    return sorted((_one(rng, float(seconds), kinds) for _ in range(most)), key=_begin)


def _begin(order: dict[str, Any]) -> float:
    return float(order["from"])


def _one(rng: random.Random, seconds: float, kinds: list[str]) -> dict[str, Any]:
    kind = rng.choice(kinds)
    begin, length = rng.uniform(0, seconds * 0.9), rng.uniform(0.02, LONGEST) * seconds
    drawn: dict[str, Any] = {
        "kind": kind,
        "from": round(begin, 3),
        "until": round(min(seconds, begin + length), 3),
        "seed": rng.randrange(1_000_000),
    }
    if kind in FIELD_KINDS:
        return drawn | {"field": rng.choice(FIELDS)}
    if kind != "no_access":
        drawn["share"] = round(rng.uniform(0.05, 0.5), 3)
    return drawn | _details(rng, kind)


def _details(rng: random.Random, kind: str) -> dict[str, Any]:
    """What the kind needs besides when and how often; every kind draws the same amount."""
    seconds, status = round(rng.uniform(0.05, 3), 3), rng.choice((502, 503, 504))
    code, record_code = rng.choice(CODES), rng.choice(RECORD_CODES)
    if kind.startswith("slow"):
        return {"seconds": seconds}
    if kind == "html_503":
        return {"status": status}
    if kind == "error":
        return {"code": code}
    return {"code": record_code} if kind in RECORD_KINDS and kind != "row_lock" else {}
