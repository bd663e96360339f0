"""What goes wrong with the ways in which an org tells of its changes, and when, by a seed.

Three kinds. In the last part of a run nothing happens to the machine, as in the other lanes. And
what makes the program look at the whole org ends at half-time: it would find what was lost without
it, and from there on nothing does.
"""

import random
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from tests.chaos.ways import STARVE_SECONDS, Way

PASSING = (
    "cut",
    "cut with a code",
    "silence",
    "silent death",
    "silent death of new streams too",
    "duplicates",
    "gaps",
    "another schema",
    "another schema, refused",
    "another schema, expired token",
    "refused",
)
MACHINE = ("kill the listener", "kill the listener", "starvation", "used up", "refused for long")
LOOKING = ("overflow", "wildcard", "lost position", "absence")
"""After these the whole org is looked at."""

TOLD_BY_MESSAGE = ("hold the page",)

PASSING_CODES = (
    "service.unavailable",
    "service.auth.error",
    "topic.api.unavailable",
    "subscription.internal.error",
    "subscription.fetch.replay.repeated",
    "subscription.fetch.overflow",
    "managed.subscription.already.active",
    "",
)
SCHEMA_CODES = ("schema.api.unavailable", "service.unavailable", "service.auth.error", "")
LONG_CODES = (
    "concurrent.client.limit.exceeded",
    "service.auth.headers.invalid",
    "service.protection.stream.limit.triggered",
    "service.protection.triggered",
    "service.tenant.license",
    "subscription.limit.exceeded",
    "subscription.topic.cannot.subscribe",
    "topic.meta.permission",
    "topic.not.found",
)
"""The program tries again after a minute or ten: whoever has mended it starts it again."""

HALF_TIME = 0.5
EVERY_SECONDS = 3.5
LEAST = 5
"""So many of them at least, however short the run."""

Moment = tuple[float, str, Mapping[str, Any]]


def stream_faults(
    chance: random.Random, way: Way, seconds: float, peace: float
) -> Iterator[Moment]:
    """When what happens; nothing where nobody is told."""
    bag: list[str] = []
    phase: Sequence[str] = ()
    at = chance.uniform(0.5, 2.5)
    while at < seconds - 1:
        kinds = _possible(way, at, seconds, peace)
        if kinds != phase:
            phase, bag = kinds, []
        if not kinds:
            return
        bag = bag or chance.sample(kinds, len(kinds))
        kind = bag.pop()
        yield at, kind, _more(chance, kind)
        at += min(EVERY_SECONDS, seconds / LEAST) * chance.uniform(0.3, 1.7)


def _possible(way: Way, at: float, seconds: float, peace: float) -> list[str]:
    found: list[str] = []
    if way.stream:
        found += PASSING
    if way.stream and at < seconds * HALF_TIME:
        found += LOOKING
    if at < seconds * (1 - peace):
        found += MACHINE if way.stream else ()
        found += TOLD_BY_MESSAGE if way.outbound else ()
    return found


def _more(chance: random.Random, kind: str) -> Mapping[str, Any]:
    match kind:
        case "cut with a code" | "refused":
            return {"code": chance.choice(PASSING_CODES), "count": chance.choice([1, 1, 2])}
        case "another schema, refused":
            return {"code": chance.choice(SCHEMA_CODES), "count": chance.choice([1, 2])}
        case "refused for long":
            return {"code": chance.choice(LONG_CODES), "seconds": chance.uniform(1.5, 3)}
        case "duplicates":
            return {"last": chance.choice([1, 5, 30, 100])}
        case "starvation":
            return {"seconds": STARVE_SECONDS + chance.uniform(1, 2)}
        case "silent death of new streams too":
            return {"seconds": chance.uniform(7, 9)}
    return {"seconds": chance.uniform(1.5, 4)}
