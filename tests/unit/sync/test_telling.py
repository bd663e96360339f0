"""Telling on a real store: each target hears of each condition once, and once that it is over."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from functools import partial

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sync.alert_texts import Message
from sync.alerts import APART, LASTING, OLD
from sync.model import NONE
from sync.ports.alerts import AlertKind
from sync.ports.brake import Brake
from sync.ports.pending import Cause, Notice, Priority
from sync.telling import (
    BUDGET_SECONDS,
    FIRST_AGAIN,
    LAST_AGAIN,
    NOBODY,
    Surroundings,
    Teller,
)
from tests.fakes.bench import BOTH, FREEDOM, ORG, Bench, memory_bench

TICK = 20


@dataclass(slots=True)
class Mailbox:
    """Targets that take messages, or fail while they are in `down`; takes `seconds` a message."""

    bench: Bench
    names: list[str] = field(default_factory=lambda: ["chat", "mail"])
    down: set[str] = field(default_factory=set)
    seconds: float = 0.0
    crash: bool = False
    heard: list[tuple[str, str, str]] = field(default_factory=list)
    tried: list[str] = field(default_factory=list)

    def targets(self, org: str) -> Sequence[str]:
        return self.names

    def send(self, org: str, targets: Sequence[str], message: Message) -> Mapping[str, str | None]:
        self.bench.org.tick(self.seconds)
        answers: dict[str, str | None] = {}
        for name in targets:
            self.tried.append(name)
            answers[name] = f"{name} is down." if name in self.down else None
            if name not in self.down:
                self.heard.append((name, message.title.split(": ", 1)[1], message.body))
        if self.crash:
            raise RuntimeError("killed")
        return answers

    def titles(self, name: str = "mail") -> list[str]:
        return [title for target, title, _ in self.heard if target == name]


@dataclass(slots=True)
class Scene:
    """An org, the mailbox, and a teller that ticks."""

    bench: Bench
    mailbox: Mailbox
    brakes: list[Brake] = field(default_factory=list)

    def teller(self) -> Teller:
        return Teller(self.bench.store, self.mailbox, partial(_seconds, self.bench))

    def tick(self, count: int = 1, teller: Teller | None = None) -> None:
        for _ in range(count):
            self.bench.org.tick(TICK)
            for name in ("worker-live", "worker-bulk", "worker-slow"):
                self.bench.store.beat(name)
            (teller or self.teller()).tell(
                Surroundings([ORG], frozenset({ORG}), brakes=tuple(self.brakes))
            )

    def trip(self) -> None:
        now = self.bench.org.now
        self.brakes.append(Brake(ORG, now, "itself", "too many", 7, 12))

    def trouble(self) -> None:
        self.bench.store.report_problem(ORG, "Salesforce is down.", 5)

    def park(self, number: int) -> str:
        user = self.bench.user(number)
        self.bench.store.notice(
            ORG, [Notice(user, f"user{number}@acme.example", Cause.POLL, Priority.LIVE)]
        )
        self.bench.org.tick(1)
        return user


def _seconds(bench: Bench) -> float:
    return bench.org.now.timestamp()


@pytest.fixture
def scene() -> Iterator[Scene]:
    with memory_bench() as bench:
        yield Scene(bench, Mailbox(bench))


BEGUN, OVER = "acme: the brake holds", "acme: over: the brake holds"


def test_what_begins_and_ends_is_told_once_each_to_everybody(scene: Scene) -> None:
    scene.tick(3)
    assert scene.mailbox.heard == []
    scene.trip()
    scene.tick(30)
    scene.brakes.clear()
    scene.tick(30)
    assert scene.mailbox.titles("mail") == scene.mailbox.titles("chat") == [BEGUN, OVER]


def test_trouble_is_told_within_a_minute_after_it_lasted_one(scene: Scene) -> None:
    scene.trouble()
    begun = scene.bench.org.now
    while not scene.mailbox.heard:
        scene.tick()
    lasted = scene.bench.org.now - begun
    assert timedelta(seconds=LASTING) <= lasted <= timedelta(seconds=LASTING + 60)
    scene.bench.store.report_good(ORG)
    scene.tick()
    assert len(scene.mailbox.titles()) == 2


def test_a_hiccup_tells_nobody(scene: Scene) -> None:
    for _ in range(5):
        scene.trouble()
        scene.tick(1)
        scene.bench.store.report_good(ORG)
        scene.tick(2)
    assert scene.mailbox.heard == []
    assert scene.bench.store.alerts() == []


def test_new_conflicts_are_told_once_together_and_over_when_decided(scene: Scene) -> None:
    user = scene.bench.conflict()
    scene.tick(3)
    assert scene.mailbox.titles() == ["acme: new conflicts"]
    assert "1 new conflict waits for a person: " in scene.mailbox.heard[0][2]
    scene.bench.resolve(user, NONE)
    scene.bench.quiet()
    scene.tick(2)
    assert scene.mailbox.titles() == ["acme: new conflicts", "acme: over: new conflicts"]


def test_a_flood_of_conflicts_is_a_message_in_five_minutes(scene: Scene) -> None:
    for number in range(100, 130):
        user = scene.bench.user(number, requested=BOTH, held=FREEDOM)
        scene.bench.org.tick(3)
        scene.bench.settle(user)
        scene.tick()
    messages = 30 * (TICK + 3) / APART.total_seconds()
    assert messages - 1 < len(scene.mailbox.titles()) <= messages + 1
    scene.tick(int(APART.total_seconds() / TICK) + 1)
    told = [body.split(" ", 1)[0] for _, _, body in scene.mailbox.heard[::2]]
    assert sum(map(int, told)) == 30


def test_a_backlog_is_told_and_over(scene: Scene) -> None:
    scene.park(1)
    scene.tick(int(OLD.total_seconds() / TICK))
    assert scene.mailbox.titles() == ["acme: users wait too long"]
    scene.bench.quiet()
    scene.tick()
    assert scene.mailbox.titles()[-1] == "acme: over: users wait too long"


def test_who_took_a_message_does_not_get_it_again_for_one_that_is_down(scene: Scene) -> None:
    scene.mailbox.down = {"chat"}
    scene.trip()
    scene.tick(50)
    assert scene.mailbox.titles("mail") == [BEGUN]
    (alert,) = scene.bench.store.standing_alerts()
    assert (alert.error, alert.taken, alert.told_at) == ("chat is down.", ("mail",), None)
    scene.mailbox.down.clear()
    scene.tick(200)
    assert scene.mailbox.titles("chat") == scene.mailbox.titles("mail") == [BEGUN]


def test_a_target_that_is_down_is_tried_ever_less(scene: Scene) -> None:
    scene.mailbox.down = {"chat", "mail"}
    scene.trip()
    scene.tick(int(6 * LAST_AGAIN / TICK))
    tries = scene.mailbox.tried.count("mail")
    doubling = 1 + int(LAST_AGAIN / FIRST_AGAIN).bit_length()
    assert doubling <= tries <= doubling + 6


def test_what_ended_before_it_could_be_told_is_told_in_one_message(scene: Scene) -> None:
    scene.mailbox.down = {"chat", "mail"}
    scene.trip()
    scene.tick(2)
    scene.brakes.clear()
    scene.tick(2)
    scene.mailbox.down.clear()
    scene.tick(20)
    assert scene.mailbox.titles() == [OVER]
    assert "The removal of 12 licenses of 7 users waits" in scene.mailbox.heard[0][2]


def test_without_targets_it_is_shown_and_told_once_there_are_some(scene: Scene) -> None:
    names, scene.mailbox.names = scene.mailbox.names, []
    scene.trip()
    scene.tick(10)
    (alert,) = scene.bench.store.standing_alerts()
    assert (alert.error, alert.told_at) == (NOBODY, None)
    scene.mailbox.names = names
    scene.tick(4)
    assert scene.mailbox.titles() == [BEGUN]


def test_nobody_hears_of_what_was_over_before_there_were_targets(scene: Scene) -> None:
    names, scene.mailbox.names = scene.mailbox.names, []
    scene.trip()
    scene.tick(10)
    scene.brakes.clear()
    scene.tick(10)
    scene.mailbox.names = names
    scene.tick(100)
    assert scene.mailbox.heard == []


def test_two_workers_do_not_tell_the_same(scene: Scene) -> None:
    scene.trip()
    token = scene.bench.store.take_alerts(60)
    assert token is not None
    scene.tick()
    assert scene.mailbox.heard == []
    scene.bench.store.drop_alerts(token)
    scene.tick()
    assert scene.mailbox.titles() == [BEGUN]


def test_a_worker_that_dies_while_telling_leaves_it_to_the_next(scene: Scene) -> None:
    """Twice is better than never."""
    scene.trip()
    scene.mailbox.crash = True
    with pytest.raises(RuntimeError):
        scene.tick()
    scene.mailbox.crash = False
    scene.tick()
    assert scene.mailbox.titles() == [BEGUN, BEGUN]
    scene.tick(20)
    assert len(scene.mailbox.titles()) == 2


def test_slow_targets_do_not_hold_a_worker_for_long(scene: Scene) -> None:
    scene.mailbox.seconds = 15.0
    scene.brakes = [Brake(f"org{n}", scene.bench.org.now, "b", "r", 1, 1) for n in range(9)]
    begun = scene.bench.org.now
    scene.tick()
    took = (scene.bench.org.now - begun).total_seconds() - TICK
    assert took < BUDGET_SECONDS + scene.mailbox.seconds
    scene.tick(9)
    assert len(scene.mailbox.titles()) == len(set(scene.mailbox.titles())) == 9


def test_a_target_that_just_failed_does_not_make_others_wait(scene: Scene) -> None:
    scene.mailbox.down = {"chat"}
    scene.brakes = [Brake(f"org{n}", scene.bench.org.now, "b", "r", 1, 1) for n in range(9)]
    scene.tick()
    assert scene.mailbox.tried.count("chat") == 1
    assert len(scene.mailbox.titles("mail")) == 9


STEPS = st.lists(
    st.one_of(
        st.tuples(st.just("down"), st.sets(st.sampled_from(["chat", "mail"]))),
        st.tuples(st.just("brake"), st.booleans()),
        st.tuples(st.just("trouble"), st.booleans()),
        st.tuples(st.just("tick"), st.integers(1, 5)),
    ),
    max_size=25,
)


@given(STEPS)
@settings(max_examples=30)
def test_each_condition_is_told_once_and_its_end_once_whatever_fails(
    steps: list[tuple[str, object]],
) -> None:
    with memory_bench() as bench:
        scene = Scene(bench, Mailbox(bench))
        for what, how in steps:
            _do(scene, what, how)
        scene.mailbox.down.clear()
        scene.brakes.clear()
        bench.store.report_good(ORG)
        scene.tick(int(LAST_AGAIN / TICK) + 2)
        alerts = bench.store.alerts(limit=1000)
        for name in scene.mailbox.names:
            _judge(scene, name, {alert.id for alert in alerts})
        assert all(alert.over_told_at for alert in alerts)


def _do(scene: Scene, what: str, how: object) -> None:
    if what == "down":
        assert isinstance(how, set)
        scene.mailbox.down = how
    elif what == "tick":
        assert isinstance(how, int)
        scene.tick(how)
    elif what == "brake":
        scene.brakes.clear()
        if how:
            scene.trip()
    elif how:
        scene.trouble()
    else:
        scene.bench.store.report_good(ORG)


def _judge(scene: Scene, name: str, alerts: set[int]) -> None:
    """Of each kind: ends are as many as alerts, and no begin comes twice before an end."""
    titles = scene.mailbox.titles(name)
    assert sum(": over: " in f": {title}" for title in titles) == len(alerts)
    for kind in (AlertKind.BRAKE, AlertKind.TROUBLE):
        about = "brake" if kind is AlertKind.BRAKE else "cannot be worked on"
        open_ = 0
        for title in (one for one in titles if about in one):
            open_ = max(open_ - 1, 0) if "over: " in title else open_ + 1
            assert open_ <= 1, titles
