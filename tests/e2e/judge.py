"""What must be true of an org in the end, read from rules.md and from the order of events there.

Nothing of `sync` decides here. Which interface a user in conflict keeps is judged by the order of
what really happened: the one held when the request became a conflict.
"""

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from tests.e2e.harness import FIELDS, Program, Salesforce

BOTH = frozenset({"Freedom", "SCV"})
OPTIONAL = frozenset({"PBX", "ContactCenter", "Record", "Insight"})
LETTERS = dict(zip(FIELDS, "CFSBQRPI", strict=True))
DECIDED = "License_Sync_Decided__c"
CROSSING_SECONDS = 6.0
"""A write this soon after somebody left may have been decided on before."""

Flags = frozenset[str]


def flags(record: Mapping[str, Any], kind: str) -> Flags:
    """What a record `Requested` or what is `Effective`."""
    return frozenset(n for n, f in FIELDS.items() if record.get(f"{kind}_{f}__c"))


def code(requested: Flags) -> str:
    """How a record says which request was decided on: the formula field of sfdx/ has it."""
    return "".join(LETTERS[n] for n in FIELDS if n in requested) or "-"


@dataclass
class User:
    """One user, followed through the events."""

    requested: Flags
    held: Flags
    active: bool
    kept: Flags | None = None
    """What was held when the request became a conflict; None while it is none."""
    crossed: bool = False
    """A write decided on an older request landed while both sides were requested."""
    doubtful: bool = False
    """Somebody edited again after that, before it was settled: either side is right."""
    left_at: float = 0.0
    stays: Flags = frozenset()
    """Requested and held ever since the user was made inactive."""
    may_hold: Flags = frozenset()
    """Held when the user was made inactive, or written by what was on its way then."""

    def edit(self, requested: Flags, *, active: bool, at: float) -> None:
        """A person's edit."""
        self.doubtful = self.doubtful or self.crossed
        if self.active and not active:
            self.left_at, self.stays, self.may_hold = at, self.held, self.held
        self.requested, self.active = requested, active
        self.stays &= requested
        if not self.in_conflict:
            self.kept = None
        elif self.kept is None:
            self.kept = self.held & BOTH

    def write(self, held: Flags, decided: str, at: float) -> None:
        """A write of the program; `decided` is the request that the record then says it is for."""
        self.held = held
        if not self.active and at - self.left_at < CROSSING_SECONDS:
            self.may_hold |= held
        if decided != code(self.requested):
            self.crossed = self.crossed or self.kept is not None
            return
        self.crossed = False
        if self.kept is None:
            self.doubtful = False

    @property
    def in_conflict(self) -> bool:
        """Both sides are requested, by somebody who may have either."""
        held = self.held & BOTH if self.kept is None else self.kept
        return self.requested >= BOTH and (self.active or held == BOTH)

    def allowed(self) -> list[Flags]:
        """What an active user may hold: an org with SCV, without PCI and lone CTI."""
        sides = [self.requested & BOTH]
        if self.kept is not None:
            sides = [self.kept]
            if self.doubtful:
                sides = [frozenset(), frozenset({"Freedom"}), frozenset({"SCV"}), BOTH]
        return [with_cti(self.requested & OPTIONAL | side) for side in sides]

    def inactive_fault(self, held: Flags) -> str | None:
        """What is wrong with what an inactive user holds; None if nothing is."""
        if held != with_cti(self.requested & held & (OPTIONAL | BOTH)):
            return "holds what was not requested or does not go together"
        if held >= BOTH and not self.may_hold >= BOTH:
            return "holds both sides"
        if held - {"CTI"} - self.may_hold:
            return "gained a license while inactive"
        lost = (self.stays & (OPTIONAL | BOTH)) - held
        if lost & OPTIONAL or (lost and not self.stays >= BOTH and not self.doubtful):
            return f"lost {sorted(lost)} while inactive"
        return None


