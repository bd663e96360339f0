"""What counts as held: the side that a conflict keeps, and what a late write may not say."""

from dataclasses import replace
from datetime import timedelta

import pytest

from sync.kept import ended_unseen, held_for_rules, held_when_opened, kept_side
from sync.model import NONE, Finding, FindingKind, Flags, Licenses
from sync.ports.conflict_log import Entry, EntryStatus
from sync.ports.history import HistoryOutcome, HistoryRow, Intent
from sync.ports.pending import Cause
from sync.ports.settling import UserContext
from tests.fakes.bench import BOTH, CTI, FREEDOM, PBX, SCV
from tests.fakes.org import ADMIN, INTEGRATION, START, record

USER = record(requested=BOTH)
INTENDED, CONFIRMED = HistoryOutcome.INTENDED, HistoryOutcome.CONFIRMED


def entry(kept: Licenses, kind: FindingKind = FindingKind.CONFLICT) -> Entry:
    return Entry(
        id=7,
        org="acme",
        user_id=USER.user_id,
        username=USER.username,
        kind=kind,
        code="mutually_exclusive",
        licenses=BOTH,
        message="",
        status=EntryStatus.OPEN,
        requested=BOTH,
        held=kept,
        kept=kept,
        policy="p",
        opened_at=START,
        seen_at=START,
        seen_count=1,
    )


def row(
    number: int,
    outcome: HistoryOutcome,
    *,
    asked: Licenses,
    before: Licenses = NONE,
    after: Licenses = NONE,
    conflict_id: int | None = None,
) -> HistoryRow:
    intent = Intent(
        user_id=USER.user_id,
        username=USER.username,
        cause=Cause.POLL,
        actor=ADMIN,
        requested_before=asked,
        requested_after=asked,
        held_before=before,
        held_after=after,
        status_after="In sync",
        why="",
        policy="p",
        conflict_id=conflict_id,
    )
    return HistoryRow(number, "acme", START, intent, outcome)


def adopted(found: HistoryRow) -> HistoryRow:
    return replace(found, intent=replace(found.intent, requested_before=NONE, run_id=3))


@pytest.mark.parametrize("held", [NONE, FREEDOM | CTI, SCV, BOTH | CTI])
@pytest.mark.parametrize("kept", [NONE, FREEDOM, SCV, BOTH])
def test_the_kept_side_stands_for_what_is_held(held: Licenses, kept: Licenses) -> None:
    assumed = held_for_rules(Flags(held | PBX, CTI), [entry(kept)])
    assert assumed.on & BOTH == kept
    assert assumed.on - BOTH == (held | PBX) - BOTH
    assert assumed.unknown == CTI


def test_a_refusal_keeps_nothing() -> None:
    refused = entry(SCV, FindingKind.REFUSAL)
    assert held_for_rules(Flags(FREEDOM), [refused]).on == FREEDOM
    finding = Finding(FindingKind.REFUSAL, "not_enabled", SCV, "")
    assert kept_side(finding, SCV) == NONE


@pytest.mark.parametrize(
    ("outcome", "last_by", "expected"),
    [
        (CONFIRMED, INTEGRATION, NONE),
        (INTENDED, INTEGRATION, NONE),
        (HistoryOutcome.UNKNOWN, INTEGRATION, NONE),
        (CONFIRMED, ADMIN, SCV),
        (HistoryOutcome.REFUSED, INTEGRATION, SCV),
    ],
)
def test_a_write_on_its_way_when_the_person_edited_does_not_count(
    outcome: HistoryOutcome, last_by: str, expected: Licenses
) -> None:
    """It is the last change of the record, and was decided on another request."""
    now = replace(USER, held=Flags(SCV | PBX), modified_by=last_by, decided=SCV.code)
    recent = [row(1, outcome, asked=SCV, before=PBX, after=SCV | PBX)]
    assert held_when_opened(now, recent, INTEGRATION).on == expected | PBX


def test_a_write_decided_on_this_request_counts() -> None:
    now = replace(USER, held=Flags(SCV), modified_by=INTEGRATION, decided=BOTH.code)
    recent = [row(1, CONFIRMED, asked=BOTH, before=NONE, after=SCV)]
    assert held_when_opened(now, recent, INTEGRATION).on == SCV


def test_which_write_was_on_its_way_the_record_says_itself() -> None:
    """A newer one was about to be made when its worker died."""
    now = replace(USER, held=Flags(SCV), modified_by=INTEGRATION, decided=SCV.code)
    crossed = row(1, CONFIRMED, asked=SCV, before=NONE, after=SCV)
    never_left = row(2, INTENDED, asked=BOTH, before=SCV, after=NONE)
    assert held_when_opened(now, [never_left, crossed], INTEGRATION).on == NONE


