"""The tasks: how little they do, and whom they wake."""

import ast
import inspect
from collections.abc import Mapping
from dataclasses import dataclass, field
from types import SimpleNamespace
from typing import Any

import pytest

from sync.ports.pending import Priority
from sync.ports.review import DueWork
from sync.ports.runs import RunStatus
from worker import tasks
from worker.app import BULK, LIVE
from worker.base import SyncTask

LINES = 10


def task_functions() -> list[ast.FunctionDef]:
    tree = ast.parse(inspect.getsource(tasks))
    return [node for node in tree.body if isinstance(node, ast.FunctionDef)]


@pytest.mark.parametrize("function", task_functions(), ids=lambda function: function.name)
def test_a_task_is_thin(function: ast.FunctionDef) -> None:
    first = function.body[1] if ast.get_docstring(function) else function.body[0]
    assert function.end_lineno is not None
    assert function.end_lineno - first.lineno + 1 < LINES


@pytest.mark.parametrize("function", task_functions(), ids=lambda function: function.name)
def test_a_message_holds_names_and_numbers_alone(function: ast.FunctionDef) -> None:
    """What a task is given is readable in the broker by whoever can read that."""
    for argument in function.args.args:
        assert isinstance(argument.annotation, ast.Name)
        assert argument.annotation.id in {"str", "int"}


def test_every_task_says_its_errors_in_one_line() -> None:
    named = {function.name for function in task_functions()}
    for name in named:
        assert isinstance(getattr(tasks, name), SyncTask), name


@dataclass
class Recorder:
    """The runtime, its one org and its store, and the waker: whatever is called is written down."""

    answers: Mapping[str, list[Any]] = field(default_factory=dict)
    calls: list[tuple[Any, ...]] = field(default_factory=list)
    may_run: bool = True

    def runtime(self) -> SimpleNamespace:
        org = SimpleNamespace(
            **{
                name: self._noted(name)
                for name in ("poll", "overlap", "settle", "carry_out", "queue_nightly")
            },
        )
        return SimpleNamespace(
            org=lambda _: org,
            may_run=lambda _: self.may_run,
            teller=lambda url: SimpleNamespace(tell=self._noted("tell")),
            surroundings=self._noted("surroundings"),
            settings=SimpleNamespace(
                settle_limit=2000,
                reconcile_hour=3,
                orgs={"acme": None},
                admin=SimpleNamespace(url="https://page"),
            ),
            store=SimpleNamespace(
                due_work=self._noted("due_work"),
                beat=self._noted("beat"),
                brakes=self._noted("brakes"),
            ),
        )

    def waker(self) -> SimpleNamespace:
        return SimpleNamespace(
            wake=lambda task, org, queue: self.calls.append(("wake", org, queue)),
            wake_run=lambda task, org, run: self.calls.append(("wake_run", org, run)),
            woken=lambda org, queue: self.calls.append(("woken", org, queue)),
            woken_run=lambda org, run: self.calls.append(("woken_run", org, run)),
        )

    def _noted(self, name: str) -> Any:
        def call(*arguments: Any) -> Any:
            self.calls.append((name, *arguments))
            answers = self.answers.get(name)
            return answers.pop(0) if answers else None

        return call


@pytest.fixture
def recorder(monkeypatch: pytest.MonkeyPatch) -> Recorder:
    found = Recorder({})
    monkeypatch.setattr(tasks, "runtime", found.runtime)
    monkeypatch.setattr(tasks, "waker", found.waker)
    return found


def report(**values: Any) -> SimpleNamespace:
    return SimpleNamespace(**{"noticed": 0, "users_read": 9, "claimed": 1, "outcomes": {}} | values)


@pytest.mark.parametrize("look", ["poll", "overlap"])
@pytest.mark.parametrize(
    ("found", "woken"), [(None, False), (report(), False), (report(noticed=1), True)]
)
def test_a_look_wakes_settle_when_it_noticed_somebody(
    recorder: Recorder, look: str, found: Any, woken: bool
) -> None:
    recorder.answers = {look: [found]}
    getattr(tasks, look)("acme")
    assert recorder.calls == [(look,), *([("wake", "acme", LIVE)] if woken else [])]


@pytest.mark.parametrize(("queue", "priority"), [(LIVE, Priority.LIVE), (BULK, Priority.BULK)])
def test_settle_takes_its_mark_away_before_it_claims(
    recorder: Recorder, queue: str, priority: Priority
) -> None:
    tasks.settle("acme", queue)
    assert recorder.calls == [("woken", "acme", queue), ("settle", priority, 2000)]


