"""The brake: what trips it, also side by side, what it holds, and letting that go."""

from collections.abc import Callable, Sequence

import pytest
from sqlalchemy.engine import Connection, Engine

from sync.errors import Braked, NotAllowed
from sync.model import NONE, Licenses
from sync.ports.brake import NO_LIMITS, Limits
from sync.ports.history import HistoryOutcome, Intent
from sync.ports.pending import Cause, Claim, Priority
from sync.ports.runs import RunKind
from sync.ports.settling import Outcome, OutcomeKind
from sync.store import SqlStore
from sync.store.org_state import lock_org
from tests.contract.store.scene import (
    ANN,
    BOB,
    CID,
    CTI,
    FREEDOM,
    LEASE,
    ORG,
    PBX,
    PRINT,
    Clock,
    Scene,
    a_notice,
    an_intent,
    only,
)
from tests.contract.store.test_concurrency import USERS, at_once

TEN = Limits(licenses=10, share=0.0)


def removal(user_id: str = ANN, licenses: Licenses = PBX) -> Intent:
    return an_intent(user_id, held_before=licenses, held_after=NONE, unapproved=licenses)


def remove(
    scene: Scene,
    user_ids: Sequence[str],
    limits: Limits,
    outcome: HistoryOutcome = HistoryOutcome.CONFIRMED,
    licenses: Licenses = PBX,
) -> None:
    """A batch that removes something from these users."""
    scene.notice(*user_ids, seen="")
    claim = scene.claim()
    ids = scene.store.record_intents(claim, [removal(u, licenses) for u in user_ids], limits)
    outcomes = [
        Outcome(user, OutcomeKind.SETTLED, history={id_: (outcome, None)})
        for user, id_ in zip(claim.users, ids, strict=True)
    ]
    scene.store.book(claim, outcomes)


def brake_user(scene: Scene, user_id: str = ANN, licenses: Licenses = PBX) -> None:
    """A batch decided under the brake parks a user."""
    scene.notice(user_id, seen="")
    scene.book(scene.claim(), OutcomeKind.PARKED, code="braked", delay=3600, braked=licenses)


def is_braked(scene: Scene) -> bool:
    return [brake.org for brake in scene.store.brakes()] == [ORG]


def test_within_the_limit_nothing_trips(scene: Scene) -> None:
    remove(scene, USERS[:10], TEN)
    assert scene.store.brakes() == []


def test_one_more_than_the_limit_trips_and_nothing_of_the_batch_is_intended(scene: Scene) -> None:
    remove(scene, USERS[:6], TEN)
    with pytest.raises(Braked) as braked:
        remove(scene, USERS[10:15], TEN)
    (brake,) = scene.store.brakes()
    assert (brake.org, brake.tripped_by, brake.users, brake.licenses) == (ORG, "itself", 0, 0)
    assert "11 licenses of 11 users" in brake.reason
    assert scene.store.brake_records(ORG)[0].id == braked.value.brake_id
    assert len(list(scene.store.history())) == 6


def test_licenses_are_counted_and_not_users(scene: Scene) -> None:
    with pytest.raises(Braked):
        remove(scene, USERS[:4], TEN, licenses=CTI | FREEDOM | PBX)


def test_while_it_holds_grants_and_what_a_person_approved_go_on(scene: Scene) -> None:
    scene.store.hold_removals(ORG, "ann", "an import went wrong")
    scene.notice(ANN)
    claim = scene.claim()
    assert claim.brake_id is not None
    with pytest.raises(Braked):
        scene.store.record_intents(claim, [removal()], NO_LIMITS)
    assert scene.store.record_intents(claim, [an_intent(), an_intent(held_after=NONE)], TEN)


def test_a_batch_that_began_before_it_tripped_is_told(scene: Scene) -> None:
    scene.notice(ANN)
    claim = scene.claim()
    assert claim.brake_id is None
    scene.store.hold_removals(ORG, "ann", "wait")
    with pytest.raises(Braked):
        scene.store.record_intents(claim, [removal()])


@pytest.mark.parametrize("outcome", [HistoryOutcome.REFUSED, HistoryOutcome.NOT_SENT])
def test_what_did_not_arrive_does_not_count(scene: Scene, outcome: HistoryOutcome) -> None:
    remove(scene, USERS[:10], TEN, outcome)
    remove(scene, USERS[:10], TEN)
    assert scene.store.brakes() == []


def test_a_repeated_write_without_an_answer_counts_once(scene: Scene) -> None:
    remove(scene, USERS[:10], TEN, HistoryOutcome.UNKNOWN)
    remove(scene, USERS[:10], TEN)
    with pytest.raises(Braked):
        remove(scene, USERS[:1], TEN)


