"""How long things take, kept as counts below fixed limits: small, and they add up. Pure."""

from bisect import bisect_left
from collections import Counter
from collections.abc import Iterable, Mapping

NOTICED = "commit to noticed"
"""From an edit's commit in the org to its user's row; by two clocks."""

WRITTEN = "noticed to written"
"""From that row to the confirmed write."""

LIMITS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 15.0, 60.0, 900.0)
"""Upper limits in seconds; what took longer counts under infinity."""

INFINITE = float("inf")


def counts(seconds: Iterable[float]) -> Mapping[float, int]:
    """How many of these times end at which limit. What ended before it began counts as 0 s."""
    found = Counter(bisect_left(LIMITS, max(0.0, one)) for one in seconds)
    return {(*LIMITS, INFINITE)[place]: count for place, count in sorted(found.items())}


def quantile(of: Mapping[float, int], share: float) -> float | None:
    """The limit below which this share of the times ended; None if there are none."""
    wanted, seen = share * sum(of.values()), 0
    for limit in sorted(of):
        seen += of[limit]
        if seen and seen >= wanted:
            return limit
    return None
