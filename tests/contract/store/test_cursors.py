"""Cursors of the scans."""

from datetime import timedelta

import pytest

from sync.errors import LeaseLost
from sync.ports.salesforce import Position
from sync.ports.scans import Cursor
from tests.contract.store.scene import ANN, ORG, START, Clock, Scene, a_notice, ids

HERE = Position(START, ANN)


def take(scene: Scene, source: str = "poll") -> Cursor:
    """Take a cursor that is free."""
    cursor = scene.store.take_cursor(ORG, source, 60)
    assert cursor is not None
    return cursor


def test_a_new_cursor_knows_nothing(scene: Scene) -> None:
    cursor = take(scene)
    assert (cursor.org, cursor.source) == (ORG, "poll")
    assert (cursor.position, cursor.floor) == (None, None)


def test_one_scan_at_a_time(scene: Scene, clock: Clock) -> None:
    take(scene)
    assert scene.store.take_cursor(ORG, "poll", 60) is None
    take(scene, "overlap")
    assert scene.store.take_cursor("other", "poll", 60) is not None
    clock.pass_(60)
    take(scene)


def test_the_place_and_what_was_found_are_stored_together(scene: Scene) -> None:
    cursor = take(scene)
    changed = scene.store.advance(cursor, HERE, [a_notice()], lease_seconds=60)
    assert changed == 1
    assert scene.store.advance(cursor, HERE, [a_notice()], lease_seconds=60) == 0
    scene.store.finish_cursor(cursor)
    assert take(scene).position == HERE
    assert ids(scene.claim()) == [ANN]


def test_the_floor_stays_until_there_is_another(scene: Scene) -> None:
    cursor = take(scene, "overlap")
    floor = START - timedelta(minutes=7)
    scene.store.advance(cursor, HERE, [], floor=floor, lease_seconds=60)
    scene.store.advance(cursor, Position(START), [], lease_seconds=60)
    scene.store.drop_cursor(cursor)
    again = take(scene, "overlap")
    assert (again.position, again.floor) == (Position(START), floor)


def test_advancing_prolongs_the_lease(scene: Scene, clock: Clock) -> None:
    cursor = take(scene)
    for _ in range(3):
        clock.pass_(59)
        scene.store.advance(cursor, HERE, [], lease_seconds=60)
    assert scene.store.take_cursor(ORG, "poll", 60) is None


@pytest.mark.parametrize("is_taken", [False, True])
def test_a_lost_cursor_moves_nothing(scene: Scene, clock: Clock, is_taken: bool) -> None:
    slow = take(scene)
    clock.pass_(60)
    quick = take(scene) if is_taken else None
    with pytest.raises(LeaseLost):
        scene.store.advance(slow, HERE, [a_notice()], lease_seconds=60)
    with pytest.raises(LeaseLost):
        scene.store.finish_cursor(slow)
    assert scene.try_claim() is None
    assert scene.store.state(ORG).last_poll_at is None
    if quick is not None:
        scene.store.drop_cursor(slow)
        scene.store.advance(quick, HERE, [], lease_seconds=60)


def test_only_a_whole_poll_is_a_good_poll(scene: Scene, clock: Clock) -> None:
    scene.store.drop_cursor(take(scene))
    scene.store.finish_cursor(take(scene, "overlap"))
    assert scene.store.state(ORG).last_poll_at is None
    now = clock.pass_(5)
    scene.store.finish_cursor(take(scene))
    assert scene.store.state(ORG).last_poll_at == now


def test_when_a_whole_scan_was_finished_is_known_of_each_source(scene: Scene, clock: Clock) -> None:
    assert scene.store.finished_at(ORG, "overlap") is None
    scene.store.drop_cursor(take(scene, "overlap"))
    assert scene.store.finished_at(ORG, "overlap") is None
    scene.store.finish_cursor(take(scene, "overlap"))
    finished = scene.store.now()
    clock.pass_(5)
    scene.store.finish_cursor(take(scene))
    assert scene.store.finished_at(ORG, "overlap") == finished
    assert scene.store.finished_at("beta", "overlap") is None
