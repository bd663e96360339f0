"""Rows for programs: JSON has every value, and CSV only columns that a row has."""

import json
from dataclasses import replace
from datetime import timedelta

import pytest

from sync import rows
from sync.model import FindingKind, Flags
from sync.ports.browse import KnownUser
from sync.ports.conflict_log import Entry, EntryStatus
from sync.ports.history import HistoryOutcome, HistoryRow
from sync.ports.review import ParkedUser
from sync.ports.runs import PlanItem, Run, RunKind, RunStatus
from tests.contract.store.scene import (
    ANN,
    BOTH,
    CTI,
    FREEDOM,
    PBX,
    SCV,
    START,
    a_resolution,
    an_intent,
)
from tests.fakes.org import record

INTENT = an_intent(held_before=SCV | PBX, held_after=CTI | PBX)
WRITE = HistoryRow(7, "acme", START, INTENT, HistoryOutcome.REFUSED, "no")
ITEM = PlanItem(ANN, "ann", BOTH, BOTH, SCV, None, "Conflict", "choose", hold=CTI)
RUN = Run(
    3, "acme", RunKind.PLAN, RunStatus.DONE, "print", "ada", START, None, (ANN,), "", 1, 1, 0, 0, 0,
    1, None,
)  # fmt: skip
USER = KnownUser("acme", replace(record(requested=BOTH), held=Flags(SCV, CTI)), START)
PARKED = ParkedUser(
    "acme", ANN, "ann", "X", "no", 2, START, START + timedelta(hours=1), CTI, BOTH, SCV
)


@pytest.mark.parametrize(
    ("row", "fields"),
    [
        (rows.of_history(WRITE), rows.HISTORY_FIELDS),
        (rows.of_item(ITEM), rows.ITEM_FIELDS),
        (rows.of_run(RUN), rows.RUN_FIELDS),
        (rows.of_user(USER), rows.USER_FIELDS),
        (rows.of_parked(PARKED), rows.PARKED_FIELDS),
    ],
    ids=["history", "item", "run", "user", "parked"],
)
def test_every_column_is_part_of_the_row_and_json_has_all_of_it(
    row: rows.Row, fields: tuple[str, ...]
) -> None:
    assert set(fields) <= set(row)
    assert json.loads(json.dumps(row)) == row


def test_a_write_says_what_it_gave_and_took() -> None:
    row = rows.of_history(WRITE)
    assert (row["granted"], row["removed"]) == (["CTI"], ["SCV"])
    assert (row["at"], row["outcome"], row["error"]) == (
        "2026-03-01T12:00:00.123000Z",
        "refused",
        "no",
    )


def test_an_item_that_may_write_nothing_takes_nothing() -> None:
    row = rows.of_item(ITEM)
    assert (row["after"], row["removed"], row["held_back"]) == (None, [], ["CTI"])
    granted = rows.of_item(replace(ITEM, after=FREEDOM | CTI))
    assert (granted["granted"], granted["removed"]) == (["CTI", "Freedom"], ["SCV"])


def test_a_user_says_what_could_not_be_read() -> None:
    row = rows.of_user(USER)
    assert (row["held"], row["unknown"]) == (["SCV"], ["CTI"])
    assert row["requested"] == ["Freedom", "SCV"]


def test_an_entry_says_what_was_decided_if_anything_was() -> None:
    entry = Entry(
        1, "acme", ANN, "ann", FindingKind.CONFLICT, "x", BOTH, "choose", EntryStatus.OPEN, BOTH,
        SCV, SCV, "p1", START, START, 1,
    )  # fmt: skip
    row = rows.of_entry(entry)
    assert set(rows.ENTRY_FIELDS) <= set(row)
    assert (row["keep"], row["decided_by"]) == (None, None)
    decided = rows.of_entry(replace(entry, resolution=a_resolution(FREEDOM, note="asked her")))
    assert (decided["keep"], decided["decision_note"]) == (["Freedom"], "asked her")
    assert json.loads(json.dumps(decided)) == decided
