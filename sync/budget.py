"""What an org's API calls of the day still suffice for. Pure.

As usage rises, reconciles wait first, then looks become rare, and what is left at the end is for
writes: users who were noticed are settled to the last call. The quota is that of the last 24
hours, rolling, and shared with everything else that calls the org
(https://developer.salesforce.com/docs/atlas.en-us.salesforce_app_limits_cheatsheet.meta/salesforce_app_limits_cheatsheet/salesforce_app_limits_platform_api.htm).
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import IntEnum

RARE_SECONDS = 120.0
"""Between two looks once they are rare."""


@dataclass(frozen=True, slots=True)
class Budget:
    """From which shares of the quota on reconciles wait, looks are rare, and writes alone go on.

    `probe_seconds` are between two looks when only writes go on, and between two tries when
    nothing is left: whether there is room again shows by a call alone.
    """

    reconcile: float = 0.7
    poll: float = 0.85
    reserve: float = 0.95
    probe_seconds: float = 900.0


SANE_BUDGET = Budget()


class Stage(IntEnum):
    """How far the quota is used up; each stage includes those before it."""

    FREE = 0
    NO_RUNS = 1
    RARE_LOOKS = 2
    WRITES_ALONE = 3


def stage(budget: Budget, used: int | None, allowed: int | None) -> Stage:
    """The stage of an org that has used so many of the calls it may make; unknown is free."""
    if used is None or not allowed:
        return Stage.FREE
    limits = (budget.reconcile, budget.poll, budget.reserve)
    return Stage(sum(used >= allowed * limit for limit in limits))


def may_look(
    reached: Stage, budget: Budget, last: datetime | None, now: datetime, at_least: float = 0.0
) -> bool:
    """Whether it is time for a look, if the last good one ended at `last`.

    `at_least` are seconds between two looks whatever there is to spend.
    """
    seconds = {Stage.RARE_LOOKS: RARE_SECONDS, Stage.WRITES_ALONE: budget.probe_seconds}
    wait = timedelta(seconds=max(at_least, seconds.get(reached, 0.0)))
    return last is None or now - last >= wait


def sentence(reached: Stage, used: int | None, allowed: int | None) -> str | None:
    """What waits for calls, as people read it; None if nothing does."""
    if reached is Stage.WRITES_ALONE and (used or 0) >= (allowed or 0):
        return f"All {allowed} API calls of the last 24 hours are used: everything waits."
    what = {
        Stage.NO_RUNS: "reconciles wait",
        Stage.RARE_LOOKS: "reconciles wait and changes are looked for rarely",
        Stage.WRITES_ALONE: "only who was noticed is still settled",
    }.get(reached)
    return what and f"{used} of {allowed} API calls of the last 24 hours are used: {what}."
