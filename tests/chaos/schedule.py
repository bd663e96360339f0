"""What happens when, and to whom: all of it drawn from a seed before anything begins.

The wall clock cannot be repeated, this can. Each lane draws from a generator of its own, so that
more of one thing moves nothing of another.
"""

import random
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from tests.chaos.faults import FAULTS, STOPPING
from tests.chaos.stream_faults import stream_faults
from tests.chaos.ways import Way, way_of
from tests.e2e.harness import FIELDS

HOT = 16
"""Users that get many of the edits: what races and flip-flops needs somebody to happen to."""

PARTS = (*["worker child"] * 3, "worker", "beat", "broker", "admin", "postgresql")
PEACE = 0.3
"""The share of the time, at the end, in which only the org is in trouble."""

RACES = ("after our write", "while it is answered", "between read and write", "while it commits")
OFFSETS = (0.0, 600.0, -600.0)
"""How far the org's clock is from the database's, and the workers' clock from it, in seconds."""


@dataclass(frozen=True, order=True)
class Event:
    """Something to do `at` so many seconds from the start."""

    at: float
    what: str
    more: Mapping[str, Any] = field(default_factory=dict, compare=False)


@dataclass(frozen=True)
class Schedule:
    """Everything that is to happen, by lane; each lane is done in its order, by one thread."""

    seed: int
    seconds: float
    clock_offset: float
    workers_ahead: float
    has_brake: bool
    way: Way
    lanes: Mapping[str, Sequence[Event]]


