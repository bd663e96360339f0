"""Alerts: each stands once, one worker tells, and what was told is remembered target by target."""

from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import pytest

from sync.errors import LeaseLost
from sync.model import Licenses
from sync.ports.alerts import Alert, AlertKind, Condition
from sync.ports.conflict_log import CloseEntry
from sync.ports.settling import OutcomeKind
from sync.store import SqlStore
from sync.store.alerts import GIVEN_UP
from sync.store.gathering import NAMES, UNDER_WAY
from tests.contract.store.scene import (
    ANN,
    BOB,
    CID,
    FREEDOM,
    ORG,
    REFUSAL,
    START,
    Clock,
    Scene,
    a_resolution,
    ids,
)

TROUBLE = Condition(ORG, AlertKind.TROUBLE, "", START, "It is down.")
SECONDS = UNDER_WAY.total_seconds()


@pytest.fixture
def token(store: SqlStore) -> str:
    """The lease on the alerts."""
    found = store.take_alerts(1e6)
    assert found is not None
    return found


def change(
    store: SqlStore,
    token: str,
    *,
    begun: Iterable[Condition] = (),
    over: Iterable[Alert] = (),
    replaced: Iterable[Alert] = (),
    dropped: Iterable[Alert] = (),
) -> None:
    store.change_alerts(token, begun, over, replaced, dropped)


def begin(store: SqlStore, token: str, condition: Condition = TROUBLE) -> Alert:
    change(store, token, begun=[condition])
    return store.standing_alerts()[-1]


# The lease


def test_one_worker_has_the_alerts_until_its_lease_ends(store: SqlStore, clock: Clock) -> None:
    first = store.take_alerts(60)
    assert first is not None
    assert store.take_alerts(60) is None
    clock.pass_(59)
    store.renew_alerts(first, 60)
    clock.pass_(59)
    assert store.take_alerts(60) is None
    clock.pass_(1)
    second = store.take_alerts(60)
    assert second is not None
    with pytest.raises(LeaseLost):
        store.renew_alerts(first, 60)
    store.drop_alerts(first)
    assert store.take_alerts(60) is None
    store.drop_alerts(second)
    assert store.take_alerts(60) is not None


def test_many_at_once_get_one_lease(store: SqlStore) -> None:
    with ThreadPoolExecutor(8) as pool:
        tokens = list(pool.map(lambda _: store.take_alerts(60), range(8)))
    assert sum(token is not None for token in tokens) == 1


def test_without_the_lease_nothing_is_booked(store: SqlStore, token: str) -> None:
    alert = begin(store, token)
    for late in (
        lambda: change(store, "other", begun=[replace(TROUBLE, key="2")]),
        lambda: store.book_told("other", alert),
        lambda: store.book_untold("other", alert, ["x"], "no", 1),
    ):
        with pytest.raises(LeaseLost):
            late()
    assert store.standing_alerts() == [alert]


# The life of an alert


def test_an_alert_stands_once_and_may_come_back(store: SqlStore, token: str) -> None:
    alert = begin(store, token)
    assert alert == Alert(alert.id, ORG, AlertKind.TROUBLE, "", START, "It is down.", START)
    change(store, token, begun=[TROUBLE, replace(TROUBLE, org="beta")])
    assert [one.org for one in store.standing_alerts()] == [ORG, "beta"]
    change(store, token, over=[alert])
    change(store, token, begun=[TROUBLE])
    assert [one.org for one in store.standing_alerts()] == ["beta", ORG]
    assert [one.over_at is None for one in store.alerts()] == [True, True, False]
    assert [one.org for one in store.alerts(standing=True, limit=1)] == [ORG]


def test_an_alert_is_due_after_its_grace_until_it_is_told(
    store: SqlStore, token: str, clock: Clock
) -> None:
    begin(store, token, replace(TROUBLE, grace=60.0))
    clock.pass_(59)
    assert store.due_alerts() == []
    clock.pass_(1)
    (alert,) = store.due_alerts()
    store.book_told(token, alert)
    assert store.due_alerts() == []
    assert store.standing_alerts()[0].told_at == clock.now


def test_what_was_not_taken_is_due_later_and_shown(
    store: SqlStore, token: str, clock: Clock
) -> None:
    alert = begin(store, token)
    store.book_untold(token, alert, ["mailto://b", "json://a"], "json://c did not", 40)
    clock.pass_(39)
    assert store.due_alerts() == []
    clock.pass_(1)
    (alert,) = store.due_alerts()
    assert (alert.tries, alert.error) == (1, "json://c did not")
    assert alert.taken == ("json://a", "mailto://b")
    store.book_told(token, alert)
    (alert,) = store.standing_alerts()
    assert (alert.tries, alert.error, alert.taken) == (0, None, ())


def test_the_end_is_told_to_everybody_anew(store: SqlStore, token: str, clock: Clock) -> None:
    alert = begin(store, token)
    store.book_untold(token, alert, ["json://a"], "no", 3600)
    ended = clock.pass_(20)
    change(store, token, over=store.standing_alerts())
    (alert,) = store.due_alerts()
    assert (alert.over_at, alert.taken, alert.tries, alert.error) == (ended, (), 0, None)
    store.book_told(token, alert)
    assert store.due_alerts() == []
    (alert,) = store.alerts()
    assert (alert.told_at, alert.over_told_at) == (None, ended)


