"""Which alerts begin and which are over: from how things are, and what has been told. Pure."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta

from sync.alert_texts import SENTENCE, expires, harmless, held, news
from sync.heartbeats import WORKERS, patience
from sync.ports.alerts import GATHERED, PROGRAM, Alert, AlertKind, Condition, Gathered
from sync.ports.brake import Brake
from sync.ports.orgs import OrgState
from sync.ports.review import OrgFigures

LASTING = 30.0
"""Seconds that trouble lasts once a tick found it: no hiccup is told, all else in a minute."""

APART = timedelta(minutes=5)
"""New users of one org are told of at most this often."""

OLD = timedelta(minutes=10)

WARNINGS = (30, 7, 1)
"""Days before credentials expire when that is said."""


@dataclass(frozen=True, slots=True)
class Snapshot:
    """How things are. `working` are the orgs where something may be written now.

    `problems` say why an org cannot even be tried; `finished` are gathered alerts of whose users
    nobody waits any more.
    """

    now: datetime
    figures: Mapping[str, OrgFigures] = field(default_factory=dict)
    states: Mapping[str, OrgState] = field(default_factory=dict)
    working: frozenset[str] = frozenset()
    problems: Mapping[str, str] = field(default_factory=dict)
    brakes: Sequence[Brake] = ()
    beats: Mapping[str, datetime] = field(default_factory=dict)
    expiries: Mapping[str, date] = field(default_factory=dict)
    gathered: Sequence[Gathered] = ()
    finished: frozenset[int] = frozenset()


@dataclass(frozen=True, slots=True)
class Changes:
    """Which alerts begin, which are over, and which go on.

    The end of one that is `replaced` by a later warning is not told; `dropped` are hiccups that
    were over before anybody had to hear of them.
    """

    begun: tuple[Condition, ...]
    over: tuple[Alert, ...]
    replaced: tuple[Alert, ...]
    dropped: tuple[Alert, ...]
    going_on: tuple[Alert, ...]


def changes(snapshot: Snapshot, standing: Sequence[Alert]) -> Changes:
    """Compare how things are with the alerts that stand."""
    found = {_mark(condition): condition for condition in _conditions(snapshot)}
    known = {_mark(alert) for alert in standing}
    warned = {(one.org, one.kind) for one in found.values() if one.kind is AlertKind.CREDENTIALS}
    over: list[Alert] = []
    replaced: list[Alert] = []
    dropped: list[Alert] = []
    going_on: list[Alert] = []
    for alert in standing:
        if _goes_on(alert, found, snapshot):
            going_on.append(alert)
        elif (alert.org, alert.kind) in warned:
            replaced.append(alert)
        elif _is_hiccup(alert, snapshot.now):
            dropped.append(alert)
        else:
            over.append(alert)
    begun = tuple(condition for mark, condition in found.items() if mark not in known)
    return Changes(begun, tuple(over), tuple(replaced), tuple(dropped), tuple(going_on))


_Mark = tuple[str, AlertKind, str]


def _mark(one: Alert | Condition) -> _Mark:
    return (one.org, one.kind, one.key)


def _goes_on(alert: Alert, found: Mapping[_Mark, Condition], snapshot: Snapshot) -> bool:
    if alert.kind in GATHERED:
        return alert.id not in snapshot.finished
    return _mark(alert) in found


def _is_hiccup(alert: Alert, now: datetime) -> bool:
    return alert.told_at is None and alert.tries == 0 and alert.due_at > now


def _conditions(snapshot: Snapshot) -> Iterator[Condition]:
    yield from _gathered(snapshot)
    yield from _braked(snapshot.brakes)
    yield from _in_trouble(snapshot)
    yield from _waiting_long(snapshot)
    yield from _silent(snapshot)
    yield from _expiring(snapshot)


def _gathered(snapshot: Snapshot) -> Iterator[Condition]:
    for one in snapshot.gathered:
        if one.last_at is None or snapshot.now - one.last_at >= APART:
            yield Condition(one.org, one.kind, one.key, one.since, news(one))


def _braked(brakes: Iterable[Brake]) -> Iterator[Condition]:
    for brake in brakes:
        key = brake.tripped_at.isoformat()
        yield Condition(brake.org, AlertKind.BRAKE, key, brake.tripped_at, held(brake))


def _in_trouble(snapshot: Snapshot) -> Iterator[Condition]:
    said = {org: state.problem for org, state in snapshot.states.items() if state.problem}
    for org, problem in sorted((said | dict(snapshot.problems)).items()):
        summary = harmless(problem, SENTENCE)
        yield Condition(org, AlertKind.TROUBLE, "", snapshot.now, summary, LASTING)


def _waiting_long(snapshot: Snapshot) -> Iterator[Condition]:
    """Only where something may be written: what waits in a paused org is meant to."""
    for org, figures in snapshot.figures.items():
        oldest = figures.oldest_pending_at
        if org in snapshot.working and oldest is not None and snapshot.now - oldest > OLD:
            summary = f"A user has been pending since {oldest:%Y-%m-%d %H:%M} UTC."
            yield Condition(org, AlertKind.BACKLOG, "", oldest, summary)


def _silent(snapshot: Snapshot) -> Iterator[Condition]:
    """Whoever says this works: that all workers are silent has to be watched from outside."""
    if not snapshot.states:
        return
    for name in WORKERS:
        at = snapshot.beats.get(name)
        if at is None or snapshot.now - at > patience(name):
            heard = f"since {at:%Y-%m-%d %H:%M} UTC" if at else "and never gave one"
            summary = f"{name} gives no sign of life {heard}."
            since = at or snapshot.now
            yield Condition(PROGRAM, AlertKind.WORKERS, name, since, summary, LASTING)


def _expiring(snapshot: Snapshot) -> Iterator[Condition]:
    today = snapshot.now.date()
    for org, on in sorted(snapshot.expiries.items()):
        reached = [days for days in WARNINGS if (on - today).days <= days]
        if reached:
            days = min(reached)
            key, summary = f"{on.isoformat()}/{days}", expires(on, days)
            yield Condition(org, AlertKind.CREDENTIALS, key, snapshot.now, summary)
