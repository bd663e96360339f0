"""Listening: what is told is stored before more is asked for, and nothing rests on the stream."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sync.errors import CallFailed, Failure, LeaseLost, Remedy, StoreUnavailable
from sync.intake import ECHO_SECONDS
from sync.listening import LEASE_SECONDS, PAUSES, SILENCE_SECONDS, TAKEN_SECONDS, Listener
from sync.ports.events import CREDIT
from sync.ports.pending import Cause, Priority
from sync.ports.runs import RunKind
from sync.ports.streams import Source
from sync.store.store import SqlStore
from sync.store.streams import BY_EVENTS
from tests.fakes.bench import FINGERPRINT, ORG, Bench, memory_bench
from tests.fakes.bus import CUT, LOST, FakeBus, position

TOPIC = "/data/UserChangeEvent"
ANN, BOB, CID = (f"00500000000000{number}AAA" for number in (1, 2, 3))


@dataclass(slots=True)
class Room:
    """A listener, and the time it has; `steps` happen one after the other when it rests."""

    bench: Bench
    bus: FakeBus
    steps: list[Callable[[], object]] = field(default_factory=list)
    woken: int = 0
    waits: list[float] = field(default_factory=list)
    looks: int = 60
    store: object | None = None
    login: object | None = None

    def listen(self, *steps: Callable[[], object], looks: int = 60) -> None:
        """Let it listen while these things happen, and for so many looks in all."""
        self.steps, self.looks = list(steps), looks
        self.listener().run()

    def listener(self) -> Listener:
        """A listener in a process of its own."""
        return Listener(
            org=ORG,
            topic=TOPIC,
            holder="here:1",
            store=self.store or self.bench.store,  # type: ignore[arg-type]
            login=self.login or self.bench.org,  # type: ignore[arg-type]
            bus=self.bus,
            wake=self._wake,
            rest=self._rest,
            jitter=lambda: 0.0,
            monotonic=self._seconds,
        )

    def _seconds(self) -> float:
        return self.bench.org.now.timestamp()

    def _wake(self, org: str) -> None:
        assert org == ORG
        self.woken += 1

    def _rest(self, seconds: float) -> bool:
        self.looks -= 1
        if seconds:
            self.waits.append(seconds)
        self.bench.org.tick(seconds or 1.0)
        if self.steps:
            self.steps.pop(0)()
        return self.looks <= 0

    def noticed(self) -> set[str]:
        """Who waits to be looked at."""
        claim = self.bench.store.claim(ORG, FINGERPRINT, Priority.LIVE, 2000, 30.0)
        if claim is None:
            return set()
        self.bench.store.release(claim, 0.0, "")
        return {user.user_id for user in claim.users}

    def runs(self) -> list[int]:
        """Reconciles that wait."""
        due = self.bench.store.due_work()
        return list(due[ORG].runs) if ORG in due else []


@pytest.fixture
def room() -> Iterator[Room]:
    with memory_bench() as bench:
        yield Room(bench, FakeBus())


def known(room: Room) -> None:
    """Somebody listened before: there is a position."""
    room.listen(looks=3)
    for run_id in room.runs():
        begun = room.bench.store.take_run(run_id, 60.0)
        assert begun is not None
        room.bench.store.end_run(run_id, begun[1])
    room.bus.streams.clear()
    room.woken = 0


def test_who_was_changed_is_noticed_and_somebody_is_woken(room: Room) -> None:
    known(room)
    room.listen(lambda: room.bus.publish(ANN, BOB, actor="005000000000009AAA"))
    assert room.noticed() == {ANN, BOB}
    assert room.woken == 1
    waiting = room.bench.store.waiting(ORG, ANN)
    assert waiting is not None
    assert (waiting.cause, waiting.priority) == (Cause.EVENT, Priority.LIVE)


def test_what_touches_nothing_of_ours_costs_no_look(room: Room) -> None:
    known(room)
    room.listen(lambda: room.bus.publish(ANN, matters=False))
    assert room.noticed() == set()
    assert room.woken == 0
    assert room.bench.store.streams()[ORG].events == 1


def test_it_goes_on_where_it_ended(room: Room) -> None:
    known(room)
    room.bus.publish(ANN)
    room.listen(looks=5)
    room.bus.publish(BOB)
    room.listen(looks=5)
    assert [stream.is_fresh for stream in room.bus.streams] == [False, False]
    assert room.bench.store.streams()[ORG].events == 2
    assert room.noticed() == {ANN, BOB}


def test_the_first_stream_of_all_begins_now_and_the_whole_org_is_looked_at(room: Room) -> None:
    room.bus.publish(ANN)
    room.listen(looks=5)
    assert room.bus.streams[0].is_fresh
    (run_id,) = room.runs()
    assert room.bench.store.run(run_id).kind is RunKind.RECONCILE
    assert room.bench.store.run(run_id).started_by == BY_EVENTS


def test_it_is_looked_at_once_the_stream_has_answered_and_no_sooner(room: Room) -> None:
    room.bus.mute = True
    room.listen(looks=5)
    assert room.runs() == []
    assert not room.bench.store.listens(ORG)


def test_a_lost_position_begins_afresh_at_once_and_misses_nobody(room: Room) -> None:
    known(room)
    room.bus.publish(ANN)
    room.bus.kept_from = 1
    room.listen(looks=8)
    assert [stream.is_fresh for stream in room.bus.streams] == [False, True]
    assert room.waits == []
    assert len(room.runs()) == 1
    assert room.bench.store.listens(ORG) is False  # it ended, as told


def test_a_bus_that_loses_every_position_is_not_asked_all_the_time(room: Room) -> None:
    known(room)
    room.bus.refusals.extend([LOST] * 5)
    room.listen(looks=20)
    assert room.waits[:3] == [PAUSES[1], PAUSES[2], PAUSES[3]]


@pytest.mark.parametrize("ids", [(), (ANN,)])
def test_an_event_that_does_not_say_who_has_the_whole_org_looked_at(
    room: Room, ids: tuple[str, ...]
) -> None:
    known(room)
    room.listen(lambda: room.bus.publish(*ids, everyone=True), looks=5)
    assert len(room.runs()) == 1
    assert room.noticed() == set(ids)


def test_as_much_is_asked_for_as_has_been_stored(room: Room) -> None:
    known(room)
    for _ in range(250):
        room.bus.publish(ANN)
    room.listen(looks=10)
    (stream,) = room.bus.streams
    assert sum(stream.asked) == 250
    assert max(stream.asked) <= CREDIT
    assert stream.reached == 250


def test_nothing_is_asked_for_while_nothing_can_be_stored(room: Room) -> None:
    known(room)
    room.store = Broken(room.bench.store, fails=100)
    for _ in range(250):
        room.bus.publish(ANN)
    room.listen(looks=10)
    assert all(stream.asked == [] for stream in room.bus.streams)
    assert room.noticed() == set()
    room.store = None
    room.listen(looks=10)
    assert room.noticed() == {ANN}


class Broken:
    """A store that cannot store what is heard, so many times."""

    def __init__(self, store: SqlStore, fails: int) -> None:
        self._store = store
        self._fails = fails

    def hear(self, *args: object) -> int:
        self._fails -= 1
        if self._fails >= 0:
            raise StoreUnavailable("The database is away.")
        return self._store.hear(*args)  # type: ignore[arg-type]

    def __getattr__(self, name: str) -> object:
        return getattr(self._store, name)


def test_a_stream_that_ends_is_opened_again_after_ever_longer_pauses(room: Room) -> None:
    known(room)
    room.bus.refusals.extend([CUT] * 7)
    room.bus.publish(ANN)
    room.listen(looks=40)
    assert room.waits == [*PAUSES, PAUSES[-1], PAUSES[-1]]
    assert room.noticed() == {ANN}


def test_a_stream_that_worked_is_opened_again_soon(room: Room) -> None:
    known(room)
    nothing: Callable[[], object] = lambda: None  # noqa: E731
    room.listen(*[nothing, nothing, nothing, room.bus.cut] * 4, looks=40)
    assert set(room.waits) == {PAUSES[0]}


def test_what_a_person_has_to_mend_is_tried_rarely_and_said(room: Room) -> None:
    known(room)
    room.bus.refusals.append(Failure("no_topic", "Select the object.", Remedy.STOP_ORG, 600.0))
    room.listen(looks=3)
    assert room.waits == [600.0]
    assert room.bench.store.streams()[ORG].problem == "Select the object."


def test_a_stream_that_says_nothing_for_too_long_is_dead(room: Room) -> None:
    known(room)
    room.listen(
        lambda: None,
        lambda: None,
        lambda: setattr(room.bus, "mute", True),
        lambda: room.bus.publish(ANN),
        looks=int(SILENCE_SECONDS) + 2,
    )
    assert len(room.bus.streams) == 1
    assert room.noticed() == set()
    room.bus.mute = False
    room.listen(looks=5)
    assert room.noticed() == {ANN}


def test_silence_ends_the_stream(room: Room) -> None:
    known(room)
    room.bus.mute = True
    room.listen(looks=int(SILENCE_SECONDS) + 4)
    assert len(room.bus.streams) == 2
    assert room.waits == [PAUSES[0]]
    assert not room.bench.store.listens(ORG)


def test_a_quiet_stream_keeps_its_lease(room: Room) -> None:
    known(room)
    heard: list[bool] = []
    look = lambda: heard.append(room.bench.store.listens(ORG))  # noqa: E731
    room.listen(*[lambda: None] * 4, *[look] * 90, looks=100)
    assert all(heard)
    assert len(room.bus.streams) == 1


def test_another_process_that_listens_is_left_alone(room: Room) -> None:
    source = Source(ORG, room.bench.org.organization, TOPIC)
    assert room.bench.store.take_stream(source, "there:1", LEASE_SECONDS) is not None
    room.listen(looks=3)
    assert room.bus.streams == []
    assert set(room.waits) == {TAKEN_SECONDS}


def test_another_organization_is_not_listened_to(room: Room) -> None:
    known(room)
    room.bench.org.organization = "00D000000000009AAA"
    room.bench.org.forget_login()
    room.listen(looks=3)
    assert room.bus.streams == []


def test_a_login_that_fails_is_tried_again(room: Room) -> None:
    known(room)
    room.bus.publish(ANN)
    room.login = RefusedOnce(room)
    room.listen(looks=10)
    assert room.waits == [60.0]
    assert room.noticed() == {ANN}


def test_the_echo_of_our_own_write_is_looked_at_in_a_while_and_wakes_nobody(room: Room) -> None:
    known(room)
    ours = room.bench.org.user_id()
    room.listen(lambda: room.bus.publish(ANN, actor=ours, is_ours=True), looks=4)
    assert room.woken == 0
    waiting = room.bench.store.waiting(ORG, ANN)
    assert waiting is not None
    assert (waiting.due_at - waiting.noticed_at).total_seconds() == ECHO_SECONDS


@pytest.mark.parametrize("first", ["edit", "echo"])
def test_an_edit_is_not_taken_for_the_echo_beside_it(room: Room, first: str) -> None:
    known(room)
    ours = room.bench.org.user_id()

    def both() -> None:
        for what in sorted(["edit", "echo"], key=lambda what: what != first):
            if what == "edit":
                room.bus.publish(ANN, actor="005000000000009AAA", is_ours=True)
            else:
                room.bus.publish(ANN, actor=ours, is_ours=True)

    room.listen(both, looks=4)
    assert room.woken == 1
    assert room.noticed() == {ANN}


def test_what_we_are_said_to_have_edited_besides_is_no_echo(room: Room) -> None:
    known(room)
    room.listen(lambda: room.bus.publish(ANN, actor=room.bench.org.user_id()), looks=4)
    assert room.noticed() == {ANN}


class RefusedOnce:
    """A login that fails the first time."""

    def __init__(self, room: Room) -> None:
        self._room = room
        self._fails = [CallFailed(Failure("wrong_secret", "Check it.", Remedy.STOP_ORG, 60.0))]

    def organization_id(self) -> str:
        if self._fails:
            raise self._fails.pop()
        return self._room.bench.org.organization_id()

    def user_id(self) -> str:
        return self._room.bench.org.user_id()

    def forget_login(self) -> None:
        self._room.bench.org.forget_login()


def test_what_came_before_the_end_is_stored(room: Room) -> None:
    known(room)
    room.bus.each = 1
    room.bus.publish(ANN)
    room.bus.publish(BOB)
    room.bus.ends_after_a_word = True
    room.listen(looks=12)
    assert room.noticed() == {ANN, BOB}


Happening = st.sampled_from(
    ["edit", "edit of two", "other", "cut", "duplicate", "lose", "killed", "store away", "everyone"]
)


@settings(max_examples=60, deadline=None)
@given(st.lists(Happening, max_size=25))
def test_whatever_happens_everybody_is_noticed_or_looked_for(happenings: list[str]) -> None:
    """Nobody is settled meanwhile, so that whoever was ever noticed still waits."""
    with memory_bench() as bench:
        room = Room(bench, FakeBus(each=2))
        known(room)
        edited: set[str] = set()
        for happening in happenings:
            _happen(room, happening, edited)
        room.store, room.bus.times = None, 1
        room.bench.org.tick(LEASE_SECONDS)
        room.listen(looks=60)
        missing = edited - room.noticed()
        assert not missing or room.runs(), missing
        if "lose" not in happenings and "everyone" not in happenings:
            assert room.runs() == []


def _happen(room: Room, happening: str, edited: set[str]) -> None:
    bus = room.bus
    match happening:
        case "edit" | "edit of two":
            users = [ANN] if happening == "edit" else [BOB, CID]
            bus.publish(*users)
            edited.update(users)
        case "other":
            bus.publish(ANN, matters=False)
        case "cut":
            room.listen(lambda: None, bus.cut, looks=6)
        case "duplicate":
            bus.times = 2
        case "lose":
            bus.kept_from = len(bus.log) + 1
            bus.publish(matters=False)
        case "killed":
            bus.refusals.clear()
            room.listen(looks=2)
        case "store away":
            room.store = Broken(room.bench.store, fails=2)
        case "everyone":
            bus.publish(everyone=True)


def test_a_lease_that_was_lost_ends_the_stream_and_books_nothing(room: Room) -> None:
    known(room)
    room.store = Slow(room)
    room.bus.publish(ANN)
    room.listen(looks=4)
    assert room.noticed() == set()
    assert all(stream.closed for stream in room.bus.streams)


class Slow(Broken):
    """A store that another process took the stream from."""

    def __init__(self, room: Room) -> None:
        super().__init__(room.bench.store, 0)

    def hear(self, *_: object) -> int:
        raise LeaseLost("Another process listens.")


def test_positions_are_those_of_the_bus(room: Room) -> None:
    known(room)
    room.bus.publish(ANN)
    room.bus.publish(BOB)
    room.listen(looks=5)
    source = Source(ORG, room.bench.org.organization, TOPIC)
    stream = room.bench.store.take_stream(source, "here:2", LEASE_SECONDS)
    assert stream is not None
    assert stream.position == position(2)


def test_the_stamp_of_a_notice_is_the_commit(room: Room) -> None:
    known(room)
    at = room.bench.org.now - timedelta(seconds=1)
    room.listen(lambda: room.bus.publish(ANN, at=at), looks=5)
    assert room.noticed() == {ANN}
