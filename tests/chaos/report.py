"""What a run comes to: the summary, and a short account of everybody who was wronged."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from tests.chaos.books import seconds
from tests.chaos.checks.evidence import Evidence, Row
from tests.chaos.checks.verdict import Verdict
from tests.chaos.schedule import Schedule

ACCOUNTS = 10
LAST = 6
LINES = 12
_HISTORY = (
    "id",
    "cause",
    "outcome",
    "requested_before",
    "requested_after",
    "held_before",
    "held_after",
    "status_after",
    "conflict_id",
    "error",
)
_ENTRY = ("id", "code", "status", "requested", "held", "kept", "how", "note", "previous_id")
_PENDING = ("cause", "attempts", "due_at", "parked_at", "error_code", "error_reason", "braked")


@dataclass(frozen=True)
class Told:
    """The summary, and lines about what was lost."""

    summary: dict[str, Any]
    account: list[str]


def summary(
    plan: Schedule,
    database: str,
    verdict: Verdict,
    figures: Mapping[str, Any],
    failures: list[str],
) -> dict[str, Any]:
    """The figures of a run; what is wrong in `wrong`."""
    found, people = verdict.figures, figures["people"]
    return {
        "seed": plan.seed,
        "seconds": plan.seconds,
        "database": database,
        "clock_offset": plan.clock_offset,
        "workers_ahead": plan.workers_ahead,
        "brake": plan.has_brake,
        "intake": plan.way.name,
        "edits": people.get("edits", 0),
        "writes": found["writes"],
        "users": found["users"],
        "users_unsettled": len(verdict.users["unsettled"]),
        "edits_lost": len(verdict.users["lost"]),
        "writes_without_history": found["writes_without_history"],
        "conflicts_missing": found["conflicts_missing"],
        "conflicts_extra": found["conflicts_extra"],
        "users_parked": found["users_parked"],
        "users_braked": len(verdict.users["braked"]),
        "users_doubtful": found["users_doubtful"],
        "conflicts_open": found["conflicts_open"],
        "conflicts_dismissed": found["conflicts_dismissed"],
        "refusals_open": found["refusals_open"],
        "calm_edits": found["calm_edits"],
        "calm_edits_in_peace": found["calm_edits_in_peace"],
        **figures,
        "invariants": verdict.invariants,
        "wrong": verdict.sentences + failures,
    }


def account(evidence: Evidence, verdict: Verdict) -> list[str]:
    """For each wronged user its last edits and writes, rows, and the log lines that name it."""
    wronged = sorted(verdict.users["wronged"])
    lines = [line for user_id in wronged[:ACCOUNTS] for line in _account_of(evidence, user_id)]
    if len(wronged) > ACCOUNTS:
        lines.append(f"… and {len(wronged) - ACCOUNTS} more users.")
    return lines


def _account_of(evidence: Evidence, user_id: str) -> Iterator[str]:
    yield f"--- {user_id} {evidence.end.get(user_id, {}).get('Username')}"
    changes = [change for change in evidence.changes if change["id"] == user_id]
    for change in changes[-2 * LAST :]:
        who = "we" if change["by"] == evidence.own_id else "edit"
        yield f"  {change['at']:.3f} {who:5} {change['before']} -> {change['after']}"
    for name, rows, keys in (
        ("history", evidence.history, _HISTORY),
        ("entry", evidence.conflicts, _ENTRY),
        ("pending", evidence.pending, _PENDING),
    ):
        mine = sorted((r for r in rows if r["user_id"] == user_id), key=_order)
        yield from (f"  {name:8} {_shown(row, keys)}" for row in mine[-LAST:])
    named = [line for line in evidence.log.splitlines() if user_id in line]
    yield from (f"  log      {line[:300]}" for line in named[-LINES:])


def _order(row: Row) -> int:
    return int(row.get("id") or 0)


def _shown(row: Row, keys: tuple[str, ...]) -> str:
    moment = row.get("at") or row.get("opened_at") or row.get("noticed_at")
    values = " ".join(f"{key}={row[key]}" for key in keys if row[key] not in (None, ""))
    return f"{seconds(moment):.3f} {values}" if moment else values
