"""Streams of change events: leases, positions that move with what was told, and what was missed."""

from dataclasses import replace
from datetime import timedelta

import pytest
from sqlalchemy.exc import IntegrityError

from sync.delays import NOTICED, WRITTEN
from sync.errors import LeaseLost
from sync.ports.history import HistoryOutcome
from sync.ports.pending import Cause
from sync.ports.runs import RunKind, RunStatus
from sync.ports.settling import Outcome, OutcomeKind
from sync.ports.streams import Heard, Source, Stream
from sync.store import SqlStore
from sync.store.streams import BY_EVENTS
from tests.contract.store.scene import ANN, BOB, ORG, PRINT, Clock, Scene, a_notice, an_intent, ids

SOURCE = Source(ORG, "00D000000000001AAA", "/data/UserChangeEvent")
LEASE = 15.0
ME, OTHER = "here:1", "here:2"


def taken(store: SqlStore, source: Source = SOURCE, holder: str = ME) -> Stream:
    stream = store.take_stream(source, holder, LEASE)
    assert stream is not None
    return stream


def told(position: bytes = b"\x01", *user_ids: str, **more: object) -> Heard:
    notices = [a_notice(one, cause=Cause.EVENT, seen=position.hex()) for one in user_ids]
    return Heard(position, notices, len(user_ids), len(user_ids), **more)  # type: ignore[arg-type]


def test_a_stream_begins_without_a_position(store: SqlStore) -> None:
    assert taken(store).position is None


def test_the_position_is_where_the_last_one_left_it(store: SqlStore) -> None:
    stream = taken(store)
    store.hear(stream, told(b"\x07", ANN), LEASE)
    store.drop_stream(stream, None)
    assert taken(store).position == b"\x07"


def test_one_process_listens_at_a_time(store: SqlStore, clock: Clock) -> None:
    stream = taken(store)
    assert store.take_stream(SOURCE, OTHER, LEASE) is None
    clock.pass_(LEASE - 1)
    store.renew_stream(stream, LEASE)
    clock.pass_(LEASE - 1)
    assert store.take_stream(SOURCE, OTHER, LEASE) is None
    clock.pass_(1)
    taken(store, holder=OTHER)
    for late in (
        lambda: store.renew_stream(stream, LEASE),
        lambda: store.hear(stream, told(), LEASE),
        lambda: store.lose_position(stream),
    ):
        with pytest.raises(LeaseLost):
            late()


def test_who_lost_the_stream_takes_it_from_nobody(store: SqlStore, clock: Clock) -> None:
    late = taken(store)
    clock.pass_(LEASE)
    taken(store, holder=OTHER)
    store.drop_stream(late, "too late")
    assert store.streams()[ORG].holder == OTHER
    assert store.streams()[ORG].problem is None


def test_users_and_position_are_stored_together_or_not_at_all(
    store: SqlStore, clock: Clock, scene: Scene
) -> None:
    stream = taken(store)
    assert store.hear(stream, told(b"\x01", ANN), LEASE) == 1
    clock.pass_(LEASE)
    with pytest.raises(LeaseLost):
        store.hear(stream, told(b"\x02", BOB), LEASE)
    assert ids(scene.claim()) == [ANN]
    assert taken(store).position == b"\x01"


def test_the_position_stays_where_it_is_if_the_users_cannot_be_stored(store: SqlStore) -> None:
    stream = taken(store)
    store.hear(stream, told(b"\x01", ANN), LEASE)
    nobody = [replace(a_notice(BOB), user_id=None)]  # type: ignore[arg-type]
    with pytest.raises(IntegrityError):
        store.hear(stream, Heard(b"\x02", nobody, 1, 1), LEASE)
    store.drop_stream(stream, None)
    assert taken(store).position == b"\x01"


def test_the_same_event_twice_makes_one_row_and_undoes_no_backoff(
    store: SqlStore, scene: Scene
) -> None:
    stream = taken(store)
    assert store.hear(stream, told(b"\x01", ANN), LEASE) == 1
    scene.book(scene.claim(), OutcomeKind.RETRY, delay=60.0, code="X", reason="later")
    assert store.hear(stream, told(b"\x01", ANN), LEASE) == 0
    assert scene.try_claim() is None
    assert store.hear(stream, told(b"\x02", ANN), LEASE) == 1
    assert ids(scene.claim()) == [ANN]


@pytest.mark.parametrize(
    "other",
    [
        Source(ORG, "00D000000000009AAA", SOURCE.topic),
        Source(ORG, SOURCE.organization_id, "/data/ChangeEvents"),
    ],
    ids=["another organization", "another topic"],
)
def test_a_position_means_nothing_elsewhere(store: SqlStore, other: Source) -> None:
    stream = taken(store)
    store.hear(stream, told(b"\x07", ANN), LEASE)
    store.drop_stream(stream, None)
    assert taken(store, other).position is None


