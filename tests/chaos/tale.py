"""A small run that never happened, in which everything is right: for tests of the checker.

Whoever tells it edits, writes and opens entries as the program should; a test then spoils
something.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from tests.chaos.checks.evidence import CalmEdit, Evidence, Reconciled
from tests.e2e.harness import FIELDS

OWN, ADMIN = "005own", "005admin"
LETTERS = dict(zip(FIELDS, "CFSBQRPI", strict=True))
START = 1_700_000_000.0


def letters(*names: str) -> str:
    """Licenses as the store keeps them."""
    return "".join(letter for name, letter in LETTERS.items() if name in names) or "-"


def requested(**names: bool) -> dict[str, object]:
    """Requested flags of a record, by license."""
    return {f"Requested_{FIELDS[name]}__c": on for name, on in names.items()}


def effective(**names: bool) -> dict[str, object]:
    """Effective flags of a record, by license."""
    return {f"Effective_{FIELDS[name]}__c": on for name, on in names.items()}


def said(status: str, *decided: str) -> dict[str, object]:
    """What is written on a record about a decision."""
    return {"License_Sync_Status__c": status, "License_Sync_Decided__c": letters(*decided)}


@dataclass
class Tale:
    """What happened, second by second."""

    now: float = START
    start: dict[str, dict[str, Any]] = field(default_factory=dict)
    records: dict[str, dict[str, Any]] = field(default_factory=dict)
    changes: list[dict[str, Any]] = field(default_factory=list)
    history: list[dict[str, Any]] = field(default_factory=list)
    conflicts: list[dict[str, Any]] = field(default_factory=list)
    pending: list[dict[str, Any]] = field(default_factory=list)
    brakes: list[dict[str, Any]] = field(default_factory=list)
    listed: list[dict[str, Any]] = field(default_factory=list)
    calm: list[CalmEdit] = field(default_factory=list)
    secrets: list[str] = field(default_factory=list)
    reconciled: Reconciled | None = None

    def user(self, user_id: str, **fields: object) -> str:
        """Somebody who requests and holds nothing, as far as `fields` do not say otherwise."""
        nothing = dict.fromkeys(FIELDS, False)
        record = requested(**nothing) | effective(**nothing) | said("In sync")
        record |= {"Id": user_id, "Username": user_id, "IsActive": True, "_seq": 0} | fields
        self.start[user_id], self.records[user_id] = dict(record), dict(record)
        return user_id

    def edit(self, user_id: str, fields: Mapping[str, object]) -> None:
        """An admin edits."""
        self._change(user_id, ADMIN, fields)

    def write(self, user_id: str, fields: Mapping[str, object], **row: Any) -> None:
        """We write what differs, after a row that says so; `row` replaces parts of that."""
        now = self.records[user_id] | dict(fields)
        self.history.append(
            {
                "id": len(self.history) + 1,
                "user_id": user_id,
                "at": datetime.fromtimestamp(self.now - 0.1, UTC),
                "cause": "poll",
                "actor": ADMIN,
                "policy": "natterbox-2022",
                "requested_before": _held(self.records[user_id], "Requested"),
                "requested_after": _held(now, "Requested"),
                "held_before": _held(self.records[user_id], "Effective"),
                "held_after": _held(now, "Effective"),
                "status_after": now["License_Sync_Status__c"],
                "conflict_id": None,
                "outcome": "confirmed",
                "error": None,
                **row,
            }
        )
        self._change(user_id, OWN, fields)

    def entry(self, user_id: str, code: str = "mutually_exclusive", **row: Any) -> dict[str, Any]:
        """The log gets an entry; `row` replaces parts of it."""
        found: dict[str, Any] = dict.fromkeys(
            ("decided_by", "decided_keep", "decided_requested", "decided_held", "how", "note")
        )
        found |= {
            "id": len(self.conflicts) + 1,
            "user_id": user_id,
            "kind": "conflict" if code == "mutually_exclusive" else "refusal",
            "code": code,
            "status": "open",
            "licenses": letters("Freedom", "SCV"),
            "requested": _held(self.records[user_id], "Requested"),
            "held": _held(self.records[user_id], "Effective"),
            "kept": "-",
            "previous_id": None,
            "opened_at": datetime.fromtimestamp(self.now, UTC),
            **row,
        }
        self.conflicts.append(found)
        return found

    def park(
        self, user_id: str, code: str = "FIELD_CUSTOM_VALIDATION_EXCEPTION", **row: Any
    ) -> None:
        """The user is parked, and people see it."""
        why = {"error_code": code, "error_reason": "A rule says no.", "braked": "-"}
        when = datetime.fromtimestamp(self.now, UTC)
        base = {"user_id": user_id, "parked_at": when, "due_at": when, "noticed_at": when}
        self.pending.append(base | {"cause": "poll", "attempts": 1} | why | row)
        self.listed.append({"user_id": user_id, "kind": "parked"})

    def evidence(self) -> Evidence:
        """What the checker gets to see."""
        return Evidence(
            own_id=OWN,
            start=self.start,
            end=self.records,
            changes=self.changes,
            conflicts=self.conflicts,
            history=self.history,
            pending=self.pending,
            brakes=self.brakes,
            listed=self.listed,
            reconciled=self.reconciled or Reconciled(len(self.records), 0),
            calm=self.calm,
            secrets=self.secrets,
        )

    def _change(self, user_id: str, by: str, fields: Mapping[str, object]) -> None:
        record = self.records[user_id]
        moved = {name: value for name, value in fields.items() if record.get(name) != value}
        before = {name: record.get(name) for name in moved}
        change = {"id": user_id, "by": by, "at": self.now, "before": before, "after": moved}
        self.changes.append(change)
        record.update(moved)
        self.now += 1


def _held(record: Mapping[str, Any], kind: str) -> str:
    return letters(*(name for name, stem in FIELDS.items() if record.get(f"{kind}_{stem}__c")))