def test_an_end_that_nobody_takes_is_given_up(store: SqlStore, token: str, clock: Clock) -> None:
    change(store, token, over=[begin(store, token)])
    clock.pass_(GIVEN_UP.total_seconds() - 1)
    assert len(store.due_alerts()) == 1
    clock.pass_(1)
    assert store.due_alerts() == []


def test_what_still_stands_is_never_given_up(store: SqlStore, token: str, clock: Clock) -> None:
    begin(store, token)
    clock.pass_(10 * GIVEN_UP.total_seconds())
    assert len(store.due_alerts()) == 1


def test_what_was_replaced_or_a_hiccup_is_not_told(store: SqlStore, token: str) -> None:
    replaced = begin(store, token)
    hiccup = begin(store, token, replace(TROUBLE, org="beta"))
    change(store, token, replaced=[replaced], dropped=[hiccup])
    assert store.due_alerts() == store.standing_alerts() == []
    assert [one.id for one in store.alerts()] == [replaced.id]


# Gathered users


def gathered_alert(store: SqlStore, token: str, kind: AlertKind) -> Alert:
    found = store.gathered(kind, ORG)
    assert found is not None
    return begin(store, token, Condition(ORG, kind, found.key, found.since, "new"))


def test_new_conflicts_are_gathered_once(
    scene: Scene, store: SqlStore, token: str, clock: Clock
) -> None:
    assert store.gathered(AlertKind.CONFLICTS, ORG) is None
    scene.open(ANN)
    scene.open(BOB, finding=REFUSAL)
    assert store.gathered(AlertKind.CONFLICTS, ORG) is None, "somebody may not have committed"
    clock.pass_(SECONDS)
    assert store.gathered(AlertKind.CONFLICTS, "beta") is None
    found = store.gathered(AlertKind.CONFLICTS, ORG)
    assert found is not None
    assert (found.count, found.names, found.since) == (1, (f"{ANN}@acme.example",), START)
    assert found.last_at is None
    gathered_alert(store, token, AlertKind.CONFLICTS)
    begun = clock.now
    assert store.gathered(AlertKind.CONFLICTS, ORG) is None
    scene.open(CID)
    clock.pass_(SECONDS)
    found = store.gathered(AlertKind.CONFLICTS, ORG)
    assert found is not None
    assert (found.count, found.last_at) == (1, begun)


def test_a_conflict_waits_until_it_is_carried_out_or_put_aside(
    scene: Scene, store: SqlStore, token: str, clock: Clock
) -> None:
    first, second = scene.open(ANN), scene.open(BOB)
    clock.pass_(SECONDS)
    alert = gathered_alert(store, token, AlertKind.CONFLICTS)
    scene.open(CID)
    store.dismiss(first.id, "ann", "later")
    assert store.still_waiting(alert)
    store.resolve(second.id, a_resolution(FREEDOM))
    assert store.still_waiting(alert), "it may come back as overtaken"
    claim = scene.claim()
    assert BOB in ids(claim)
    scene.book(claim, OutcomeKind.SETTLED, entries=(CloseEntry(second.id, "ann", "decided"),))
    assert not store.still_waiting(alert), "Cid is of the next alert"


def test_parked_users_are_gathered_by_when_they_were_parked(
    scene: Scene, store: SqlStore, token: str, clock: Clock
) -> None:
    assert store.gathered(AlertKind.PARKED, ORG) is None
    park(scene, ANN, "ann@example.com")
    clock.pass_(SECONDS)
    found = store.gathered(AlertKind.PARKED, ORG)
    assert found is not None
    assert (found.count, found.names, found.since) == (1, ("ann@example.com",), START)
    alert = gathered_alert(store, token, AlertKind.PARKED)
    assert store.gathered(AlertKind.PARKED, ORG) is None
    park(scene, BOB, "bob@example.com")
    clock.pass_(SECONDS)
    assert store.still_waiting(alert)
    store.retry_parked(ORG, [ANN], "ada")
    assert not store.still_waiting(alert), "Bob is of the next alert"
    found = store.gathered(AlertKind.PARKED, ORG)
    assert found is not None
    assert found.names == ("bob@example.com",)


def test_a_user_who_is_tried_in_vain_is_no_news(
    scene: Scene, store: SqlStore, token: str, clock: Clock
) -> None:
    park(scene, ANN, "ann@example.com")
    clock.pass_(SECONDS)
    alert = gathered_alert(store, token, AlertKind.PARKED)
    clock.pass_(3600)
    scene.book(scene.claim(), OutcomeKind.PARKED, delay=3600, code="X", reason="no")
    clock.pass_(SECONDS)
    assert store.still_waiting(alert)
    assert store.gathered(AlertKind.PARKED, ORG) is None


def test_a_flood_names_a_few(scene: Scene, store: SqlStore, clock: Clock) -> None:
    for number in range(NAMES + 3):
        park(scene, f"0050000000000{number:02}AAA", f"user{number}@example.com")
    clock.pass_(SECONDS)
    found = store.gathered(AlertKind.PARKED, ORG)
    assert found is not None
    assert found.count == NAMES + 3
    assert len(found.names) == NAMES


def park(scene: Scene, user_id: str, name: str) -> None:
    scene.notice(user_id, seen="")
    scene.book(
        scene.claim(),
        OutcomeKind.PARKED,
        delay=3600,
        code="X",
        reason="no",
        username=name,
        requested=Licenses(),
    )