def test_settle_goes_on_while_there_is_something(recorder: Recorder) -> None:
    recorder.answers = {"settle": [report(), report(), None]}
    tasks.settle("acme")
    assert [name for name, *_ in recorder.calls] == ["woken", "settle", "settle", "settle"]


def test_settle_lets_other_orgs_have_their_turn(recorder: Recorder) -> None:
    recorder.answers = {"settle": [report() for _ in range(99)]}
    tasks.settle("acme", BULK)
    assert [name for name, *_ in recorder.calls].count("settle") == tasks.BATCHES
    assert recorder.calls[-1] == ("wake", "acme", BULK)


def test_settle_goes_on_by_another_task_once_it_took_long(
    recorder: Recorder, monkeypatch: pytest.MonkeyPatch
) -> None:
    recorder.answers = {"settle": [report() for _ in range(99)]}
    monkeypatch.setattr(tasks, "rounds", lambda most: range(min(most, 2)))
    tasks.settle("acme")
    assert [name for name, *_ in recorder.calls] == ["woken", "settle", "settle", "wake"]


def test_a_run_wakes_settle_unless_another_has_it(recorder: Recorder) -> None:
    tasks.reconcile("acme", 7)
    assert recorder.calls == [("woken_run", "acme", 7), ("carry_out", 7)]
    recorder.answers = {"carry_out": [report(id=7, kind="plan", status=RunStatus.DONE)]}
    tasks.reconcile("acme", 7)
    assert recorder.calls[4:] == [("wake", "acme", BULK)]


@pytest.mark.parametrize("status", [RunStatus.QUEUED, RunStatus.APPLYING])
def test_a_run_that_is_not_done_queues_behind_others(recorder: Recorder, status: RunStatus) -> None:
    recorder.answers = {"carry_out": [report(id=7, kind="plan", status=status)]}
    tasks.reconcile("acme", 7)
    assert recorder.calls[2:] == [("wake", "acme", BULK), ("wake_run", "acme", 7)]


def test_a_run_waits_for_the_sweep_once_there_are_no_api_calls_for_it(recorder: Recorder) -> None:
    recorder.may_run = False
    recorder.answers = {"carry_out": [report(id=7, kind="plan", status=RunStatus.QUEUED)]}
    tasks.reconcile("acme", 7)
    assert recorder.calls[2:] == [("wake", "acme", BULK)]


def test_the_night_is_asked_after_by_the_hour_of_the_settings(recorder: Recorder) -> None:
    tasks.nightly("acme")
    assert recorder.calls == [("queue_nightly", 3)]


def test_alerts_are_told_of_how_things_are(recorder: Recorder) -> None:
    recorder.answers = {"brakes": [["a brake"]], "surroundings": ["how things are"]}
    tasks.alerts()
    assert recorder.calls == [
        ("brakes",),
        ("surroundings", ["a brake"]),
        ("tell", "how things are"),
    ]


def test_the_sweep_wakes_whoever_has_something_to_do(recorder: Recorder) -> None:
    recorder.answers = {"due_work": [{"acme": DueWork("acme", 1, 1, (7, 8))}]}
    tasks.sweep()
    assert recorder.calls == [
        ("due_work",),
        ("wake", "acme", LIVE),
        ("wake", "acme", BULK),
        ("wake_run", "acme", 7),
        ("wake_run", "acme", 8),
    ]


def test_the_sweep_leaves_runs_waiting_while_there_are_no_api_calls_for_them(
    recorder: Recorder,
) -> None:
    recorder.may_run = False
    recorder.answers = {"due_work": [{"acme": DueWork("acme", 1, 0, (7,))}]}
    tasks.sweep()
    assert recorder.calls == [("due_work",), ("wake", "acme", LIVE)]


@pytest.mark.parametrize(
    "work",
    [{}, {"acme": DueWork("acme", 0, 0, ())}, {"gone": DueWork("gone", 5, 5, (1,))}],
    ids=["nothing", "nothing of an org", "an org that is not configured any more"],
)
def test_the_sweep_wakes_nobody_for_nothing(recorder: Recorder, work: Any) -> None:
    recorder.answers = {"due_work": [work]}
    tasks.sweep()
    assert recorder.calls == [("due_work",)]


def test_a_heartbeat_is_of_the_workers_of_a_queue(recorder: Recorder) -> None:
    tasks.heartbeat(BULK)
    assert recorder.calls == [("beat", "worker-bulk")]
