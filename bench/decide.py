"""How many decisions a second one core makes: `python -m bench.decide [SECONDS]`.

"mixed" is what the program meets: requests, held sets, activity and groups at random over the whole
space, through the memory of a rulebook that starts empty. "every rule, every time" has no memory.
"""

import random
import sys
import time
from collections.abc import Callable, Iterable

from config.policies import load_policy
from sync.model import Flags, Licenses
from sync.rules import Case, Rulebook

FEATURES: tuple[tuple[str, ...], ...] = ((), ("scv",), ("cti_only", "pci", "scv"))
TARGET = 200_000
INPUTS = 200_000


def mixed(seed: int) -> list[Case]:
    choose = random.Random(seed)
    flags = [Flags(Licenses(bits)) for bits in range(256)]
    return [
        Case(
            choose.choice(flags),
            choose.choice(flags),
            choose.random() < 0.8,
            choose.choice((None, True, False)),
        )
        for _ in range(INPUTS)
    ]


def rate(decide: Callable[[Case], object], cases: Iterable[Case], seconds: float) -> float:
    """Decisions a second, over as many rounds as fit into the time."""
    cases = list(cases)
    rounds, start = 0, time.perf_counter()
    while (spent := time.perf_counter() - start) < seconds:
        for case in cases:
            decide(case)
        rounds += 1
    return rounds * len(cases) / spent


def main() -> int:
    seconds = float(sys.argv[1]) if len(sys.argv) > 1 else 2.0
    cases, slowest = mixed(7), float("inf")
    for features in FEATURES:
        first = rate(Rulebook(load_policy(), features).decide, cases, 0.0001)
        warm = rate(Rulebook(load_policy(), features).decide, cases, seconds)
        every = rate(Rulebook(load_policy(), features, memory=0).decide, cases, seconds)
        slowest = min(slowest, first)
        print(
            f"features {', '.join(features) or 'none'}: mixed, first time {first:,.0f}/s; "
            f"mixed, on and on {warm:,.0f}/s; every rule, every time {every:,.0f}/s"
        )
    print(f"slowest first time {slowest:,.0f}/s, wanted {TARGET:,}/s")
    return 0 if slowest >= TARGET else 1


if __name__ == "__main__":
    sys.exit(main())
