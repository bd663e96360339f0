"""Which alerts begin and end."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest

from sync.alerts import APART, LASTING, OLD, Changes, Snapshot, changes
from sync.heartbeats import SILENT, SLOW_SILENT
from sync.ports.alerts import PROGRAM, Alert, AlertKind, Condition, Gathered
from sync.ports.brake import Brake
from sync.ports.orgs import OrgState
from sync.ports.review import OrgFigures

NOW = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)
SECOND = timedelta(seconds=1)
BEATS = {"worker-live": NOW, "worker-bulk": NOW, "worker-slow": NOW}
STATE = OrgState("acme", *(None,) * 12)
CALM = Snapshot(NOW, states={"acme": STATE}, beats=BEATS, working=frozenset({"acme"}))


def snapshot(**changes_: Any) -> Snapshot:
    return replace(CALM, **changes_)


def begun(now: Snapshot, standing: Sequence[Alert] = ()) -> list[tuple[str, AlertKind, str]]:
    return [(one.org, one.kind, one.key) for one in changes(now, standing).begun]


def standing(condition: Condition, **more: Any) -> Alert:
    plain = Alert(
        id=1,
        org=condition.org,
        kind=condition.kind,
        key=condition.key,
        since=condition.since,
        summary=condition.summary,
        due_at=NOW - SECOND,
    )
    return replace(plain, **more)


def only(now: Snapshot) -> Condition:
    (condition,) = changes(now, ()).begun
    return condition


def waiting(since: timedelta) -> dict[str, OrgFigures]:
    return {"acme": OrgFigures("acme", 1, NOW - since, 0, 0, 0)}


TROUBLED = snapshot(states={"acme": replace(STATE, problem="Salesforce is down.")})
BRAKE = Brake("acme", NOW, "itself", "too many", 7, 12)
NEWS = Gathered("acme", AlertKind.CONFLICTS, "0/3", NOW, 3, ("a", "b", "c"))

SITUATIONS = [
    TROUBLED,
    snapshot(problems={"acme": "The policy is broken."}),
    snapshot(brakes=[BRAKE]),
    snapshot(figures=waiting(OLD + SECOND)),
    snapshot(beats={"worker-live": NOW, "worker-slow": NOW}),
    snapshot(expiries={"acme": date(2026, 3, 3)}),
]


def test_nothing_is_told_of_a_calm_org() -> None:
    found = changes(CALM, ())
    assert found == Changes((), (), (), (), ())


@pytest.mark.parametrize("now", SITUATIONS)
def test_what_is_wrong_begins_once_goes_on_and_is_over_once(now: Snapshot) -> None:
    alert = standing(only(now))
    later = changes(now, [alert])
    assert (later.begun, later.going_on) == ((), (alert,))
    calm = changes(CALM, [alert])
    assert (calm.over, calm.going_on) == ((alert,), ())


def test_trouble_has_to_last_before_it_is_told_and_the_sentence_is_harmless() -> None:
    condition = only(snapshot(problems={"acme": "The file `x` @here\nis broken."}))
    assert condition.grace == LASTING == 30
    assert condition.summary == "The file 'x' (at)here is broken."


def test_a_hiccup_is_dropped_and_nobody_hears_of_it() -> None:
    alert = standing(only(TROUBLED), due_at=NOW + SECOND)
    assert changes(CALM, [alert]).dropped == (alert,)
    for heard in (
        replace(alert, due_at=NOW),
        replace(alert, told_at=NOW),
        replace(alert, tries=1),
    ):
        assert changes(CALM, [heard]).over == (heard,)


def test_another_trouble_of_the_same_org_is_no_news() -> None:
    alert = standing(only(TROUBLED))
    other = snapshot(states={"acme": replace(STATE, problem="The login is refused.")})
    assert changes(other, [alert]).going_on == (alert,)
    assert begun(other, [alert]) == []


def test_each_tripping_of_the_brake_is_told() -> None:
    alert = standing(only(snapshot(brakes=[BRAKE])))
    again = snapshot(brakes=[replace(BRAKE, tripped_at=NOW + SECOND)])
    assert changes(again, [alert]).over == (alert,)
    assert len(begun(again, [alert])) == 1


@pytest.mark.parametrize(
    ("now", "is_told"),
    [
        (snapshot(figures=waiting(OLD)), False),
        (snapshot(figures=waiting(OLD + SECOND)), True),
        (snapshot(figures=waiting(OLD + SECOND), working=frozenset()), False),
        (snapshot(figures={"acme": OrgFigures("acme", 0, None, 9, 9, 9)}), False),
    ],
    ids=["ten minutes", "more", "paused or observing", "none"],
)
def test_users_who_wait_too_long_are_told_where_something_may_be_written(
    now: Snapshot, is_told: bool
) -> None:
    assert bool(begun(now)) is is_told


@pytest.mark.parametrize(
    ("beats", "silent"),
    [
        (BEATS, []),
        (BEATS | {"worker-bulk": NOW - SILENT}, []),
        (BEATS | {"worker-bulk": NOW - SILENT - SECOND}, ["worker-bulk"]),
        (BEATS | {"worker-slow": NOW - SLOW_SILENT}, []),
        (BEATS | {"worker-slow": NOW - SLOW_SILENT - SECOND}, ["worker-slow"]),
        ({"worker-live": NOW}, ["worker-bulk", "worker-slow"]),
        ({}, ["worker-live", "worker-bulk", "worker-slow"]),
    ],
)
def test_a_silent_worker_is_told(beats: dict[str, datetime], silent: list[str]) -> None:
    found = begun(snapshot(beats=beats))
    assert found == [(PROGRAM, AlertKind.WORKERS, name) for name in silent]


def test_without_an_org_no_worker_is_missed() -> None:
    assert begun(Snapshot(NOW)) == []


@pytest.mark.parametrize(
    ("days", "warning"), [(31, None), (30, 30), (8, 30), (7, 7), (2, 7), (1, 1), (0, 1), (-9, 1)]
)
def test_credentials_are_warned_of_in_time(days: int, warning: int | None) -> None:
    on = NOW.date() + timedelta(days=days)
    wanted = [] if warning is None else [("acme", AlertKind.CREDENTIALS, f"{on}/{warning}")]
    assert begun(snapshot(expiries={"acme": on})) == wanted


def test_a_later_warning_takes_the_place_of_an_earlier_one() -> None:
    on = NOW.date() + timedelta(days=30)
    first = standing(only(snapshot(expiries={"acme": on})))
    later = snapshot(now=NOW + timedelta(days=23), expiries={"acme": on}, beats={})
    found = changes(later, [first])
    assert (found.replaced, found.over) == ((first,), ())
    assert changes(CALM, [first]).over == (first,), "another date was set"


@pytest.mark.parametrize(
    ("last_at", "is_told"), [(None, True), (NOW - APART, True), (NOW - APART + SECOND, False)]
)
def test_new_users_of_an_org_are_told_of_every_five_minutes_at_most(
    last_at: datetime | None, is_told: bool
) -> None:
    now = snapshot(gathered=[replace(NEWS, last_at=last_at)])
    assert bool(begun(now)) is is_told


def test_gathered_users_stand_until_none_of_them_waits() -> None:
    alert = standing(only(snapshot(gathered=[NEWS])))
    assert changes(CALM, [alert]).going_on == (alert,)
    done = changes(snapshot(finished=frozenset({1})), [alert])
    assert done.over == (alert,)


def test_orgs_do_not_mix() -> None:
    both = {"acme": replace(STATE, problem="x"), "beta": replace(STATE, org="beta", problem="y")}
    acme, beta = changes(snapshot(states=both), ()).begun
    assert (acme.org, beta.org) == ("acme", "beta")
    alert = standing(acme)
    one = changes(snapshot(states={"acme": STATE, "beta": both["beta"]}), [alert])
    assert (one.over, [c.org for c in one.begun]) == ((alert,), ["beta"])
