"""I4: the conflict log against the decisions that the rules demand."""

from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from itertools import pairwise
from math import inf

from tests.chaos.books import seconds
from tests.chaos.checks.evidence import Evidence, Row
from tests.chaos.checks.following import Trail
from tests.chaos.checks.history import CLOCK_STEP
from tests.chaos.checks.records import CONFLICTS
from tests.chaos.checks.verdict import Verdict, listed
from tests.e2e.judge import State, flags, from_letters
from tests.e2e.ruling import is_conflict

READ_BEFORE = 60.0
"""How long before an entry was booked its record may have been read."""

LIVING = ("open", "deciding", "dismissed")


def check_log(verdict: Verdict, evidence: Evidence, trails: Mapping[str, Trail]) -> None:
    """Which entries live, what they keep, and how each follows from the one before it."""
    by_user: dict[str, list[Row]] = defaultdict(list)
    for row in sorted(evidence.conflicts, key=lambda row: int(row["id"])):
        by_user[row["user_id"]].append(row)
    for user_id, trail in trails.items():
        _check_living(verdict, evidence, user_id, trail.last, by_user[user_id])
        _check_grounds(verdict, user_id, trail, by_user[user_id])
        _check_succession(verdict, user_id, by_user[user_id])


def _check_living(
    verdict: Verdict, evidence: Evidence, user_id: str, last: State, rows: Sequence[Row]
) -> None:
    living = [row for row in rows if row["status"] in LIVING]
    codes = Counter(row["code"] for row in living)
    for code, times in codes.items():
        if times > 1:
            verdict.broken("I4", f"{user_id} has {times} living entries of {code}", user_id)
    demanded = [ruling.codes for ruling in last.rulings()]
    if set(codes) not in demanded:
        _say_difference(verdict, user_id, set(codes), demanded[0])
    for row in living:
        verdict.figures[f"{row['kind']}s_{row['status']}"] += 1
        _check_entry(verdict, evidence, last, row)


def _say_difference(verdict: Verdict, user_id: str, said: set[str], must: frozenset[str]) -> None:
    verdict.figures["conflicts_missing"] += len(must - said)
    verdict.figures["conflicts_extra"] += len(said - must)
    verdict.broken("I4", f"{user_id}: the log says {listed(said)}, not {listed(must)}", user_id)


def _check_entry(verdict: Verdict, evidence: Evidence, last: State, row: Row) -> None:
    user_id = row["user_id"]
    if row["status"] == "deciding":
        verdict.broken(
            "I4", f"{user_id}: entry {row['id']} was decided and not carried out", user_id
        )
    if row["code"] in CONFLICTS and not last.doubtful and from_letters(row["kept"]) != last.kept:
        said = f"keeps {listed(from_letters(row['kept']))}, not {listed(last.kept or ())}"
        verdict.broken("I4", f"{user_id}: entry {row['id']} {said}", user_id)
    if row["status"] == "dismissed":
        record, its = evidence.end[user_id], from_letters(row["licenses"])
        moved = (flags(record, "Requested") ^ from_letters(row["requested"])) | (
            flags(record, "Effective") ^ from_letters(row["held"])
        )
        if moved & its:
            said = f"{user_id}: entry {row['id']} is put aside although {listed(moved & its)} moved"
            verdict.broken("I4", said, user_id)


def _check_grounds(verdict: Verdict, user_id: str, trail: Trail, rows: Sequence[Row]) -> None:
    """A conflict that was ever in the log was one when it was opened, or not long before that."""
    extra = [row["id"] for row in rows if row["code"] in CONFLICTS and not _was_one(trail, row)]
    verdict.figures["conflicts_extra"] += len(extra)
    for entry_id in extra:
        said = f"{user_id}: entry {entry_id} is a conflict that never was one"
        verdict.broken("I4", said, user_id)


def _check_succession(verdict: Verdict, user_id: str, rows: Sequence[Row]) -> None:
    """What comes back points to what went before."""
    for code in {row["code"] for row in rows}:
        for older, newer in pairwise([row for row in rows if row["code"] == code]):
            if newer["previous_id"] != older["id"]:
                said = f"{user_id}: entry {newer['id']} does not point to {older['id']} before it"
                verdict.broken("I4", said, user_id)


def _was_one(trail: Trail, row: Row) -> bool:
    """Whether a state that may have been read for this entry was a conflict."""
    opened = seconds(row["opened_at"])
    ends = [*(state.at for state in trail.states[1:]), inf]
    return any(
        is_conflict(state.asked, state.held, active=state.active)
        for state, end in zip(trail.states, ends, strict=True)
        if state.at <= opened + CLOCK_STEP and end >= opened - READ_BEFORE
    )
