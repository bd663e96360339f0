"""When a user that failed is tried again, and when it is left for a person to look at."""

from collections.abc import Callable

from sync.errors import Failure, Remedy

Jitter = Callable[[], float]
"""Gives a number between 0 and 1."""

RETRY_SECONDS = (1.0, 5.0, 30.0, 120.0, 300.0)
"""Waits before the second, third, ... try (salesforce-api: row locks last about 10 s)."""

PROBLEM_SECONDS = 30.0
"""When an org in trouble is tried again, if the failure does not say."""

HICCUP_SECONDS = 3.0
"""The same for a call that failed but may well work the next time."""

PARKED_SECONDS = 3600.0
LONGEST_SECONDS = 24 * 3600.0


def retry_delay(attempts: int, failure: Failure, jitter: Jitter) -> float | None:
    """Seconds until the next try after `attempts` failed ones before this; None: park."""
    if attempts >= len(RETRY_SECONDS):
        return None
    wait = max(RETRY_SECONDS[attempts], wished(failure))
    return wait * (1.0 + jitter() / 2)


def parked_delay(attempts: int, jitter: Jitter) -> float:
    """Seconds until a parked user is tried again: an hour, doubled each time, at most a day."""
    doublings = min(max(attempts - len(RETRY_SECONDS), 0), 10)
    return min(PARKED_SECONDS * 2.0**doublings, LONGEST_SECONDS) * (1.0 + jitter() / 10)


def unsure_delay(attempts: int, failure: Failure | None, jitter: Jitter) -> float:
    """Seconds until a user is looked at again whose write was not sent or not answered.

    Never ends in parking: that Salesforce is down is nobody's record's fault.
    """
    wait = RETRY_SECONDS[min(attempts, len(RETRY_SECONDS) - 1)]
    return max(wait, wished(failure)) * (1.0 + jitter() / 2)


def wished(failure: Failure | None) -> float:
    """How long a failure wants its users to wait; nothing where it stops the org.

    The org then waits for all of them, and they go on with it once it is mended.
    """
    if failure is None or failure.remedy is Remedy.STOP_ORG:
        return 0.0
    return failure.retry_after or 0.0


def org_delay(failure: Failure, took: float, jitter: Jitter) -> float:
    """Seconds until an org is tried again, after a failure that `took` so long to show.

    An org that does not answer holds a worker that other orgs wait for: it rests longer than that.
    What may work the next time is spread by the jitter, so that not all come back at once.
    """
    if failure.remedy is Remedy.STOP_ORG:
        return failure.retry_after or PROBLEM_SECONDS
    wait = max(failure.retry_after or HICCUP_SECONDS, 2 * took)
    return min(wait * (1.0 + jitter() / 2), PROBLEM_SECONDS)
