"""I1, I2 and I6: what the records hold in the end, and how they came to it."""

from collections.abc import Mapping

from tests.chaos.checks.evidence import Evidence, Row
from tests.chaos.checks.following import INTERFACES, Trail
from tests.chaos.checks.verdict import Verdict, listed
from tests.e2e.judge import State, flags, from_letters
from tests.e2e.ruling import Ruling

CONFLICTS = frozenset({"mutually_exclusive", "both_held"})
BRAKED = "braked"
EXCUSED = frozenset({"fighting", "held_back"})
"""Why somebody may be parked although all is mended and was tried again."""


def check_records(verdict: Verdict, evidence: Evidence, trails: Mapping[str, Trail]) -> None:
    """The end, user by user; then every write of flags on the way."""
    parked = evidence.parked()
    for user_id, trail in trails.items():
        _check_end(verdict, evidence, user_id, trail, parked.get(user_id))
        for write in trail.unexplained:
            said = f"{user_id} became {listed(write.now.held)}, which follows from no state"
            verdict.broken("I1", f"{said} just before: {write.before}", user_id)
            if write.removed:
                lost = listed(write.removed)
                verdict.broken("I6", f"{user_id} lost {lost} for no reason in its record", user_id)
    _check_nobody_is_gone(verdict, evidence)
    verdict.figures["users"] = len(trails)
    verdict.figures["users_parked"] = len(parked)


def _check_end(
    verdict: Verdict, evidence: Evidence, user_id: str, trail: Trail, parked: Row | None
) -> None:
    record, last = evidence.end.get(user_id, {}), trail.last
    if flags(record, "Effective") != last.held or flags(record, "Requested") != last.asked:
        verdict.broken("I1", f"{user_id}: the record is not what its changes say", user_id)
    verdict.figures["users_doubtful"] += last.doubtful
    if parked is not None and parked["error_code"] == BRAKED:
        _check_braked(verdict, evidence, user_id, last, parked)
    elif last.held not in [ruling.effective for ruling in last.rulings()]:
        _check_wrong(verdict, evidence, user_id, trail, parked)
    elif parked is None and not _is_said(record, last):
        verdict.users["unsettled"].add(user_id)
        said = f"{record.get('License_Sync_Status__c')}, {record.get('License_Sync_Decided__c')}"
        verdict.broken(
            "I1", f"{user_id}: the record does not say what was decided: {said}", user_id
        )
    elif parked is not None:
        _check_visible(verdict, evidence, user_id, parked)


def _check_wrong(
    verdict: Verdict, evidence: Evidence, user_id: str, trail: Trail, parked: Row | None
) -> None:
    """Wrong flags are excused by being parked for a reason that stands, where people see it."""
    verdict.users["unsettled"].add(user_id)
    if parked is not None and parked["error_code"] in EXCUSED:
        _check_visible(verdict, evidence, user_id, parked)
        return
    verdict.users["lost"].add(user_id)
    must = listed(trail.last.ruling().effective)
    verdict.broken("I1", f"{user_id} holds {listed(trail.last.held)}, not {must}", user_id)
    if user_id not in {row["user_id"] for row in evidence.pending}:
        verdict.broken("I2", f"{user_id} is unsettled, and nothing knows of it", user_id)


def _check_visible(verdict: Verdict, evidence: Evidence, user_id: str, parked: Row) -> None:
    shown = {row["user_id"] for row in evidence.listed if row["kind"] == "parked"}
    if user_id not in shown or not parked["error_reason"]:
        verdict.broken("I2", f"{user_id} is parked, and nobody is shown why", user_id)


def _check_braked(
    verdict: Verdict, evidence: Evidence, user_id: str, last: State, parked: Row
) -> None:
    """It keeps exactly what the brake holds; the interfaces wait together."""
    _check_visible(verdict, evidence, user_id, parked)
    verdict.users["braked"].add(user_id)
    kept = from_letters(parked["braked"])
    fits = any(_is_braked_so(last, ruling, kept) for ruling in last.rulings())
    if not fits or not any(row["released_at"] is None for row in evidence.brakes):
        said = f"holds {listed(last.held)}, and {listed(kept)} is braked"
        verdict.broken("I1", f"{user_id} {said}", user_id)


def _is_braked_so(last: State, ruling: Ruling, kept: frozenset[str]) -> bool:
    free = ruling.effective - INTERFACES if kept & INTERFACES else ruling.effective
    return bool(kept) and kept <= last.held and free <= last.held <= ruling.effective | kept


def _is_said(record: Mapping[str, object], last: State) -> bool:
    """Status and what was decided on, as the decision has them."""
    status = record.get("License_Sync_Status__c")
    decided = record.get("License_Sync_Decided__c")
    said = {status_for(ruling) for ruling in last.rulings()}
    return status in said and from_letters(str(decided or "-")) == last.asked


def status_for(ruling: Ruling) -> str:
    """What the record says of a ruling."""
    if ruling.codes & CONFLICTS:
        return "Conflict"
    return "Corrected" if ruling.codes else "In sync"


def _check_nobody_is_gone(verdict: Verdict, evidence: Evidence) -> None:
    """Nobody is deleted in this run: who reads as null is unreadable, and not gone."""
    for row in evidence.conflicts:
        if "deleted" in str(row["how"] or "") and row["user_id"] in evidence.end:
            said = f"{row['user_id']} is there, and entry {row['id']} ended as if it were not"
            verdict.broken("I6", said, row["user_id"])