def with_cti(granted: Flags) -> Flags:
    """Freedom brings CTI."""
    return granted | {"CTI"} if "Freedom" in granted else granted


@dataclass
class Verdict:
    """What is wrong, and what was counted on the way."""

    wrong: list[str] = field(default_factory=list)
    figures: Counter[str] = field(default_factory=Counter)


def follow(
    changes: Iterable[Mapping[str, Any]], start: Mapping[str, Mapping[str, Any]], by: str
) -> dict[str, User]:
    """Follow every user from what it was at the start; `by` is the user the program writes as."""
    users: dict[str, User] = {}
    records = {user_id: dict(record) for user_id, record in start.items()}
    for user_id, record in records.items():
        user = User(frozenset(), flags(record, "Effective"), active=bool(record["IsActive"]))
        user.stays = user.may_hold = user.held
        user.edit(flags(record, "Requested"), active=user.active, at=0.0)
        users[user_id] = user
    for change in changes:
        if change["id"] not in users:
            continue
        record, user = records[change["id"]], users[change["id"]]
        record.update(change["after"])
        at = float(change["at"])
        if change["by"] != by or flags(record, "Requested") != user.requested:
            user.edit(flags(record, "Requested"), active=bool(record["IsActive"]), at=at)
        if change["by"] == by:
            user.write(flags(record, "Effective"), str(record[DECIDED] or ""), at)
    return users


def judge(org: Salesforce, program: Program, start: Mapping[str, Mapping[str, Any]]) -> Verdict:
    """Compare records and log with what the events say they must be."""
    verdict = Verdict()
    by = org.facts_now()["integration_id"]
    since = max((int(u["_seq"]) for u in start.values()), default=0)
    users, records = follow(org.changes(since), start, by), org.users()
    log: dict[str, list[Mapping[str, Any]]] = {}
    for entry in program.json("conflicts", "list"):
        log.setdefault(entry["user_id"], []).append(entry)
    for user_id, user in users.items():
        for fault in _faults(user, records[user_id], log.pop(user_id, [])):
            verdict.wrong.append(f"{user_id}: {fault}; {user}")
        verdict.figures["conflicts"] += user.in_conflict
        verdict.figures["doubtful"] += user.kept is not None and user.doubtful
        verdict.figures["inactive"] += not user.active
    verdict.wrong += [f"an entry for {user_id}, whom nobody knows" for user_id in log]
    return verdict


def _faults(
    user: User, record: Mapping[str, Any], entries: Iterable[Mapping[str, Any]]
) -> Iterable[str]:
    held = flags(record, "Effective")
    if held != user.held:
        yield "the events do not lead to the record"
    if user.active and held not in user.allowed():
        yield f"holds {sorted(held)}"
    elif not user.active and (fault := user.inactive_fault(held)):
        yield f"{fault}: {sorted(held)}"
    if (record[DECIDED] or "-") != code(user.requested):
        yield f"says it was decided for {record[DECIDED]}"
    logged = {e["code"] for e in entries}
    if "conflict" in {e["kind"] for e in entries} and not user.in_conflict:
        yield "is logged as a conflict"
    if any(e["status"] != "open" for e in entries):
        yield f"is logged as {[e.get('status') for e in entries]}"
    named = frozenset(n for e in entries if e["kind"] == "refusal" for n in e["licenses"])
    refused = user.requested - held - (BOTH if user.in_conflict else frozenset())
    if named != refused:
        yield f"refused is {sorted(refused)}, the log says {sorted(named)}"
    if user.active and logged != _codes(user, held):
        yield f"the log says {sorted(logged)}, not {sorted(_codes(user, held))}"


def _codes(user: User, held: Flags) -> set[str]:
    """What the log must say of an active user."""
    codes = set()
    if user.in_conflict:
        codes.add("both_held" if held >= BOTH else "mutually_exclusive")
    if "CTI" in user.requested - held:
        codes.add("needs_freedom")
    if "PCI" in user.requested:
        codes.add("not_in_use")
    return codes
