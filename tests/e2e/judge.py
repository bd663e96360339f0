"""What must be true of an org in the end, judged by the order of what really happened there.

Which interface a user in conflict keeps is the one held when the request became a conflict.
Every write of the program must be what the rules say about a state the record was in just
before, and a history row that was there before it must announce it.
"""

import sqlite3
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from itertools import combinations
from typing import Any

from tests.e2e.harness import FIELDS, Program, Salesforce
from tests.e2e.ruling import BOTH, Names, Ruling, is_conflict, rule

LATE_SECONDS = 45.0
"""A write may be decided on what the record was this long ago: a lease, and some."""

SIDES = tuple(frozenset(c) for size in range(3) for c in combinations(sorted(BOTH), size))
_LETTERS = dict(zip("CFSBQRPI", FIELDS, strict=True))


def flags(record: Mapping[str, Any], kind: str) -> Names:
    """What a record `Requested` or what is `Effective`."""
    return frozenset(n for n, f in FIELDS.items() if record.get(f"{kind}_{f}__c"))


def from_letters(code: str | None) -> Names:
    """What the program notes as one letter a license."""
    return frozenset(_LETTERS[letter] for letter in (code or "-") if letter != "-")


@dataclass(frozen=True)
class State:
    """A user at one moment. `kept` is the side of its conflict, None where there is none."""

    at: float
    asked: Names
    held: Names
    active: bool
    kept: Names | None = None
    crossed: bool = False
    """A write decided before the conflict landed after it, and is not taken back yet."""
    doubtful: bool = False
    """Edited once more after that: now nobody can tell the order from the record."""

    def ruling(self, side: Names | None = None) -> Ruling:
        """The rules for this state; with another side held than the one kept, if one is given."""
        kept = self.kept if side is None else side
        held = self.held if kept is None else self.held - BOTH | kept
        return rule(self.asked, held, active=self.active)

    def rulings(self) -> list[Ruling]:
        """All that may be: more than one only where the order cannot be known."""
        return [self.ruling(s) for s in SIDES] if self.doubtful else [self.ruling()]


@dataclass
class Write:
    """One write of the program, as the org committed it."""

    at: float
    held: Names
    status: str | None
    changed_flags: bool


@dataclass
class Followed:
    """One user through the events."""

    record: dict[str, Any]
    states: list[State]
    writes: list[Write] = field(default_factory=list)
    edits: int = 0
    unexplained: list[str] = field(default_factory=list)

    @property
    def last(self) -> State:
        return self.states[-1]

    def see(self, change: Mapping[str, Any], *, own: bool) -> None:
        """One change, in its order."""
        self.record.update(change["after"])
        before, at = self.last, float(change["at"])
        now = replace(
            before,
            at=at,
            asked=flags(self.record, "Requested"),
            held=flags(self.record, "Effective"),
            active=bool(self.record["IsActive"]),
        )
        if own:
            self._note_write(change, now)
            decided = from_letters(self.record.get("License_Sync_Decided__c"))
            if before.kept is not None:
                now = replace(now, crossed=not decided >= BOTH)
        else:
            self.edits += 1
            now = replace(now, doubtful=before.doubtful or before.crossed)
        self.states.append(_with_conflict(now))

    def _note_write(self, change: Mapping[str, Any], now: State) -> None:
        flagged = any(name.startswith("Effective_") for name in change["after"])
        self.writes.append(
            Write(now.at, now.held, self.record.get("License_Sync_Status__c"), flagged)
        )
        known = [s for s in self.states if s.at >= now.at - LATE_SECONDS] or self.states[-1:]
        if flagged and not any(now.held == r.effective for s in known for r in s.rulings()):
            self.unexplained.append(f"became {sorted(now.held)} from {known[-3:]}")


def _with_conflict(now: State) -> State:
    if not is_conflict(now.asked, now.held, active=now.active):
        return replace(now, kept=None, crossed=False, doubtful=False)
    return now if now.kept is not None else replace(now, kept=now.held & BOTH)


@dataclass
class Verdict:
    """What is wrong, and what was counted on the way."""

    wrong: list[str] = field(default_factory=list)
    figures: Counter[str] = field(default_factory=Counter)


def follow(org: Salesforce, start: Mapping[str, Mapping[str, Any]]) -> dict[str, Followed]:
    """Follow every user from what it was at the start through all changes since."""
    users = {}
    for user_id, record in start.items():
        asked, held = flags(record, "Requested"), flags(record, "Effective")
        first = _with_conflict(State(0.0, asked, held, bool(record["IsActive"])))
        users[user_id] = Followed(dict(record), [first])
    by_program = org.facts_now()["integration_id"]
    for change in org.changes(since_of(start)):
        if change["id"] in users:
            users[change["id"]].see(change, own=change["by"] == by_program)
    return users


def since_of(start: Mapping[str, Mapping[str, Any]]) -> int:
    """The last change that a snapshot includes."""
    return max((int(u["_seq"]) for u in start.values()), default=0)


