"""The history, and what settle is told of a user."""

from datetime import datetime, timedelta

import pytest

from sync.model import NONE
from sync.ports.conflict_log import CloseEntry
from sync.ports.history import HistoryOutcome
from sync.ports.pending import Cause
from sync.ports.settling import OutcomeKind, UserContext
from sync.store.context import RATE_SECONDS, RECENT
from tests.contract.store.scene import (
    ANN,
    BOB,
    CID,
    ORG,
    REFUSAL,
    START,
    Clock,
    Scene,
    a_resolution,
    an_intent,
    only,
)


def write(scene: Scene, outcome: HistoryOutcome | None, user_id: str = ANN, **more: object) -> int:
    """Let a settle intend a write and book what became of it."""
    scene.notice(user_id, seen="")
    claim = scene.claim()
    (id_,) = scene.store.record_intents(claim, [an_intent(user_id, **more)])
    history = {} if outcome is None else {id_: (outcome, "why")}
    scene.book(claim, OutcomeKind.SETTLED, history=history)
    return id_


def test_an_intent_is_known_before_it_is_booked(scene: Scene) -> None:
    scene.notice(ANN)
    intent = an_intent(cause=Cause.RESOLUTION, conflict_id=12, run_id=7, held_after=NONE)
    (id_,) = scene.store.record_intents(scene.claim(), [intent])
    (row,) = scene.store.history()
    assert (row.id, row.org, row.at) == (id_, ORG, START)
    assert row.intent == intent
    assert (row.outcome, row.error) == (HistoryOutcome.INTENDED, None)


def test_ids_come_in_the_order_of_the_intents(scene: Scene) -> None:
    scene.notice(ANN)
    claim = scene.claim()
    assert scene.store.record_intents(claim, []) == []
    intents = [an_intent(f"005{i:015}") for i in range(1500)]
    ids = scene.store.record_intents(claim, intents)
    assert ids == sorted(set(ids))
    rows = {row.id: row.intent for row in scene.store.history(limit=2000)}
    assert [rows[id_] for id_ in ids] == intents


def test_an_outcome_is_filled_in_once(scene: Scene) -> None:
    id_ = write(scene, HistoryOutcome.REFUSED)
    scene.notice(ANN)
    late = {id_: (HistoryOutcome.CONFIRMED, None)}
    scene.book(scene.claim(), OutcomeKind.SETTLED, history=late)
    (row,) = scene.store.history()
    assert (row.outcome, row.error) == (HistoryOutcome.REFUSED, "why")


def test_a_row_that_was_left_open_can_be_booked_by_a_later_batch(scene: Scene) -> None:
    id_ = write(scene, None)
    scene.notice(ANN)
    found = {id_: (HistoryOutcome.CONFIRMED, None)}
    scene.book(scene.claim(), OutcomeKind.SETTLED, history=found)
    (row,) = scene.store.history()
    assert (row.outcome, row.error) == (HistoryOutcome.CONFIRMED, None)


def test_the_history_is_read_newest_first(scene: Scene) -> None:
    first, second, third = (write(scene, None, user) for user in (ANN, BOB, ANN))
    assert [row.id for row in scene.store.history()] == [third, second, first]
    assert [row.id for row in scene.store.history(ORG, ANN)] == [third, first]
    assert [row.id for row in scene.store.history(limit=2)] == [third, second]
    assert list(scene.store.history("other")) == []


def test_a_long_history_comes_page_by_page(scene: Scene) -> None:
    scene.notice(ANN)
    scene.store.record_intents(scene.claim(), [an_intent() for _ in range(1203)])
    assert len(list(scene.store.history(limit=1100))) == 1100
    assert len({row.id for row in scene.store.history(limit=5000)}) == 1203


def test_nothing_is_known_of_a_new_user(scene: Scene) -> None:
    scene.notice(ANN)
    assert scene.store.context(scene.claim()).get(ANN, UserContext()) == UserContext()


