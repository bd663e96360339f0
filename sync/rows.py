"""Rows of listings as programs see them: the same in JSON, in CSV, on the page and in a terminal.

Each kind of row is a dict of values that JSON has, and a tuple of the columns that CSV shows.
"""

from sync.explaining import Explanation
from sync.phrases import counted, isoformat
from sync.ports.brake import Brake
from sync.ports.browse import KnownUser
from sync.ports.conflict_log import Entry
from sync.ports.history import HistoryRow
from sync.ports.review import ParkedUser
from sync.ports.runs import PlanItem, Run

Row = dict[str, object]

ENTRY_FIELDS = (
    "id", "org", "user_id", "username", "kind", "code", "licenses", "status", "requested", "held",
    "message", "opened_at", "seen_at", "keep", "decided_by", "decided_at",
    "decision_note", "resolved_at", "resolved_by", "how", "note", "previous_id",
)  # fmt: skip
PARKED_FIELDS = (
    "org", "user_id", "username", "code", "message", "opened_at", "attempts", "retried_at",
    "licenses", "requested", "held",
)  # fmt: skip
HISTORY_FIELDS = (
    "id", "at", "org", "user_id", "username", "cause", "actor", "granted", "removed",
    "requested_before", "requested_after", "held_before", "held_after", "status_after", "why",
    "policy", "conflict_id", "run_id", "outcome", "error",
)  # fmt: skip
ITEM_FIELDS = (
    "user_id", "username", "requested", "requested_after", "held", "after", "removed", "granted",
    "held_back", "status", "why", "outcome",
)  # fmt: skip
RUN_FIELDS = (
    "id", "org", "kind", "status", "started_by", "created_at", "ended_at", "users_read",
    "unsettled", "removals", "grants", "unreadable", "error", "applied_by", "applied_at",
)  # fmt: skip
USER_FIELDS = (
    "org", "user_id", "username", "name", "active", "requested", "held", "unknown", "status",
    "message", "modified_at", "modified_by", "looked_at",
)  # fmt: skip


def of_entry(entry: Entry) -> Row:
    """An entry of the conflict log."""
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


def of_parked(parked: ParkedUser) -> Row:
    """A parked user, named as in the listing of the conflict log."""
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


def of_history(row: HistoryRow) -> Row:
    """A row of the history; `granted` and `removed` are what the write changed of what is held."""
    said = row.intent
    return {
        "id": row.id,
        "at": isoformat(row.at),
        "org": row.org,
        "user_id": said.user_id,
        "username": said.username,
        "cause": said.cause.value,
        "actor": said.actor,
        "granted": (said.held_after - said.held_before).names,
        "removed": (said.held_before - said.held_after).names,
        "requested_before": said.requested_before.names,
        "requested_after": said.requested_after.names,
        "held_before": said.held_before.names,
        "held_after": said.held_after.names,
        "status_after": said.status_after,
        "why": said.why,
        "policy": said.policy,
        "conflict_id": said.conflict_id,
        "run_id": said.run_id,
        "outcome": row.outcome.value,
        "error": row.error,
    }


def of_item(item: PlanItem) -> Row:
    """What a plan would do to one user; `after` is None where nothing may be written."""
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
        "outcome": item.outcome,
    }


def of_run(run: Run) -> Row:
    """A run without its items."""
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
        "of_run": run.of_run,
        "error": run.error,
        "applied_by": run.applied_by,
        "applied_at": isoformat(run.applied_at),
    }


def of_user(user: KnownUser) -> Row:
    """A user as last seen; `unknown` are flags that could not be read."""
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
        "in_recording_group": record.in_recording_group,
        "status": record.status,
        "message": record.message,
        "modified_at": isoformat(record.modified_at),
        "modified_by": record.modified_by,
        "looked_at": isoformat(user.looked_at),
    }


def of_explanation(made: Explanation) -> Row:
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


def of_brake(brake: Brake) -> Row:
    """A brake as programs see it."""
    return {
        "org": brake.org,
        "tripped_at": isoformat(brake.tripped_at),
        "tripped_by": brake.tripped_by,
        "reason": brake.reason,
        "users": brake.users,
        "licenses": brake.licenses,
        "sentence": _sentence(brake),
    }


def _sentence(brake: Brake) -> str:
    licenses, users = counted(brake.licenses, "license"), counted(brake.users, "user")
    return (
        f"THE BRAKE HOLDS: {brake.reason} Nothing is removed; {licenses} of {users} wait so far. "
        f"Look at `license-sync brake show {brake.org}`, then `brake release {brake.org}`."
    )