def judge(org: Salesforce, program: Program, start: Mapping[str, Mapping[str, Any]]) -> Verdict:
    """Compare records, log and history with what the events say they must be."""
    verdict = Verdict()
    users, records = follow(org, start), org.users()
    for user_id, user in users.items():
        if flags(records[user_id], "Effective") != user.last.held:
            verdict.wrong.append(f"{user_id}: the record is not what its changes say")
        _judge_user(verdict, user_id, user)
    _judge_log(verdict, users, program.json("conflicts", "list"))
    _judge_history(verdict, users, history_of(program), float(org.changed_at(since_of(start))))
    verdict.figures["writes"] = sum(len(u.writes) for u in users.values())
    verdict.figures["users written"] = sum(bool(u.writes) for u in users.values())
    return verdict


def _judge_user(verdict: Verdict, user_id: str, user: Followed) -> None:
    last = user.last
    if not last.active:
        verdict.figures["inactive"] += 1
    if last.doubtful:
        verdict.figures["doubtful"] += 1
        verdict.figures["doubtful and other side"] += last.held != last.ruling().effective
    if last.held not in [r.effective for r in last.rulings()]:
        verdict.wrong.append(f"{user_id} does not hold what the rules say: {last}")
    verdict.wrong += [f"{user_id}: {what}" for what in user.unexplained]


def _judge_log(
    verdict: Verdict, users: Mapping[str, Followed], listed: Iterable[Mapping[str, Any]]
) -> None:
    """The open entries are exactly those of the rules; nobody is parked."""
    said: dict[str, set[str]] = defaultdict(set)
    for entry in listed:
        if entry["kind"] == "parked":
            verdict.wrong.append(f"{entry['user_id']} is parked: {entry['message']}")
        else:
            said[entry["user_id"]].add(entry["code"])
            verdict.figures[f"{entry['kind']}s"] += 1
    for user_id, user in users.items():
        if said[user_id] not in [r.codes for r in user.last.rulings()]:
            must = sorted(user.last.ruling().codes)
            verdict.wrong.append(f"{user_id}: the log says {said[user_id]}, not {must}")


def history_of(program: Program) -> dict[str, list[dict[str, Any]]]:
    """The program's history by user, oldest first."""
    found: dict[str, list[dict[str, Any]]] = defaultdict(list)
    with program.reading() as database:
        database.row_factory = sqlite3.Row
        for row in database.execute("SELECT * FROM history ORDER BY id"):
            found[row["user_id"]].append(
                dict(row)
                | {
                    "at": datetime.fromisoformat(row["at"]).replace(tzinfo=UTC).timestamp(),
                    "held": from_letters(row["held_after"]),
                }
            )
    return found


def _judge_history(
    verdict: Verdict,
    users: Mapping[str, Followed],
    history: Mapping[str, list[dict[str, Any]]],
    since: float,
) -> None:
    """Each write has a row of its own that was there before; each confirmed row has its write."""
    for user_id, user in users.items():
        rows = [row for row in history.get(user_id, []) if row["at"] > since]
        free = [row for row in rows if row["outcome"] not in ("refused", "not sent")]
        for write in user.writes:
            fitting = [row for row in free if _announces(row, write)]
            if not fitting:
                verdict.wrong.append(f"{user_id}: no history row announces {write}")
                continue
            free.remove(fitting[0])
        left = [row for row in free if row["outcome"] == "confirmed"]
        verdict.wrong += [f"{user_id}: row {row['id']} says written, it was not" for row in left]
        unsure = sum(row["outcome"] in ("unknown", "intended") for row in rows)
        verdict.figures["unanswered writes"] += unsure
        if len(user.writes) > user.edits + unsure:
            verdict.wrong.append(
                f"{user_id}: {len(user.writes)} writes for {user.edits} edits, {unsure} unanswered"
            )


def _announces(row: Mapping[str, Any], write: Write) -> bool:
    as_said = row["status_after"] == write.status and row["held"] == write.held
    return bool(as_said and row["at"] <= write.at)


def batches(program: Program, since: float) -> list[int]:
    """How many users each batch wrote: the intents of a batch are noted at the same moment."""
    sizes = Counter(
        (row["at"], row["org"])
        for rows in history_of(program).values()
        for row in rows
        if row["at"] > since
    )
    return list(sizes.values())


def call_figures(calls: Iterable[Mapping[str, Any]], by: str) -> Counter[str]:
    """Calls of the program by kind, and the records that they carried."""
    figures: Counter[str] = Counter()
    for call in calls:
        if call["user_id"] != by or "/services/data" not in call["path"]:
            continue
        kind = kind_of(call)
        figures[kind] += 1
        figures[f"{kind} records"] += int(call["records"] or 0)
    return figures


def kind_of(call: Mapping[str, Any]) -> str:
    """What a call is for."""
    path = str(call["path"]).rstrip("/").lower()
    if path.endswith("/composite"):
        return "guarded writes"
    if "/composite/sobjects" in path:
        return "writes" if call["method"] == "PATCH" else "re-reads"
    return "polls" if "/query" in path else "other"
