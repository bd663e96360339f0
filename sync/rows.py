"""What the store holds as programs and spreadsheets see it: plain values under lasting names."""

from sync.explaining import Explanation
from sync.phrases import isoformat
from sync.ports.browse import KnownUser
from sync.ports.conflict_log import Entry
from sync.ports.history import HistoryRow
from sync.ports.review import ParkedUser
from sync.ports.runs import PlanItem, Run

ENTRY_FIELDS = (
    "id", "org", "user_id", "username", "kind", "code", "licenses", "status", "requested", "held",
    "message", "opened_at", "seen_at", "keep", "decided_by", "decided_at",
    "decision_note", "resolved_at", "resolved_by", "how", "note", "previous_id",
)  # fmt: skip

PARKED_FIELDS = (
    "org", "user_id", "username", "code", "message", "requested", "held", "licenses",
    "opened_at", "attempts", "retried_at",
)  # fmt: skip

HISTORY_FIELDS = (
    "id", "at", "org", "user_id", "username", "cause", "actor", "granted", "removed",
    "requested_before", "requested_after", "held_before", "held_after", "status", "why", "policy",
    "conflict", "run", "outcome", "error",
)  # fmt: skip

ITEM_FIELDS = (
    "user_id", "username", "requested", "requested_after", "held", "after", "removed", "granted",
    "held_back", "status", "why",
)  # fmt: skip


def entry_row(entry: Entry) -> dict[str, object]:
    """An entry as programs see it."""
    decided = entry.resolution
    return {
        "id": entry.id,
        "org": entry.org,
        "user_id": entry.user_id,
        "username": entry.username,
        "kind": entry.kind.value,
        "code": entry.code,
        "licenses": entry.licenses.names,
        "status": entry.status.value,
        "requested": entry.requested.names,
        "held": entry.held.names,
        "kept": entry.kept.names,
        "message": entry.message,
        "policy": entry.policy,
        "opened_at": isoformat(entry.opened_at),
        "seen_at": isoformat(entry.seen_at),
        "seen_count": entry.seen_count,
        "keep": decided.keep.names if decided else None,
        "decided_by": decided.decided_by if decided else None,
        "decided_at": isoformat(decided.decided_at) if decided else None,
        "decision_note": decided.note if decided else None,
        "resolved_at": isoformat(entry.resolved_at),
        "resolved_by": entry.resolved_by,
        "how": entry.how,
        "note": entry.note,
        "previous_id": entry.previous_id,
    }


def parked_row(parked: ParkedUser) -> dict[str, object]:
    """A parked user in the same listing."""
    return {
        "id": f"parked:{parked.org}:{parked.user_id}",
        "org": parked.org,
        "user_id": parked.user_id,
        "username": parked.username,
        "kind": "parked",
        "code": parked.code,
        "licenses": parked.hold.names,
        "status": "open",
        "requested": parked.requested.names,
        "held": parked.held.names,
        "message": parked.reason,
        "opened_at": isoformat(parked.parked_at),
        "resolved_by": None,
        "attempts": parked.attempts,
        "retried_at": isoformat(parked.due_at),
    }


def item_row(item: PlanItem) -> dict[str, object]:
    """An item of a plan."""
    return {
        "user_id": item.user_id,
        "username": item.username,
        "requested": item.requested.names,
        "requested_after": item.requested_after.names,
        "held": item.held.names,
        "after": None if item.after is None else item.after.names,
        "removed": item.removed.names,
        "granted": item.granted.names,
        "held_back": item.hold.names,
        "status": item.status,
        "why": item.why,
    }


def history_row(row: HistoryRow) -> dict[str, object]:
    """A row of the history."""
    intent = row.intent
    return {
        "id": row.id,
        "at": isoformat(row.at),
        "org": row.org,
        "user_id": intent.user_id,
        "username": intent.username,
        "cause": intent.cause.value,
        "actor": intent.actor,
        "granted": (intent.held_after - intent.held_before).names,
        "removed": (intent.held_before - intent.held_after).names,
        "requested_before": intent.requested_before.names,
        "requested_after": intent.requested_after.names,
        "held_before": intent.held_before.names,
        "held_after": intent.held_after.names,
        "status": intent.status_after,
        "why": intent.why,
        "policy": intent.policy,
        "conflict": intent.conflict_id,
        "run": intent.run_id,
        "outcome": row.outcome.value,
        "error": row.error,
    }


def run_row(run: Run) -> dict[str, object]:
    """A run."""
    return {
        "id": run.id,
        "org": run.org,
        "kind": run.kind.value,
        "status": run.status.value,
        "started_by": run.started_by,
        "created_at": isoformat(run.created_at),
        "ended_at": isoformat(run.ended_at),
        "users": list(run.user_ids),
        "users_read": run.users_read,
        "unsettled": run.unsettled,
        "removals": run.removals,
        "grants": run.grants,
        "unreadable": run.unreadable,
        "tries": run.tries,
        "error": run.error,
        "approved_by": run.applied_by,
        "approved_at": isoformat(run.applied_at),
    }


def user_row(user: KnownUser) -> dict[str, object]:
    """A user as it was last seen."""
    record = user.record
    return {
        "org": user.org,
        "user_id": record.user_id,
        "username": record.username,
        "name": record.name,
        "active": record.active,
        "requested": record.requested.on.names,
        "held": record.held.on.names,
        "unknown": (record.requested.unknown | record.held.unknown).names,
        "status": record.status,
        "message": record.message,
        "looked_at": isoformat(user.looked_at),
    }


def explanation_row(made: Explanation) -> dict[str, object]:
    """What the rules make of a record."""
    record, decision = made.record, made.decision
    return {
        "user_id": record.user_id,
        "username": record.username,
        "active": record.active,
        "requested": record.requested.on.names,
        "held": record.held.on.names,
        "unknown": (record.requested.unknown | record.held.unknown).names,
        "effective": None if decision.effective is None else decision.effective.names,
        "findings": [
            {
                "kind": f.kind.value,
                "code": f.code,
                "licenses": f.licenses.names,
                "message": f.message,
            }
            for f in decision.findings
        ],
        "held_back": made.held_back.names,
        "status": made.status,
        "settled": made.is_settled,
    }
