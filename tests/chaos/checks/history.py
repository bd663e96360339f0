"""I3 and I7: which fields were written, and what the history says of each write."""

from collections import defaultdict
from collections.abc import Mapping, Sequence

from tests.chaos.books import seconds
from tests.chaos.checks.evidence import Evidence, Row
from tests.chaos.checks.following import Trail, Written, written_flags
from tests.chaos.checks.verdict import Verdict, listed
from tests.e2e.harness import FIELDS
from tests.e2e.judge import from_letters

OWNED = frozenset(
    {f"Effective_{field}__c" for field in FIELDS.values()}
    | {f"License_Sync_{name}__c" for name in ("State", "Status", "Message", "Decided")}
)
REQUESTS = frozenset(f"Requested_{field}__c" for field in FIELDS.values())
CLOCK_STEP = 0.002
"""SQLite tells milliseconds."""

LATE_SECONDS = 200.0
"""A write may land so long after its row: a batch sends for 45 s, and a call has two minutes."""

BY_PERSON = "decided in the conflict log"

_NEVER_WRITTEN = ("refused", "not sent", "not_sent")
_SAYS = ("cause", "actor", "policy", "status_after")


def check_history(verdict: Verdict, evidence: Evidence, trails: Mapping[str, Trail]) -> None:
    """Each write has a row of its own from before it, each confirmed row its write."""
    entries = {row["id"]: row for row in evidence.conflicts}
    rows: dict[str, list[Row]] = defaultdict(list)
    for row in evidence.history:
        rows[row["user_id"]].append(row)
    for user_id, trail in trails.items():
        verdict.figures["writes"] += len(trail.writes)
        for write in trail.writes:
            _check_fields(verdict, user_id, write)
        sent = [row for row in rows[user_id] if row["outcome"] not in _NEVER_WRITTEN]
        _check_matched(verdict, user_id, trail.writes, sent, entries)
    for entry in evidence.conflicts:
        if entry["how"] == BY_PERSON and entry["user_id"] in trails:
            _check_carried_out(verdict, trails[entry["user_id"]], entry)


def _check_carried_out(verdict: Verdict, trail: Trail, entry: Row) -> None:
    """What the log books as a person's decision was written."""
    if not any(_is_decided_so(w, entry) for w in trail.writes if w.changes_requests):
        user_id = entry["user_id"]
        said = f"{user_id}: entry {entry['id']} is booked as decided, and nothing was written"
        verdict.broken("I4", said, user_id)


def _check_fields(verdict: Verdict, user_id: str, write: Written) -> None:
    strange = set(write.after) - OWNED - REQUESTS
    if strange:
        said = f"{user_id}: {listed(strange)} was written, which is not ours"
        verdict.broken("I3", said, user_id)


def _check_matched(
    verdict: Verdict,
    user_id: str,
    writes: Sequence[Written],
    rows: Sequence[Row],
    entries: Mapping[int, Row],
) -> None:
    fits = [[_announces(row, write) for row in rows] for write in writes]
    row_of = _matching(fits)
    for number, write in enumerate(writes):
        if number not in row_of:
            verdict.figures["writes_without_history"] += 1
            said = f"{user_id}: no history row announces {dict(write.after)} at {write.at:.3f}"
            verdict.broken("I7", said, user_id)
        else:
            _check_row(verdict, user_id, write, rows[row_of[number]])
        if write.changes_requests:
            some = [row for row, fit in zip(rows, fits[number], strict=True) if fit]
            _check_person(verdict, user_id, write, some, entries)
    confirmed = [number for number, row in enumerate(rows) if row["outcome"] == "confirmed"]
    write_of = _matching([[fit[number] for fit in fits] for number in confirmed])
    for place, number in enumerate(confirmed):
        if place not in write_of:
            said = f"{user_id}: row {rows[number]['id']} says written, and it was not"
            verdict.broken("I7", said, user_id)


def _check_row(verdict: Verdict, user_id: str, write: Written, row: Row) -> None:
    missing = [name for name in _SAYS if not row[name]]
    if missing:
        verdict.broken("I7", f"{user_id}: row {row['id']} does not say its {missing}", user_id)


def _check_person(
    verdict: Verdict,
    user_id: str,
    write: Written,
    rows: Sequence[Row],
    entries: Mapping[int, Row],
) -> None:
    """A request is written for a decision that a person made on the record as it was."""
    named = [entries[row["conflict_id"]] for row in rows if row["conflict_id"] in entries]
    if not any(_is_decided_so(write, entry) for entry in named if entry["decided_by"]):
        said = f"{user_id}: a request was written that nobody decided on: {dict(write.after)}"
        verdict.broken("I3", said, user_id)


def _is_decided_so(write: Written, entry: Row) -> bool:
    before, its = write.before, from_letters(entry["licenses"])
    seen = from_letters(entry["decided_requested"]), from_letters(entry["decided_held"])
    decided = seen[0] - (its - from_letters(entry["decided_keep"]))
    return seen == (before.asked, before.held) and write.now.asked == decided


def _announces(row: Row, write: Written) -> bool:
    """Whether the row was there before the write, and says what it changed."""
    age = write.at - seconds(row["at"])
    if not -CLOCK_STEP <= age <= LATE_SECONDS or row["status_after"] != write.status:
        return False
    held, asked = from_letters(row["held_after"]), from_letters(row["requested_after"])
    after = written_flags(write.after)
    if any((name in held) != on for name, on in after.items()):
        return False
    if write.changes_requests and asked != write.now.asked:
        return False
    decided = write.after.get("License_Sync_Decided__c")
    return decided is None or from_letters(decided) == asked


def _matching(fits: Sequence[Sequence[bool]]) -> dict[int, int]:
    """A greatest matching, left to right: two rows may fit one write, and one of them another."""
    left_of: dict[int, int] = {}

    def place(left: int, tried: set[int]) -> bool:
        for right, fit in enumerate(fits[left]):
            if fit and right not in tried:
                tried.add(right)
                if right not in left_of or place(left_of[right], tried):
                    left_of[right] = left
                    return True
        return False

    for left in range(len(fits)):
        place(left, set())
    return {left: right for right, left in left_of.items()}
