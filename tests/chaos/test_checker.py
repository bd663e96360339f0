"""The checker finds what is wrong, and nothing where nothing is: else a run proves nothing."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest

from tests.chaos.checks.checker import check
from tests.chaos.checks.evidence import CalmEdit, Reconciled
from tests.chaos.checks.verdict import Verdict
from tests.chaos.report import account, summary
from tests.chaos.schedule import draw
from tests.chaos.tale import START, Tale, effective, letters, requested, said

GRANTED, WAITING, DECIDED = "005granted", "005waiting", "005decided"
BOTH = {"Freedom": True, "SCV": True}


@pytest.fixture
def tale() -> Tale:
    """A license is granted, a conflict waits, another was decided by a person."""
    told = Tale()
    told.user(GRANTED)
    told.edit(GRANTED, requested(PBX=True))
    told.write(GRANTED, effective(PBX=True) | said("In sync", "PBX"))
    for user_id in (WAITING, DECIDED):
        told.user(user_id)
        told.edit(user_id, requested(**BOTH))
        told.write(user_id, said("Conflict", *BOTH))
        told.entry(user_id)
    decide(told, DECIDED)
    return told


def decide(told: Tale, user_id: str) -> None:
    """A person keeps Freedom, and we carry it out."""
    (entry,) = [row for row in told.conflicts if row["user_id"] == user_id]
    seen = {"decided_requested": entry["requested"], "decided_held": entry["held"]}
    entry |= {"decided_by": "ada", "decided_keep": letters("Freedom"), **seen}
    entry |= {"status": "resolved", "how": "decided in the conflict log"}
    fields = effective(CTI=True, Freedom=True) | requested(SCV=False) | said("In sync", "Freedom")
    told.write(user_id, fields, conflict_id=entry["id"], cause="resolution", actor="ada")


def broken(told: Tale) -> set[str]:
    """Which invariants do not hold."""
    return {name for name, how in check(told.evidence()).invariants.items() if how != "held"}


def test_nothing_is_wrong_where_everything_is_right(tale: Tale) -> None:
    tale.calm.append(CalmEdit("005calm", START, START + 2))
    verdict = check(tale.evidence())
    assert verdict.sentences == []
    assert verdict.figures["users"] == 3
    assert verdict.figures["writes"] == 4
    assert verdict.figures["conflicts_open"] == 1


# I1, I2: lost edits


def test_a_lost_edit_is_found_and_told(tale: Tale) -> None:
    tale.edit(GRANTED, requested(Insight=True))
    verdict = check(tale.evidence())
    assert verdict.users["lost"] == {GRANTED}
    assert verdict.users["unsettled"] == {GRANTED}
    assert broken(tale) == {"I1", "I2"}
    lines = "\n".join(account(tale.evidence(), verdict))
    assert "Requested_Insight__c" in lines
    assert GRANTED in lines
    assert WAITING not in lines


def test_a_record_that_does_not_say_what_was_decided_is_unsettled(tale: Tale) -> None:
    tale.records[GRANTED] |= said("Conflict", "PBX")
    assert broken(tale) == {"I1"}


def test_a_record_that_moved_behind_the_journal_is_found(tale: Tale) -> None:
    tale.records[GRANTED] |= effective(PBX=False)
    assert "I1" in broken(tale)


def test_a_parked_user_is_excused_where_people_see_why(tale: Tale) -> None:
    tale.edit(GRANTED, requested(Insight=True))
    tale.park(GRANTED, "fighting")
    verdict = check(tale.evidence())
    assert verdict.sentences == []
    assert verdict.users["unsettled"] == {GRANTED}
    assert verdict.users["lost"] == set()


def test_who_is_parked_for_what_was_mended_and_tried_again_is_lost(tale: Tale) -> None:
    tale.edit(GRANTED, requested(Insight=True))
    tale.park(GRANTED, "FIELD_CUSTOM_VALIDATION_EXCEPTION")
    assert check(tale.evidence()).users["lost"] == {GRANTED}
    assert broken(tale) == {"I1"}


@pytest.mark.parametrize("how", ["not listed", "no reason"])
def test_a_parked_user_that_nobody_sees_is_forgotten(tale: Tale, how: str) -> None:
    tale.edit(GRANTED, requested(Insight=True))
    tale.park(GRANTED, "fighting", error_reason="" if how == "no reason" else "why")
    if how == "not listed":
        tale.listed.clear()
    assert broken(tale) == {"I2"}


def brake(told: Tale, **row: object) -> None:
    told.edit(GRANTED, requested(PBX=False))
    told.write(GRANTED, said("Failed"))
    told.park(GRANTED, "braked", braked=letters("PBX"))
    told.brakes.append({"released_at": None, **row})


def test_a_braked_user_keeps_what_the_brake_holds(tale: Tale) -> None:
    brake(tale)
    verdict = check(tale.evidence())
    assert verdict.sentences == []
    assert verdict.users["braked"] == {GRANTED}


def test_a_brake_that_holds_no_more_excuses_nobody(tale: Tale) -> None:
    brake(tale, released_at="2026-01-01")
    assert broken(tale) == {"I1"}


def test_a_braked_user_that_lost_it_all_the_same_is_found(tale: Tale) -> None:
    brake(tale)
    tale.write(GRANTED, effective(PBX=False) | said("Failed"))
    assert "I1" in broken(tale)


# I3: what is written


def test_a_request_that_nobody_decided_on_is_found(tale: Tale) -> None:
    tale.write(GRANTED, requested(PBX=False) | effective(PBX=False) | said("In sync"))
    assert broken(tale) == {"I3"}


def test_a_decision_carried_out_on_a_record_that_had_moved_is_found(tale: Tale) -> None:
    tale.edit(WAITING, requested(Record=True))
    decide(tale, WAITING)
    assert "I3" in broken(tale)


def test_a_field_that_is_not_ours_is_found(tale: Tale) -> None:
    tale.write(GRANTED, {"Title": "Boss"})
    assert broken(tale) == {"I3"}


# I4: the log


def test_a_missing_conflict_is_found(tale: Tale) -> None:
    del tale.conflicts[0]
    verdict = check(tale.evidence())
    assert verdict.figures["conflicts_missing"] == 1
    assert broken(tale) == {"I4"}


def test_an_extra_conflict_is_found(tale: Tale) -> None:
    tale.entry(GRANTED, "needs_freedom")
    verdict = check(tale.evidence())
    assert verdict.figures["conflicts_extra"] == 1
    assert broken(tale) == {"I4"}


def test_a_conflict_that_never_was_one_is_found_though_it_is_over(tale: Tale) -> None:
    tale.entry(GRANTED, status="resolved")
    assert broken(tale) == {"I4"}


def test_a_conflict_that_was_none_any_more_is_found_though_it_is_over(tale: Tale) -> None:
    tale.now += 600
    tale.entry(DECIDED, status="resolved", previous_id=2)
    assert broken(tale) == {"I4"}


def test_a_decision_that_is_booked_and_was_never_written_is_found(tale: Tale) -> None:
    seen = {"decided_requested": letters(*BOTH), "decided_held": "-"}
    tale.conflicts[0] |= seen | {"decided_by": "ada", "decided_keep": letters("Freedom")}
    tale.conflicts[0] |= {"status": "resolved", "how": "decided in the conflict log"}
    tale.edit(WAITING, requested(SCV=False))
    tale.write(WAITING, effective(CTI=True, Freedom=True) | said("In sync", "Freedom"))
    assert broken(tale) == {"I4"}


def spoil_twice(told: Tale) -> None:
    told.entry(WAITING, previous_id=1)


def spoil_kept(told: Tale) -> None:
    told.conflicts[0]["kept"] = letters("SCV")


def spoil_deciding(told: Tale) -> None:
    told.conflicts[0]["status"] = "deciding"


def spoil_dismissed(told: Tale) -> None:
    told.conflicts[0] |= {"status": "dismissed", "requested": letters("SCV")}


def spoil_succession(told: Tale) -> None:
    told.entry(DECIDED, status="resolved")


@pytest.mark.parametrize(
    "spoil", [spoil_twice, spoil_kept, spoil_deciding, spoil_dismissed, spoil_succession]
)
def test_an_entry_that_is_not_as_it_should_be_is_found(
    tale: Tale, spoil: Callable[[Tale], None]
) -> None:
    spoil(tale)
    assert broken(tale) == {"I4"}


# I5, I6


@pytest.mark.parametrize(
    "again", [Reconciled(3, 0, ["PATCH x"]), Reconciled(3, 1), Reconciled(2, 0)]
)
def test_a_second_reconcile_that_finds_something_is_found(tale: Tale, again: Reconciled) -> None:
    tale.reconciled = again
    assert broken(tale) == {"I5"}


def test_a_license_removed_for_no_reason_is_found_though_it_came_back(tale: Tale) -> None:
    tale.now += 1000
    tale.write(GRANTED, effective(PBX=False))
    tale.write(GRANTED, effective(PBX=True))
    assert broken(tale) == {"I1", "I6"}


@pytest.mark.parametrize(("late", "is_broken"), [(40, False), (50, True)])
def test_a_write_may_follow_from_what_was_until_a_moment_ago(
    tale: Tale, late: int, is_broken: bool
) -> None:
    """However long the record had been so before the edit that the write crossed."""
    tale.edit(GRANTED, requested(Record=True))
    tale.now += 1000
    tale.edit(GRANTED, requested(Record=False))
    tale.now += late - 1
    row = {
        "requested_before": letters("PBX", "Record"),
        "requested_after": letters("PBX", "Record"),
    }
    tale.write(GRANTED, effective(Record=True) | said("In sync", "PBX", "Record"), **row)
    tale.write(GRANTED, effective(Record=False) | said("In sync", "PBX"))
    assert broken(tale) == ({"I1"} if is_broken else set())


@pytest.mark.parametrize("looked", [False, True], ids=["unseen", "seen"])
@pytest.mark.parametrize("held", [True, False], ids=["the side that came late", "neither"])
def test_a_conflict_that_ended_and_came_back_unseen_over_a_late_write_may_keep_either(
    looked: bool, held: bool
) -> None:
    """A write crossed the edit and could not be taken back; whoever looked knows that it ended."""
    tale = Tale()
    user = tale.user("005d", **requested(Freedom=True))
    tale.edit(user, requested(SCV=True))
    row = {"requested_before": letters("Freedom"), "requested_after": letters("Freedom")}
    late = effective(CTI=True, Freedom=True) | said("In sync", "Freedom")
    tale.write(user, late, **row)
    entry = tale.entry(user)
    tale.edit(user, requested(SCV=False))
    if looked:
        tale.write(user, {"License_Sync_Message__c": "Freedom is back."})
        entry |= {"status": "resolved", "how": "the request is no conflict any more"}
        entry = tale.entry(user, previous_id=entry["id"])
    tale.edit(user, requested(SCV=True))
    entry |= {"kept": letters("Freedom") if held else "-"}
    now = effective(CTI=held, Freedom=held) | said("Conflict", "Freedom", "SCV")
    tale.write(user, now)
    assert broken(tale) == (set() if held or not looked else {"I1", "I2", "I4"})


def test_who_was_taken_for_deleted_is_found(tale: Tale) -> None:
    tale.edit(WAITING, requested(SCV=False))
    tale.write(WAITING, effective(CTI=True, Freedom=True) | said("In sync", "Freedom"))
    tale.conflicts[0] |= {"status": "resolved", "how": "the user was deleted in Salesforce"}
    assert broken(tale) == {"I6"}


# I7: the history


def test_a_write_without_a_row_is_found(tale: Tale) -> None:
    del tale.history[0]
    verdict = check(tale.evidence())
    assert verdict.figures["writes_without_history"] == 1
    assert broken(tale) == {"I7"}


@pytest.mark.parametrize(
    "row",
    [
        {"at": datetime.fromtimestamp(START, UTC) + timedelta(minutes=5)},
        {"held_after": "-"},
        {"requested_after": "-"},
        {"status_after": "Corrected"},
        {"outcome": "not sent"},
        {"policy": ""},
        {"actor": ""},
    ],
    ids=["later", "other licenses", "other request", "other status", "unsent", "rules", "who"],
)
def test_a_row_that_does_not_announce_its_write_is_found(
    tale: Tale, row: dict[str, object]
) -> None:
    tale.history[0] |= row
    assert broken(tale) == {"I7"}


def test_a_row_that_says_written_without_a_write_is_found(tale: Tale) -> None:
    tale.history.append(tale.history[0] | {"id": 99})
    assert broken(tale) == {"I7"}


def test_a_write_without_an_answer_may_never_have_arrived(tale: Tale) -> None:
    tale.history.append(tale.history[0] | {"id": 99, "outcome": "unknown"})
    assert broken(tale) == set()


def test_an_unanswered_write_of_long_ago_announces_none_of_today(tale: Tale) -> None:
    tale.history[0] |= {"outcome": "unknown", "at": datetime.fromtimestamp(START - 3600, UTC)}
    assert broken(tale) == {"I7"}


def test_rows_are_given_to_writes_so_that_as_many_as_can_have_one(tale: Tale) -> None:
    """The first row fits both writes, the second only the first: it came from an older request."""
    tale.write(GRANTED, said("Corrected", "PBX"))
    tale.write(GRANTED, said("In sync", "PBX"), outcome="unknown")
    tale.history[0], tale.history[-1] = (
        tale.history[-1] | {"at": tale.history[0]["at"]},
        (tale.history[0]),
    )
    assert broken(tale) == set()


# I8, I9


@pytest.mark.parametrize(
    ("settled", "troubled", "is_broken"),
    [
        (10.0, None, False),
        (25.0, None, True),
        (25.0, 1.0, False),
        (130.0, 1.0, True),
        (None, None, True),
    ],
)
def test_an_org_in_peace_waits_for_nobody(
    tale: Tale, settled: float | None, troubled: float | None, is_broken: bool
) -> None:
    after = None if settled is None else START + settled
    trouble = None if troubled is None else START + troubled
    tale.calm.append(CalmEdit("005calm", START, after, trouble))
    assert broken(tale) == ({"I8"} if is_broken else set())


def test_a_secret_is_found(tale: Tale) -> None:
    tale.secrets.append("file up.log")
    assert broken(tale) == {"I9"}


def test_the_summary_names_each_invariant(tale: Tale) -> None:
    del tale.history[0]
    plan = draw(1, 5)
    told = summary(plan, "sqlite", check(tale.evidence()), {"people": {"edits": 3}}, ["a lane"])
    assert told["invariants"] == Verdict().invariants | {"I7": "broken"}
    assert told["edits"] == 3
    assert len(told["wrong"]) == 2