def test_a_lost_position_is_forgotten(store: SqlStore) -> None:
    stream = taken(store)
    store.hear(stream, told(b"\x07", ANN), LEASE)
    store.lose_position(stream)
    store.drop_stream(stream, None)
    assert taken(store).position is None


def test_a_stream_is_open_once_it_has_answered_and_while_its_holder_lives(
    store: SqlStore, clock: Clock
) -> None:
    assert not store.listens(ORG)
    stream = taken(store)
    assert not store.listens(ORG)
    store.hear(stream, told(), LEASE)
    assert store.listens(ORG)
    clock.pass_(LEASE)
    assert not store.listens(ORG)


def test_a_stream_that_ended_says_why_until_the_next_one_answers(store: SqlStore) -> None:
    stream = taken(store)
    store.hear(stream, told(), LEASE)
    store.drop_stream(stream, "The bus is down.")
    assert not store.listens(ORG)
    assert store.streams()[ORG].problem == "The bus is down."
    again = taken(store)
    assert store.streams()[ORG].problem == "The bus is down."
    assert not store.listens(ORG)
    store.hear(again, told(), LEASE)
    assert store.streams()[ORG].problem is None


def test_what_a_dead_process_held_can_be_freed_at_once(store: SqlStore) -> None:
    stream = taken(store)
    store.hear(stream, told(), LEASE)
    store.free_streams([OTHER])
    assert store.listens(ORG)
    store.free_streams([ME])
    assert not store.listens(ORG)
    assert taken(store, holder=OTHER).position == b"\x01"


def test_it_is_counted_what_arrived_and_what_mattered(store: SqlStore) -> None:
    stream = taken(store)
    store.hear(stream, Heard(b"\x01", events=5, mattered=2), LEASE)
    store.hear(stream, Heard(b"\x02", events=3, mattered=1), LEASE)
    status = store.streams()[ORG]
    assert (status.events, status.mattered, status.restarts) == (8, 3, 1)


def runs(store: SqlStore) -> list[int]:
    return list(store.due_work()[ORG].runs) if ORG in store.due_work() else []


def test_what_was_missed_queues_one_reconcile_until_that_begins(store: SqlStore) -> None:
    stream = taken(store)
    store.hear(stream, told(b"\x01", missed="an overflow"), LEASE)
    store.hear(stream, told(b"\x02", missed="an overflow"), LEASE)
    (first,) = runs(store)
    queued = store.run(first)
    assert (queued.kind, queued.started_by) == (RunKind.RECONCILE, BY_EVENTS)
    assert (queued.fingerprint, queued.user_ids) == (PRINT, ())
    begun = store.take_run(first, 60.0)
    assert begun is not None
    store.hear(stream, told(b"\x03", missed="an overflow"), LEASE)
    (second,) = runs(store)
    assert second != first
    assert store.run(second).status is RunStatus.QUEUED


def test_an_org_that_is_not_armed_is_looked_through_when_it_is(store: SqlStore) -> None:
    source = Source("fresh", "00D000000000002AAA", SOURCE.topic)
    stream = taken(store, source)
    store.hear(stream, told(b"\x01", missed="it begins afresh"), LEASE)
    assert "fresh" not in store.due_work()


def test_it_is_measured_how_long_an_event_took(store: SqlStore, clock: Clock) -> None:
    stream = taken(store)
    commits = [clock.now - timedelta(seconds=s) for s in (0.02, 0.03, 3.0, 5000.0, -600.0)]
    store.hear(stream, told(b"\x01", ANN, commits=commits), LEASE)
    store.hear(stream, told(b"\x02", BOB, commits=commits[:1]), LEASE)
    measured = store.delays(NOTICED)[ORG]
    assert dict(measured.counts) == {0.005: 1, 0.025: 2, 0.05: 1, 5.0: 1, float("inf"): 1}
    assert measured.seconds == pytest.approx(5003.07)


def test_it_is_measured_how_long_a_live_edit_waited_for_its_write(
    store: SqlStore, clock: Clock, scene: Scene
) -> None:
    scene.notice(ANN, BOB)
    clock.pass_(0.2)
    claim = scene.claim()
    (row,) = store.record_intents(claim, [an_intent(ANN)])
    done = {row: (HistoryOutcome.CONFIRMED, None)}
    by_id = {user.user_id: user for user in claim.users}
    written = Outcome(by_id[ANN], OutcomeKind.SETTLED, history=done)
    store.book(claim, [written, Outcome(by_id[BOB], OutcomeKind.SETTLED)])
    assert dict(store.delays(WRITTEN)[ORG].counts) == {0.25: 1}