def test_a_stretch_ends(scene: Scene, clock: Clock) -> None:
    remove(scene, USERS[:10], TEN)
    clock.pass_(3600)
    remove(scene, USERS[10:20], TEN)
    assert scene.store.brakes() == []


@pytest.mark.parametrize(
    "limits", [NO_LIMITS, Limits(licenses=1, share=0.01, minutes=0)], ids=["limits", "minutes"]
)
def test_limits_can_be_turned_off(scene: Scene, limits: Limits) -> None:
    remove(scene, USERS[:90], limits)
    assert scene.store.brakes() == []


def holders(scene: Scene, count: int) -> None:
    """A whole pass found so many users who hold something."""
    run_id = scene.store.create_run(ORG, RunKind.RECONCILE, PRINT, "ann")
    taken = scene.store.take_run(run_id, LEASE)
    assert taken is not None
    scene.store.advance_run(run_id, taken[1], ANN, 9, [], [], LEASE, count - 1)
    scene.store.advance_run(run_id, taken[1], BOB, 9, [], [], LEASE, 1)
    scene.store.end_run(run_id, taken[1])
    assert scene.store.run(run_id).holders == count


def test_a_share_of_those_who_hold_something_trips_it_above_the_floor(scene: Scene) -> None:
    share = Limits(licenses=0, share=0.10)
    remove(scene, USERS[:30], share)
    holders(scene, 300)
    with pytest.raises(Braked):
        remove(scene, USERS[30:31], share)
    assert "more than 10% of the 300 users" in scene.store.brakes()[0].reason


def test_a_small_org_is_not_tripped_by_a_few(scene: Scene) -> None:
    holders(scene, 3)
    remove(scene, USERS[:20], Limits())
    assert scene.store.brakes() == []
    with pytest.raises(Braked):
        remove(scene, USERS[20:21], Limits())


def test_what_waits_is_listed_and_counted(scene: Scene, clock: Clock) -> None:
    scene.store.hold_removals(ORG, "ann", "wait")
    scene.store.hold_removals(ORG, "bob", "nothing: it holds already")
    brake_user(scene, ANN, CTI | FREEDOM)
    since = clock.now
    clock.pass_(5)
    brake_user(scene, BOB, PBX)
    (brake,) = scene.store.brakes()
    assert (brake.tripped_by, brake.reason, brake.users, brake.licenses) == ("ann", "wait", 2, 3)
    first, second = scene.store.held_removals(ORG)
    assert (first.user_id, first.removed, first.since) == (ANN, CTI | FREEDOM, since)
    assert scene.store.held_removals(ORG, after_id=ANN) == [second]
    assert scene.store.held_removals("other") == []


def test_a_release_makes_exactly_those_due_and_allows_what_they_were_to_lose(
    scene: Scene, clock: Clock
) -> None:
    scene.store.hold_removals(ORG, "ann", "wait")
    brake_user(scene, ANN, CTI | FREEDOM)
    scene.notice(BOB, seen="")
    scene.book(scene.claim(), OutcomeKind.PARKED, code="unreadable", delay=3600)
    clock.pass_(60)
    assert scene.store.release_brake(ORG, "eve") == 1
    assert scene.store.brakes() == []
    (record,) = scene.store.brake_records(ORG)
    assert (record.released_by, record.released_at) == ("eve", clock.now)
    assert (record.users, record.licenses) == (1, 2)
    user = only(scene.claim())
    assert (user.user_id, user.allowed, user.braked) == (ANN, CTI | FREEDOM, NONE)
    assert (user.cause, user.actor) == (Cause.APPROVAL, "eve")


def test_a_release_without_a_brake(scene: Scene) -> None:
    with pytest.raises(NotAllowed, match="No brake holds in acme"):
        scene.store.release_brake(ORG, "ann")


def test_what_was_allowed_stays_so_until_it_is_written_or_the_brake_is_pulled(scene: Scene) -> None:
    scene.store.hold_removals(ORG, "ann", "wait")
    brake_user(scene)
    scene.store.release_brake(ORG, "ann")
    user = only(claim := scene.claim())
    scene.store.book(claim, [Outcome(user, OutcomeKind.RETRY, allowed=user.allowed)])
    claim = scene.claim()
    assert only(claim).allowed == PBX
    scene.store.release(claim, 0, "")
    scene.store.hold_removals(ORG, "bob", "again")
    user = only(claim := scene.claim())
    assert user.allowed == NONE
    scene.store.book(claim, [Outcome(user, OutcomeKind.PARKED, braked=CTI)])
    assert scene.store.brakes()[0].licenses == 1