def test_the_context_is_the_users_own(scene: Scene) -> None:
    ended = scene.open(ANN, REFUSAL)
    scene.settle(ANN, [CloseEntry(ended.id, "x", "y")])
    newer = scene.open(ANN, REFUSAL)
    scene.settle(ANN, [CloseEntry(newer.id, "x", "y")])
    living = scene.open(ANN)
    scene.open(CID)
    id_ = write(scene, HistoryOutcome.CONFIRMED, ANN)
    write(scene, HistoryOutcome.CONFIRMED, CID)
    scene.notice(ANN, BOB)
    known = scene.store.context(scene.claim())
    assert set(known) == {ANN}
    assert known[ANN].entries == (living,)
    assert dict(known[ANN].last_closed) == {"needs_freedom": newer.id}
    assert [row.id for row in known[ANN].recent] == [id_]


def test_a_decision_is_part_of_the_context(scene: Scene) -> None:
    entry = scene.open(ANN)
    scene.store.resolve(entry.id, a_resolution())
    (known,) = scene.store.context(scene.claim())[ANN].entries
    assert known.resolution == a_resolution()


def test_recent_are_the_newest_that_held_or_may_hold(scene: Scene, clock: Clock) -> None:
    outcomes = [
        HistoryOutcome.CONFIRMED,
        HistoryOutcome.REFUSED,
        None,
        HistoryOutcome.NOT_SENT,
        HistoryOutcome.UNKNOWN,
    ]
    rows = [(write(scene, outcomes[i % 5]), outcomes[i % 5]) for i in range(5 * RECENT // 2)]
    scene.notice(ANN)
    claim = scene.claim()
    recent = scene.store.context(claim)[only(claim).user_id].recent
    no_effect = (HistoryOutcome.REFUSED, HistoryOutcome.NOT_SENT)
    expected = [id_ for id_, outcome in reversed(rows) if outcome not in no_effect][:RECENT]
    assert [row.id for row in recent] == expected


def test_the_context_of_a_lost_claim_is_empty(scene: Scene, clock: Clock) -> None:
    scene.open(ANN)
    scene.notice(ANN)
    claim = scene.claim()
    clock.pass_(30)
    scene.claim()
    assert scene.store.context(claim) == {}


# Writes of an hour


def full_until(scene: Scene, most: int) -> datetime | None:
    """What a claim of Ann says of it."""
    scene.notice(ANN, seen="")
    claim = scene.claim()
    known = scene.store.context(claim, most)[ANN]
    scene.store.release(claim, 0, "")
    assert known.read_at == scene.clock.now
    return known.full_until


def writes(
    scene: Scene, times: int, outcome: HistoryOutcome | None = HistoryOutcome.CONFIRMED
) -> list[datetime]:
    """A write a minute, of two users; when each of Ann's was intended."""
    intended = []
    for _ in range(times):
        intended.append(scene.clock.pass_(60))
        write(scene, outcome)
        write(scene, outcome, BOB)
    return intended


@pytest.mark.parametrize("most", [1, 5, RECENT, RECENT + 1, 20])
def test_an_hour_is_full_until_the_first_of_its_writes_is_old(scene: Scene, most: int) -> None:
    intended = writes(scene, most - 1)
    assert most == 1 or full_until(scene, most) is None
    intended += writes(scene, 1)
    assert full_until(scene, most) == intended[0] + timedelta(seconds=RATE_SECONDS)
    intended += writes(scene, 1)
    assert full_until(scene, most) == intended[1] + timedelta(seconds=RATE_SECONDS)
    scene.clock.now = intended[1] + timedelta(seconds=RATE_SECONDS)
    assert full_until(scene, most) is None


def test_writes_that_nobody_knows_of_count_and_those_that_were_refused_do_not(
    scene: Scene,
) -> None:
    for outcome in (HistoryOutcome.REFUSED, HistoryOutcome.NOT_SENT):
        writes(scene, 12, outcome)
    writes(scene, 1, None)
    assert full_until(scene, 3) is None
    writes(scene, 1, HistoryOutcome.UNKNOWN)
    writes(scene, 1)
    assert full_until(scene, 3) is not None


def test_old_writes_fill_no_hour(scene: Scene) -> None:
    writes(scene, 15)
    scene.clock.pass_(2 * RATE_SECONDS)
    writes(scene, 8)
    assert full_until(scene, 9) is None
    assert full_until(scene, 12) is None