@pytest.mark.parametrize("outcome", [INTENDED, HistoryOutcome.UNKNOWN])
def test_a_late_write_that_left_the_flags_alone_takes_no_side_away(
    outcome: HistoryOutcome,
) -> None:
    """It only said that there was a conflict, and arrived after what was confirmed since."""
    now = replace(USER, held=Flags(SCV), modified_by=INTEGRATION, decided=BOTH.code)
    asked = replace(now, requested=Flags(BOTH | PBX))
    late = row(1, outcome, asked=BOTH, before=NONE, after=NONE)
    confirmed = row(2, CONFIRMED, asked=SCV, before=NONE, after=SCV)
    assert held_when_opened(asked, [confirmed, late], INTEGRATION).on == SCV


@pytest.mark.parametrize(("later", "expected"), [(299, NONE), (301, SCV), (14 * 86400, SCV)])
def test_an_edit_of_others_under_our_login_makes_no_old_write_one_on_its_way(
    later: int, expected: Licenses
) -> None:
    at = START + timedelta(seconds=later)
    now = replace(USER, held=Flags(SCV), modified_by=INTEGRATION, decided=SCV.code, modified_at=at)
    recent = [row(1, CONFIRMED, asked=SCV, before=NONE, after=SCV)]
    assert held_when_opened(now, recent, INTEGRATION).on == expected


@pytest.mark.parametrize("minutes", [-10, 10])
def test_a_write_on_its_way_is_known_however_far_the_clocks_are_apart(minutes: int) -> None:
    """The org dates the record, the database the row."""
    ahead = timedelta(minutes=minutes)
    now = replace(USER, held=Flags(SCV), modified_by=INTEGRATION, decided=SCV.code)
    recent = [row(1, CONFIRMED, asked=SCV, before=NONE, after=SCV)]
    off = replace(now, modified_at=now.modified_at + ahead)
    assert held_when_opened(off, recent, INTEGRATION, ahead).on == NONE
    assert held_when_opened(off, recent, INTEGRATION).on == SCV


def test_a_write_that_came_late_does_not_count() -> None:
    now = replace(USER, held=Flags(FREEDOM | CTI), modified_by=ADMIN)
    late = row(1, INTENDED, asked=FREEDOM, after=FREEDOM | CTI)
    confirmed = row(2, CONFIRMED, asked=SCV, after=SCV)
    assert held_when_opened(now, [confirmed, late], INTEGRATION).on == SCV


def test_a_write_without_an_answer_counts_if_it_is_newer_than_what_was_confirmed() -> None:
    now = replace(USER, held=Flags(PBX), modified_by=ADMIN)
    older = row(1, HistoryOutcome.UNKNOWN, asked=PBX, after=PBX)
    confirmed = row(2, CONFIRMED, asked=SCV | PBX, after=SCV | PBX)
    newer = row(3, HistoryOutcome.UNKNOWN, asked=PBX, before=SCV | PBX, after=PBX)
    assert held_when_opened(now, [newer, confirmed, older], INTEGRATION).on == PBX


@pytest.mark.parametrize(
    "older",
    [
        row(1, CONFIRMED, asked=FREEDOM, after=FREEDOM | CTI),
        row(3, INTENDED, asked=FREEDOM, after=FREEDOM | CTI),
        row(1, INTENDED, asked=FREEDOM, after=NONE),
    ],
    ids=["it was booked", "it is newer", "it says something else"],
)
def test_only_an_older_unbooked_write_that_shows_is_late(older: HistoryRow) -> None:
    now = replace(USER, held=Flags(FREEDOM | CTI), modified_by=ADMIN)
    confirmed = row(2, CONFIRMED, asked=SCV, after=SCV)
    assert held_when_opened(now, [confirmed, older], INTEGRATION).on == FREEDOM | CTI


def test_nothing_known_leaves_the_record() -> None:
    now = replace(USER, held=Flags(SCV), modified_by=INTEGRATION)
    assert held_when_opened(now, [], INTEGRATION).on == SCV


def test_a_conflict_that_a_dead_worker_saw_end_has_ended() -> None:
    unbooked = row(1, INTENDED, asked=FREEDOM)
    assert ended_unseen(UserContext((entry(NONE),), {}, (unbooked,))) == {7}


@pytest.mark.parametrize(
    "other",
    [
        row(1, CONFIRMED, asked=FREEDOM),
        row(1, INTENDED, asked=BOTH | PBX),
        row(1, INTENDED, asked=FREEDOM, conflict_id=7),
        replace(row(1, INTENDED, asked=FREEDOM), at=START.replace(hour=1)),
        adopted(row(1, INTENDED, asked=FREEDOM)),
    ],
    ids=["booked", "still both", "carried out a decision", "before it opened", "an adoption's"],
)
def test_other_rows_end_no_conflict(other: HistoryRow) -> None:
    assert ended_unseen(UserContext((entry(NONE),), {}, (other,))) == frozenset()
