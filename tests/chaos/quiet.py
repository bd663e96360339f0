"""When it is over: everything is healed, and nothing moves any more."""

import time
from collections import defaultdict
from collections.abc import Iterator
from contextlib import suppress

from tests.chaos import ways
from tests.chaos.books import BUSY, Books, count, looks, open_streams, work_left
from tests.chaos.stage import Stage

STALLED_SECONDS = 480.0
"""A user may wait for its next try as long as this (five minutes and a half of that)."""

LONGEST_SECONDS = 1500.0
LOOK_SECONDS = 0.5
_WHY = (
    "SELECT count(*) AS n, cause, error_reason AS why FROM pending_user WHERE parked_at IS NULL "
    "GROUP BY cause, error_reason ORDER BY n DESC LIMIT 10"
)
TIMES = 4
"""So many polls, or signs of life of a stream, at different times; one more than three."""

STILL_SECONDS = 8.0
"""For orgs that send messages: the echo of a write is looked at after two, and told in a second."""

_UNSEEN = "nothing is left to do, but not every org was looked at, or spoke"
_ROWS = "SELECT count(*) AS n FROM history"


class NeverQuiet(AssertionError):
    """Nothing happens any more, and there is work left."""


def wait_until_quiet(stage: Stage) -> float:
    """Return once nothing waits and nothing changed while all orgs were looked at, or spoke, by
    the way that their changes come in; how long that took. NeverQuiet when there is no progress
    towards it, or far too late.
    """
    began = moved = still_since = time.monotonic()
    seen: object = None
    signs: dict[str, set[object]] = defaultdict(set)
    while True:
        now, (still, left) = time.monotonic(), _look(stage)
        if still != seen or left:
            if still != seen:
                seen, moved = still, now
            signs.clear()
            still_since = now
        elif now - still_since >= _least(stage) and _has_been_seen(stage, signs):
            return now - began
        if now - moved > STALLED_SECONDS or now - began > LONGEST_SECONDS:
            why = _why_users_wait(stage.books)
            raise NeverQuiet(f"not quiet after {now - began:.0f} s: {left or _UNSEEN}; {why}")
        time.sleep(LOOK_SECONDS)


def _least(stage: Stage) -> float:
    return STILL_SECONDS if stage.way.outbound else 0.0


def _look(stage: Stage) -> tuple[object, object]:
    """What changes as long as there is progress, and what is left to do."""
    orgs = stage.orgs.values()
    changes = [org.facts_now()["last_change"] for org in orgs]
    try:
        left = dict(work_left(stage.books))
        if stage.way.stream and (closed := len(orgs) - len(open_streams(stage.books))):
            left["streams that are not open"] = closed
        if untold := sum(ways.untold(stage.way, org) for org in orgs):
            left["messages on their way"] = untold
        return (changes, left, count(stage.books, _ROWS)), left
    except BUSY as error:
        return changes, repr(error)


def _why_users_wait(books: Books) -> str:
    try:
        found = [f"{row['n']} by {row['cause']}: {row['why']}" for row in books.rows(_WHY)]
    except BUSY as error:
        return repr(error)
    return "; ".join(found) or "no user waits"


def _has_been_seen(stage: Stage, signs: dict[str, set[object]]) -> bool:
    """Whether every org was looked at, or spoke, often enough since it last moved."""
    with suppress(*BUSY):
        found = list(_signs(stage))
        for name, value, _ in found:
            signs[name].add(value)
        return all(len(signs[name]) >= times for name, _, times in found)
    return False


def _signs(stage: Stage) -> Iterator[tuple[str, object, int]]:
    """What has to be seen with so many values: polls, overlap scans, signs of life of streams."""
    if stage.way.polls:
        polled, lapped = looks(stage.books)
        for org, at in polled.items():
            yield f"poll {org}", at, TIMES
            yield f"overlap {org}", lapped.get(org), 2
    if stage.way.stream:
        heard = open_streams(stage.books)
        for org in stage.orgs:
            yield f"stream {org}", heard.get(org), TIMES