def test_a_batch_that_waited_through_a_release_counts_after_it(
    scene: Scene, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    def lock_slowly(connection: Connection, org: str) -> None:
        lock_org(connection, org)
        clock.pass_(5)

    scene.notice(ANN)
    claim = scene.claim()
    released = clock.pass_(3)
    monkeypatch.setattr("sync.store.brake.lock_org", lock_slowly)
    scene.store.record_intents(claim, [removal()], TEN)
    (row,) = scene.store.history()
    assert (row.at - released).total_seconds() == 5


def test_after_a_release_counting_begins_anew(scene: Scene, clock: Clock) -> None:
    remove(scene, USERS[:10], TEN)
    with pytest.raises(Braked):
        remove(scene, USERS[10:11], TEN)
    clock.pass_(LEASE)
    scene.store.release_brake(ORG, "ann")
    clock.pass_(1)
    scene.book(scene.claim(), OutcomeKind.SETTLED)
    remove(scene, USERS[20:30], TEN)
    with pytest.raises(Braked):
        remove(scene, USERS[30:31], TEN)


@pytest.mark.parametrize("noticed", [False, True])
def test_a_release_under_a_batch_that_still_withholds(scene: Scene, noticed: bool) -> None:
    """The user is not left parked by a brake that is gone, and only what was seen is allowed."""
    scene.store.hold_removals(ORG, "ann", "wait")
    brake_user(scene, ANN, CTI)
    scene.notice(ANN, BOB, seen="")
    claim = scene.claim()
    if noticed:
        scene.notice(BOB, seen="other")
    scene.store.release_brake(ORG, "eve")
    scene.book(claim, OutcomeKind.PARKED, code="braked", delay=3600, braked=PBX)
    ann, bob = scene.claim().users
    assert {ann.user_id: ann.allowed, bob.user_id: bob.allowed} == {ANN: CTI, BOB: NONE}
    assert (ann.braked, bob.braked) == (NONE, NONE)


def test_a_notice_keeps_what_the_brake_holds(scene: Scene) -> None:
    scene.store.hold_removals(ORG, "ann", "wait")
    brake_user(scene)
    scene.notice(ANN, seen="changed")
    assert scene.store.brakes()[0].users == 1
    assert only(scene.claim()).braked == PBX


def test_a_user_that_settles_does_not_wait_any_more(scene: Scene) -> None:
    scene.store.hold_removals(ORG, "ann", "wait")
    brake_user(scene, ANN)
    brake_user(scene, CID)
    scene.notice(ANN, CID, seen="changed")
    claim = scene.claim()
    scene.notice(CID, seen="and again")
    scene.book(claim, OutcomeKind.SETTLED)
    assert scene.store.held_removals(ORG) == []


def test_batches_side_by_side_cannot_pass_the_limit_together(engine: Engine) -> None:
    store = SqlStore(engine)
    store.arm(ORG, "00D", PRINT, "ann")
    limits = Limits(licenses=100, share=0.0)
    store.notice(ORG, [a_notice(user) for user in USERS])

    def batches(store: SqlStore) -> Callable[[], int]:
        def work() -> int:
            written = 0
            while (claim := store.claim(ORG, PRINT, Priority.LIVE, 23, LEASE)) is not None:
                intents = [removal(user.user_id) for user in claim.users]
                written += _intended(store, claim, intents, limits)
            return written

        return work

    written = at_once(*[batches(SqlStore(engine)) for _ in range(4)])
    rows = [row for row in store.history(limit=9999) if row.intent.unapproved]
    assert len(rows) == sum(written) <= 100
    assert len(rows) > 100 - 23
    (brake,) = store.brakes()
    assert brake.tripped_by == "itself"


def _intended(store: SqlStore, claim: Claim, intents: Sequence[Intent], limits: Limits) -> int:
    try:
        return len(store.record_intents(claim, intents, limits))
    except Braked:
        return 0


def test_one_brake_trips_whoever_pulls_it(engine: Engine) -> None:
    store = SqlStore(engine)

    def hold(by: str) -> Callable[[], None]:
        return lambda: store.hold_removals("new", by, "wait")

    at_once(*[hold(by) for by in ("ann", "bob", "cid", "dan")])
    assert len(store.brake_records("new")) == 1


def test_orgs_have_brakes_of_their_own(scene: Scene) -> None:
    scene.store.hold_removals("other", "ann", "wait")
    remove(scene, USERS[:3], TEN)
    assert not is_braked(scene)
