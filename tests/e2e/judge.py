"""What must be true of an org in the end, judged by the order of what really happened there.

Which interface a user in conflict keeps is the one held when the request became a conflict.
Every write of the program must be what the rules say about a state the record was in just
before, and a history row that was there before it must announce it.
"""

import sqlite3
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
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
    """Edited once more after that: now nobody can tell the order from the record, nor whether the
    conflict ended and came back between two looks."""

    def ruling(self, side: Names | None = None) -> Ruling:
        """The rules for this state; with another side held than the one kept, if one is given."""
        kept = self.kept if side is None else side
        held = self.held if kept is None else self.held - BOTH | kept
        return rule(self.asked, held, active=self.active)

    def rulings(self) -> list[Ruling]:
        """All that may be: more than one only where the order cannot be known."""
        return [self.ruling(side) for side in SIDES] if self.doubtful else [self.ruling()]

    def after(self, now: "State", *, own: bool, decided: Names) -> "State":
        """`now`, with the conflict that it is in; `decided` is the request last decided on."""
        if not is_conflict(now.asked, now.held, active=now.active):
            return replace(now, crossed=self.crossed and not own)
        if self.kept is None:
            return replace(now, kept=now.held & BOTH, doubtful=self.crossed)
        if own:
            return replace(now, kept=self.kept, crossed=not decided >= BOTH, doubtful=self.doubtful)
        doubtful = self.doubtful or self.crossed
        return replace(now, kept=self.kept, crossed=self.crossed, doubtful=doubtful)


@dataclass(frozen=True)
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
        now = state_of(self.record, float(change["at"]))
        if own:
            self._note_write(change, now)
        else:
            self.edits += 1
        decided = from_letters(self.record.get("License_Sync_Decided__c"))
        self.states.append(self.last.after(now, own=own, decided=decided))

    def _note_write(self, change: Mapping[str, Any], now: State) -> None:
        flagged = any(name.startswith("Effective_") for name in change["after"])
        status = self.record.get("License_Sync_Status__c")
        self.writes.append(Write(now.at, now.held, status, flagged))
        known = lately(self.states, now.at)
        if flagged and not any(now.held == r.effective for s in known for r in s.rulings()):
            self.unexplained.append(f"became {sorted(now.held)} from {known[-3:]}")


def lately(states: Sequence[State], at: float) -> list[State]:
    """The states that a record was in at any time of the LATE_SECONDS before."""
    ends = [*(state.at for state in states[1:]), at]
    return [s for s, end in zip(states, ends, strict=True) if end >= at - LATE_SECONDS]


def state_of(record: Mapping[str, Any], at: float) -> State:
    """A record at one moment, as if there had been nothing before."""
    asked, held = flags(record, "Requested"), flags(record, "Effective")
    return State(at, asked, held, bool(record["IsActive"]))


@dataclass
class Verdict:
    """What is wrong, and what was counted on the way."""

    wrong: list[str] = field(default_factory=list)
    figures: Counter[str] = field(default_factory=Counter)


def follow(org: Salesforce, start: Mapping[str, Mapping[str, Any]]) -> dict[str, Followed]:
    """Follow every user from what it was at the start through all changes since."""
    users = {}
    for user_id, record in start.items():
        first = state_of(record, 0.0)
        users[user_id] = Followed(dict(record), [first.after(first, own=True, decided=BOTH)])
    by_program = org.facts_now()["integration_id"]
    for change in org.changes(since_of(start)):
        if change["id"] in users:
            users[change["id"]].see(change, own=change["by"] == by_program)
    return users


def since_of(start: Mapping[str, Mapping[str, Any]]) -> int:
    """The last change that a snapshot includes."""
    return max((int(user["_seq"]) for user in start.values()), default=0)


