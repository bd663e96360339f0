"""How long to wait after failed sign-ins: decided from what is counted, by nothing else.

Five failures of one name from one address cost a wait that doubles, up to a quarter of an hour.
An address that tries many names, and a name that many addresses try, are slowed down later. Nobody
can lock an admin out for ever: from an address where they signed in before, what strangers do to
their name does not count.
"""

from datetime import datetime, timedelta
from math import ceil

from sync.ports.accounts import Tallies, Tally

FREE = 5
FREE_FOR_AN_ADDRESS = 20
FREE_FOR_A_NAME = 50
FIRST = timedelta(seconds=15)
LONGEST = timedelta(minutes=15)


def wait_until(tallies: Tallies, now: datetime) -> datetime | None:
    """When the next try is allowed; None if it is now."""
    waits = [_end(tallies.pair, FREE), _end(tallies.address, FREE_FOR_AN_ADDRESS)]
    if not tallies.is_known:
        waits.append(_end(tallies.name, FREE_FOR_A_NAME))
    ends = [end for end in waits if end is not None and end > now]
    return max(ends) if ends else None


def wait_sentence(until: datetime, now: datetime) -> str:
    """What somebody is told who has to wait."""
    seconds = max(1, ceil((until - now).total_seconds()))
    span = f"{seconds} seconds" if seconds < 120 else f"{ceil(seconds / 60)} minutes"
    return f"Too many failed sign-ins: try again in {span}, at {until:%H:%M:%S} UTC."


def _end(tally: Tally, free: int) -> datetime | None:
    if tally.last_at is None or tally.failures < free:
        return None
    doublings = min(tally.failures - free, 16)
    return tally.last_at + min(FIRST * (1 << doublings), LONGEST)
