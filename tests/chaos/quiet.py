"""When it is over: everything is healed, and nothing moves any more."""

import time
from contextlib import suppress

from tests.chaos.books import BUSY, Books, count, looks, work_left
from tests.chaos.stage import Stage

STALLED_SECONDS = 480.0
"""A user may wait for its next try as long as this (five minutes and a half of that)."""

LONGEST_SECONDS = 1500.0
LOOK_SECONDS = 0.5
POLLS = 3
_WHY = (
    "SELECT count(*) AS n, cause, error_reason AS why FROM pending_user WHERE parked_at IS NULL "
    "GROUP BY cause, error_reason ORDER BY n DESC LIMIT 10"
)
_ROWS = "SELECT count(*) AS n FROM history"


class NeverQuiet(AssertionError):
    """Nothing happens any more, and there is work left."""


def wait_until_quiet(stage: Stage) -> float:
    """Return once nothing waits and nothing changed over three polls and an overlap scan of all
    orgs; how long that took. NeverQuiet when there is no progress towards it, or far too late.
    """
    began = moved = time.monotonic()
    seen: object = None
    polls: dict[str, set[object]] = {}
    overlaps: dict[str, object] = {}
    while True:
        now, (still, left) = time.monotonic(), _look(stage)
        if still != seen or left:
            if still != seen:
                seen, moved = still, now
            polls, overlaps = {}, {}
        elif _has_been_seen(stage.books, polls, overlaps):
            return now - began
        if now - moved > STALLED_SECONDS or now - began > LONGEST_SECONDS:
            why = _why_users_wait(stage.books)
            raise NeverQuiet(f"not quiet after {now - began:.0f} s: {left}; {why}")
        time.sleep(LOOK_SECONDS)


def _look(stage: Stage) -> tuple[object, object]:
    """What changes as long as there is progress, and what is left to do."""
    changes = [org.facts_now()["last_change"] for org in (stage.org, stage.calm)]
    try:
        left = work_left(stage.books)
        return (changes, left, count(stage.books, _ROWS)), left
    except BUSY as error:
        return changes, repr(error)


def _why_users_wait(books: Books) -> str:
    try:
        found = [f"{row['n']} by {row['cause']}: {row['why']}" for row in books.rows(_WHY)]
    except BUSY as error:
        return repr(error)
    return "; ".join(found) or "no user waits"


def _has_been_seen(
    books: Books, polls: dict[str, set[object]], overlaps: dict[str, object]
) -> bool:
    """Whether every org was looked at often enough since it last moved."""
    with suppress(*BUSY):
        polled, lapped = looks(books)
        for org, at in polled.items():
            polls.setdefault(org, set()).add(at)
            overlaps.setdefault(org, lapped.get(org))
        return all(len(polls[org]) > POLLS and lapped.get(org) != overlaps[org] for org in polled)
    return False