def judge(org: Salesforce, program: Program, start: Mapping[str, Mapping[str, Any]]) -> Verdict:
    """Compare records, log and history with what the events say they must be."""
    verdict = Verdict()
    users, records = follow(org, start), org.users()
    for user_id, user in users.items():
        if flags(records[user_id], "Effective") != user.last.held:
            verdict.wrong.append(f"{user_id}: the record is not what its changes say")
        _judge_user(verdict, user_id, user)
    _judge_log(verdict, users, program.json("conflicts", "list"))
    history = history_since(program, org.changed_at(since_of(start)))
    for user_id, user in users.items():
        _judge_history(verdict, user_id, user, history.get(user_id, []))
    return verdict


def _judge_user(verdict: Verdict, user_id: str, user: Followed) -> None:
    last = user.last
    verdict.figures["inactive"] += not last.active
    verdict.figures["doubtful"] += last.doubtful
    verdict.figures["doubtful and other side"] += last.held != last.ruling().effective
    verdict.figures["writes"] += len(user.writes)
    verdict.figures["users written"] += bool(user.writes)
    if last.held not in [ruling.effective for ruling in last.rulings()]:
        verdict.wrong.append(f"{user_id} does not hold what the rules say: {last}")
    verdict.wrong += [f"{user_id}: {what}" for what in user.unexplained]


def _judge_log(
    verdict: Verdict, users: Mapping[str, Followed], listed: Iterable[Mapping[str, Any]]
) -> None:
    """The open entries are exactly those of the rules; nobody is parked."""
    said: dict[str, set[str]] = defaultdict(set)
    for entry in listed:
        verdict.figures[f"{entry['kind']} entries"] += 1
        if entry["kind"] == "parked":
            verdict.wrong.append(f"{entry['user_id']} is parked: {entry['message']}")
        else:
            said[entry["user_id"]].add(entry["code"])
    for user_id, user in users.items():
        if said[user_id] not in [ruling.codes for ruling in user.last.rulings()]:
            must = sorted(user.last.ruling().codes)
            verdict.wrong.append(f"{user_id}: the log says {sorted(said[user_id])}, not {must}")


def history_since(program: Program, since: float) -> dict[str, list[dict[str, Any]]]:
    """The program's history by user, oldest first."""
    found: dict[str, list[dict[str, Any]]] = defaultdict(list)
    for row in _history(program):
        row["at"] = datetime.fromisoformat(row["at"]).replace(tzinfo=UTC).timestamp()
        row["held"] = from_letters(row["held_after"])
        if row["at"] > since:
            found[row["user_id"]].append(row)
    return found


def _history(program: Program) -> Iterator[dict[str, Any]]:
    with program.reading() as database:
        database.row_factory = sqlite3.Row
        yield from map(dict, database.execute("SELECT * FROM history ORDER BY id"))


def _judge_history(
    verdict: Verdict, user_id: str, user: Followed, rows: list[dict[str, Any]]
) -> None:
    """Each write has a row of its own that was there before; each confirmed row has its write."""
    free = [row for row in rows if row["outcome"] not in ("refused", "not sent")]
    free.sort(key=lambda row: row["outcome"] != "confirmed")
    for write in user.writes:
        row = next((row for row in free if _announces(row, write)), None)
        if row is None:
            verdict.wrong.append(f"{user_id}: no history row announces {write}")
        else:
            free.remove(row)
    left = [row["id"] for row in free if row["outcome"] == "confirmed"]
    verdict.wrong += [f"{user_id}: row {id_} says written, it was not" for id_ in left]
    unsure = sum(row["outcome"] in ("unknown", "intended") for row in rows)
    verdict.figures["writes without an answer"] += unsure
    flagged = sum(write.changed_flags for write in user.writes)
    if flagged > user.edits + unsure:
        verdict.wrong.append(f"{user_id}: {flagged} writes, {user.edits} edits, {unsure} unsure")


def _announces(row: Mapping[str, Any], write: Write) -> bool:
    as_said = row["status_after"] == write.status and row["held"] == write.held
    return bool(as_said and row["at"] <= write.at)


def batches(program: Program, since: float) -> list[int]:
    """How many users each batch wrote: the intents of a batch are noted at the same moment."""
    rows = [row for user in history_since(program, since).values() for row in user]
    return list(Counter(row["at"] for row in rows).values())