def draw(
    seed: int, seconds: float, *, rate: float = 8.0, users: int = 300, way: Way | None = None
) -> Schedule:
    """The schedule of a seed; `way` replaces the one that changes come in by."""
    way = way or way_of(seed)
    lanes = {
        "edits": _edits(_chance(seed, "edits"), seconds, rate, users),
        "races": _races(_chance(seed, "races"), seconds, users),
        "people": [e for e in _people(_chance(seed, "people"), seconds) if _fits(e, way)],
        "commands": _commands(_chance(seed, "commands"), seconds),
        "calm": _calm(_chance(seed, "calm"), seconds),
        "faults": _faults(_chance(seed, "faults"), seconds),
        "troubles": [
            *_troubles(_chance(seed, "troubles"), seconds),
            *_clock_steps(_chance(seed, "workers' clock"), seconds),
        ],
        "stream": _stream(_chance(seed, "stream"), way, seconds),
    }
    return Schedule(
        seed=seed,
        seconds=seconds,
        clock_offset=OFFSETS[seed % len(OFFSETS)],
        workers_ahead=OFFSETS[seed // len(OFFSETS) % len(OFFSETS)],
        has_brake=seed % 5 == 0,
        way=way,
        lanes={name: sorted(events) for name, events in lanes.items()},
    )


def _fits(event: Event, way: Way) -> bool:
    """Where nobody polls, nobody reconciles: it would find what was never told."""
    return way.polls or event.what != "reconcile"


def _stream(chance: random.Random, way: Way, seconds: float) -> Iterator[Event]:
    for at, what, more in stream_faults(chance, way, seconds, PEACE):
        yield Event(at, what, more)


def _chance(seed: int, lane: str) -> random.Random:
    return random.Random(f"{seed}:{lane}")


def _times(chance: random.Random, seconds: float, every: float, start: float = 0.0) -> list[float]:
    """Moments about so many seconds apart."""
    found, at = [], start + chance.uniform(0, every)
    while at < seconds:
        found.append(at)
        at += every * chance.uniform(0.3, 1.7)
    return found


def _somebody(chance: random.Random, users: int) -> int:
    return chance.randrange(min(HOT, users)) if chance.random() < 0.35 else chance.randrange(users)


def some_edit(chance: random.Random) -> dict[str, object]:
    """Fields that an admin sets: mostly a request or two, seldom what is none of their business."""
    luck = chance.random()
    if luck < 0.05:
        return {"IsActive": chance.random() < 0.5}
    if luck < 0.08:
        return {"Department": f"Department {chance.randrange(100)}"}
    names: Sequence[str] = chance.sample(sorted(FIELDS), chance.choice([1, 1, 2, 3]))
    if chance.random() < 0.45:
        names = chance.choice([["Freedom"], ["SCV"], ["Freedom", "SCV"]])
    ticked = 0.75 if set(names) & {"Freedom", "SCV"} else 0.5
    return {f"Requested_{FIELDS[name]}__c": chance.random() < ticked for name in names}


def _edits(chance: random.Random, seconds: float, rate: float, users: int) -> Iterator[Event]:
    for at in _times(chance, seconds, 1.3 / rate):
        edits = [some_edit(chance) for _ in range(chance.choice([1, 1, 1, 1, 2, 3]))]
        yield Event(at, "edit", {"user": _somebody(chance, users), "edits": edits})


def _races(chance: random.Random, seconds: float, users: int) -> Iterator[Event]:
    for at in _times(chance, seconds, 2.5):
        sides = [["Freedom"], ["SCV"], ["Freedom", "SCV"], ["PBX"]]
        first, then = chance.sample(sides, 2)
        more = {
            "user": _somebody(chance, users),
            "first": _asking(first),
            "then": _asking(then),
            "seconds": chance.uniform(0.3, 1.5),
        }
        yield Event(at, chance.choice(RACES), more)


def _asking(names: Sequence[str]) -> dict[str, object]:
    """The two interfaces and Cloud PBX, with exactly these ticked."""
    return {f"Requested_{FIELDS[n]}__c": n in names for n in ("Freedom", "SCV", "PBX")}


def _people(chance: random.Random, seconds: float) -> Iterator[Event]:
    for at in _times(chance, seconds, 1.2, start=3.0):
        keep = chance.choice(["Freedom", "SCV", "none"])
        what = chance.choice(["resolve", "resolve", "resolve", "dismiss"])
        yield Event(at, what, {"pick": chance.random(), "keep": keep})
    for at in _times(chance, seconds, 20.0, start=5.0):
        yield Event(at, "reconcile")
    for at in _times(chance, seconds, 25.0, start=15.0):
        yield Event(at, "release the brake")


def _commands(chance: random.Random, seconds: float) -> Iterator[Event]:
    """What takes people a while."""
    for at in _times(chance, seconds, 20.0, start=4.0):
        yield Event(at, "resolve by command", {"pick": chance.random(), "keep": "SCV"})
    for at in _times(chance, seconds, 25.0, start=5.0):
        yield Event(at, "pause", {"seconds": chance.uniform(1, 4)})
    for at in _times(chance, seconds, 30.0, start=10.0):
        yield Event(at, "retry parked")


def _calm(chance: random.Random, seconds: float) -> Iterator[Event]:
    """One edit after the other in an org that has no trouble of its own."""
    for number, at in enumerate(_times(chance, seconds, 2.0)):
        yield Event(at, "edit", {"user": number})


def _faults(chance: random.Random, seconds: float) -> Iterator[Event]:
    """One to three faults at once, and calm in between."""
    bag: list[str] = []
    at = chance.uniform(0.5, 2)
    while at < seconds - 1:
        bag = bag or _bag_of_faults(chance)
        kinds = sorted({bag.pop() for _ in range(min(chance.choice([1, 2, 2, 3]), len(bag)))})
        lasts = chance.uniform(2.5, 6)
        yield Event(at, "fault", {"kinds": kinds, "seed": chance.randrange(10**6)})
        yield Event(min(at + lasts, seconds), "heal", {"kinds": kinds})
        at += lasts + chance.uniform(0.3, 3)


def _bag_of_faults(chance: random.Random) -> list[str]:
    """Every kind comes up; one that lets the whole org rest only every third time as often."""
    passing, stopping = sorted(set(FAULTS) - STOPPING), sorted(STOPPING)
    bags = [chance.sample(passing, len(passing)) for _ in range(3)]
    for bag, some in zip(bags, _thirds(chance.sample(stopping, len(stopping))), strict=True):
        for kind in some:
            bag.insert(chance.randrange(len(bag) + 1), kind)
    return [kind for bag in bags for kind in bag]


def _thirds(kinds: Sequence[str]) -> list[Sequence[str]]:
    return [kinds[number::3] for number in range(3)]


def _clock_steps(chance: random.Random, seconds: float) -> Iterator[Event]:
    """Somebody sets the clock of the workers' machine, and starts them again."""
    if chance.random() < 0.5:
        at = chance.uniform(0.2, 1 - PEACE) * seconds
        yield Event(at, "the workers' clock is set", {"ahead": chance.choice(OFFSETS)})


def _troubles(chance: random.Random, seconds: float) -> Iterator[Event]:
    """What happens to the machine: bursts of kill -9, with time to recover in between.

    In the last part nothing of it does: there the org alone is in trouble, and the other has peace.
    """
    bag: list[str] = []
    at, seconds = chance.uniform(2, 5), seconds * (1 - PEACE)
    while at < seconds:
        for _ in range(chance.choice([1, 2, 3])):
            bag = bag or chance.sample(PARTS, len(PARTS))
            yield Event(at, "kill", {"part": bag.pop()})
            at += chance.uniform(0.2, 2.5)
        at += chance.uniform(5, 14)
    for at in _times(chance, seconds, 35.0, start=8.0):
        yield Event(at, "wipe the broker")
    for at in _times(chance, seconds, 30.0, start=3.0):
        yield Event(at, "fill the disk", {"seconds": chance.uniform(2, 6)})
    if chance.random() < 0.4:
        yield Event(chance.uniform(0.3, 0.7) * seconds, "the org's clock jumps", {"by": 600.0})
