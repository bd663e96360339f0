"""Two that write the same fields: what license-sync writes, and what undoes it each time.

Without an end to it, an automation of the org and license-sync would write in turns for ever, at
the cost of the org's API calls. The history alone tells a fight, so that no notice, restart or
moment of peace makes it forgotten. What is compared is where the writes led, whatever they found:
an automation may undo a part, or another part each time. A person who changes their mind asks for
something else each time: that is no fight, and only the hour's limit holds it.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sync.model import Status, UserRecord
from sync.ports.history import HistoryOutcome, HistoryRow, Intent
from sync.ports.settling import UserContext
from sync.retrying import LONGEST_SECONDS, PARKED_SECONDS

FIGHTING = "fighting"
TOO_OFTEN = "too_often"
TOO_OFTEN_REASON = (
    "license-sync wrote to this user as often as it may within an hour: it goes on by itself."
)

ROUNDS = 5
"""How often the same is written, and undone, before it is a fight."""

STABLE = timedelta(seconds=2 * LONGEST_SECONDS)
"""What stood for so long was not fought for; twice the longest wait, so that no wait ends one."""


@dataclass(frozen=True, slots=True)
class Rest:
    """A write that is not made for now: which code says why, and how many seconds it waits."""

    code: str
    seconds: float


def rest(intent: Intent, context: UserContext, *, insists: bool) -> Rest | None:
    """How long a write has to wait, if it has to; a person who `insists` ends a fight's wait.

    The hour's limit comes first: it holds whoever asks.
    """
    now = context.read_at
    if now is None:
        return None
    if context.full_until is not None and context.full_until > now:
        return Rest(TOO_OFTEN, (context.full_until - now).total_seconds())
    until = None if insists else _fought_until(intent, context.recent)
    if until is None or until <= now:
        return None
    return Rest(FIGHTING, (until - now).total_seconds())


def fighting_reason(record: UserRecord, own_id: str, names: Mapping[str, str]) -> str:
    """The sentence for a user that is fought for; `own_id` is the user that we write as.

    `names` are those of users by id, as far as they are known.
    """
    return (
        "What license-sync wrote was undone each time. The record was last changed by "
        f"{_who(record.modified_by, own_id, names)}: find what else sets the license fields (a "
        "flow, a trigger, an import), then try again."
    )


def _who(user_id: str | None, own_id: str, names: Mapping[str, str]) -> str:
    if user_id is None:
        return "an unknown user"
    if user_id == own_id:
        return f"license-sync's own user ({own_id}), in whose name the org's automations run"
    name = names.get(user_id)
    return f"{name} ({user_id})" if name else user_id


def _fought_until(intent: Intent, recent: Sequence[HistoryRow]) -> datetime | None:
    """Until when a write is not made: an hour after the last one, doubled with each that follows.

    None where there is no fight.
    """
    rounds = _rounds(intent, recent)
    if len(rounds) < ROUNDS:
        return None
    wait = min(PARKED_SECONDS * 2.0 ** (len(rounds) - ROUNDS), LONGEST_SECONDS)
    return rounds[0].at + timedelta(seconds=wait)


def _rounds(intent: Intent, recent: Sequence[HistoryRow]) -> list[HistoryRow]:
    """The newest confirmed writes, newest first, back to one that led elsewhere or that stood."""
    rounds: list[HistoryRow] = []
    for row in recent:
        if row.outcome is not HistoryOutcome.CONFIRMED:
            continue
        stood = bool(rounds) and rounds[-1].at - row.at > STABLE
        leads_elsewhere = _goal(row.intent) != _goal(intent)
        if leads_elsewhere and _only_says_parked(row.intent):
            continue
        if stood or leads_elsewhere:
            break
        rounds.append(row)
    return rounds


def _only_says_parked(intent: Intent) -> bool:
    """What stands on the record of a parked user is no decision about its licenses."""
    before = intent.requested_before, intent.held_before
    after = intent.requested_after, intent.held_after
    return intent.status_after == Status.FAILED and before == after


def _goal(intent: Intent) -> tuple[object, ...]:
    return intent.requested_after, intent.held_after, intent.status_after
