"""Two that write the same fields: what license-sync writes, and what takes it back each time.

Without an end to it, an automation of the org and license-sync would write in turns for ever, at
the cost of the org's API calls. A person who changes their mind asks for something else each
time: that is no fight.
"""

from collections.abc import Sequence
from datetime import datetime, timedelta

from sync.ports.history import HistoryOutcome, HistoryRow, Intent

TAKEN_BACK = "taken_back"
REPEATS = 5
WITHIN = timedelta(hours=1)


def is_taken_back(intent: Intent, recent: Sequence[HistoryRow], now: datetime) -> bool:
    """Whether the newest confirmed writes were this one, REPEATS times within the last hour.

    `recent` are the user's newest history rows, newest first.
    """
    confirmed = [row for row in recent if row.outcome is HistoryOutcome.CONFIRMED][:REPEATS]
    return (
        len(confirmed) == REPEATS
        and now - confirmed[-1].at < WITHIN
        and all(_change(row.intent) == _change(intent) for row in confirmed)
    )


def taken_back_reason(by: str) -> str:
    """The sentence for a user whose write was taken back; `by` is who changed the record last."""
    return (
        f"What license-sync wrote was undone {REPEATS} times within an hour, last by {by}: find "
        "what else sets the license fields (a flow, a trigger, an import), then try again."
    )


def _change(intent: Intent) -> tuple[object, ...]:
    return (
        intent.requested_before,
        intent.requested_after,
        intent.held_before,
        intent.held_after,
        intent.status_after,
    )
