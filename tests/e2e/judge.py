"""What must be true of an org in the end, read from rules.md and from the order of events there.

Nothing of `sync` decides here. Which interface a user in conflict keeps is judged by the order of
what really happened: the one held when the request became a conflict.
"""

import sqlite3
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from tests.e2e.harness import FIELDS, Program, Salesforce

BOTH = frozenset({"Freedom", "SCV"})
INTERFACES = frozenset({"CTI", "Freedom", "SCV"})
OPTIONAL = frozenset({"PBX", "ContactCenter", "Record", "Insight"})


def flags(record: Mapping[str, Any], kind: str) -> frozenset[str]:
    """What a record `Requested` or what is `Effective`."""
    return frozenset(n for n, f in FIELDS.items() if record.get(f"{kind}_{f}__c"))


@dataclass
class User:
    """One user, followed through the events."""

    requested: frozenset[str]
    held: frozenset[str]
    active: bool
    kept: frozenset[str] | None = None
    crossed: bool = False
    """A write decided on an older request landed while both sides were requested."""
    doubtful: bool = False
    """Somebody edited once more after that, so that nobody can tell the order from the record."""

    def edit(self, requested: frozenset[str], active: bool) -> None:
        """A person's edit."""
        self.requested, self.active = requested, active
        self.doubtful = self.doubtful or self.crossed
        if not requested >= BOTH:
            self.kept, self.crossed, self.doubtful = None, False, False
        elif self.kept is None:
            self.kept = self.held & BOTH

    def write(self, held: frozenset[str], decided: str | None) -> None:
        """A write of the program."""
        self.held = held
        if self.kept is not None and decided is not None and not {"F", "S"} <= set(decided):
            self.crossed = True


@dataclass
class Verdict:
    """What is wrong, and what was counted on the way."""

    wrong: list[str] = field(default_factory=list)
    figures: Counter[str] = field(default_factory=Counter)


def follow(org: Salesforce, start: Mapping[str, Mapping[str, Any]]) -> dict[str, User]:
    """Follow every user from what it was at the start through all changes since."""
    users = {
        user_id: User(flags(u, "Requested"), flags(u, "Effective"), bool(u["IsActive"]))
        for user_id, u in start.items()
    }
    records = {user_id: dict(u) for user_id, u in start.items()}
    by_program = org.facts_now()["integration_id"]
    since = max((int(u["_seq"]) for u in start.values()), default=0)
    for change in org.changes(since):
        if change["id"] not in users:
            continue
        record, user = records[change["id"]], users[change["id"]]
        record.update(change["after"])
        if change["by"] != by_program:
            user.edit(flags(record, "Requested"), bool(record["IsActive"]))
            continue
        if flags(record, "Requested") != user.requested:
            user.edit(flags(record, "Requested"), user.active)
        user.write(flags(record, "Effective"), change["after"].get("License_Sync_Decided__c"))
    return users


def expected(user: User, kept: frozenset[str]) -> frozenset[str]:
    """What the rules grant: an org with SCV, without PCI and lone CTI, inactive users kept."""
    asked = user.requested
    if not user.active:
        asked = asked & user.held
        kept = kept & asked if asked >= BOTH else kept
    sides = kept if asked >= BOTH else asked & BOTH
    result = (asked & OPTIONAL) | sides
    return result | {"CTI"} if "Freedom" in result else result


def judge(org: Salesforce, program: Program, start: Mapping[str, Mapping[str, Any]]) -> Verdict:
    """Compare records and log with what the events say they must be."""
    verdict = Verdict()
    users, records = follow(org, start), org.users()
    listed = program.json("conflicts", "list")
    for user_id, user in users.items():
        _judge_user(verdict, user_id, user, records[user_id])
    in_conflict = {i for i, u in users.items() if u.active and u.requested >= BOTH}
    logged = {
        e["user_id"] for e in listed if e["kind"] == "conflict" and users[e["user_id"]].active
    }
    for user_id in in_conflict ^ logged:
        verdict.wrong.append(f"{user_id}: conflict {user_id in in_conflict}, logged otherwise")
    lone = {i for i, u in users.items() if u.active and "CTI" in u.requested - {"Freedom"}}
    lone = {i for i in lone if "CTI" not in flags(records[i], "Effective")}
    refused = {e["user_id"] for e in listed if e["code"] == "needs_freedom"}
    for user_id in lone ^ {i for i in refused if users[i].active}:
        verdict.wrong.append(f"{user_id}: CTI refused {user_id in lone}, logged otherwise")
    parked = [e for e in listed if e["kind"] == "parked"]
    verdict.wrong += [f"{e['user_id']} is parked: {e['message']}" for e in parked]
    verdict.figures["conflicts"] = len(in_conflict)
    return verdict


def _judge_user(verdict: Verdict, user_id: str, user: User, record: Mapping[str, Any]) -> None:
    held = flags(record, "Effective")
    sides = [user.kept or frozenset()]
    if user.doubtful:
        verdict.figures["doubtful"] += 1
        sides = [frozenset(), frozenset({"Freedom"}), frozenset({"SCV"}), BOTH]
    if not user.active:
        verdict.figures["inactive"] += 1
        if not held - {"CTI"} <= user.requested | user.held:
            verdict.wrong.append(f"{user_id} is inactive and gained: {sorted(held)}")
        return
    if held not in [expected(user, side) for side in sides]:
        verdict.wrong.append(
            f"{user_id} holds {sorted(held)}, requested {sorted(user.requested)}, "
            f"kept {user.kept and sorted(user.kept)}, crossed {user.crossed}"
        )


def history_gaps(program: Program, org: Salesforce, since: int) -> list[str]:
    """Writes of the program that no history row explains: more writes of a user than rows."""
    by = org.facts_now()["integration_id"]
    written = Counter(
        change["id"]
        for change in org.changes(since)
        if change["by"] == by and change["object"] == "User"
    )
    with sqlite3.connect(program.database()) as database:
        rows = Counter(dict(database.execute("SELECT user_id, count(*) FROM history GROUP BY 1")))
    return [f"{i}: {n} writes, {rows[i]} rows" for i, n in written.items() if n > rows[i]]


def call_figures(calls: Iterable[Mapping[str, Any]], by: str) -> Counter[str]:
    """Calls of the program by kind, and the records that they carried."""
    figures: Counter[str] = Counter()
    for call in calls:
        if call["user_id"] != by or "/services/data" not in call["path"]:
            continue
        kind = _kind(call)
        figures[kind] += 1
        figures[f"{kind} records"] += int(call["records"] or 0)
    return figures


def _kind(call: Mapping[str, Any]) -> str:
    path = str(call["path"]).rstrip("/").lower()
    if path.endswith("/composite"):
        return "guarded writes"
    if "/composite/sobjects" in path:
        return "writes" if call["method"] == "PATCH" else "re-reads"
    return "polls" if "/query" in path else "other"
