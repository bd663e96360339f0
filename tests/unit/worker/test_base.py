"""What every task does with an error, and what a worker's children share."""

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import SimpleNamespace

import pytest
import redis
from celery import Celery
from celery.signals import worker_process_init

from config.settings import Settings
from sync.errors import NotAllowed, SyncError
from worker import base
from worker.app import make_app
from worker.base import OrgTask, RunTask, SettleTask, SyncTask, broker, lanes, runtime, ticks, waker
from worker.lanes import Lane, Verdict


@pytest.fixture
def app(tmp_path: Path) -> Iterator[Celery]:
    """An application whose broker nobody needs."""
    made = make_app(Settings(state_dir=tmp_path))
    yield made
    made.close()


@pytest.fixture(autouse=True)
def forget() -> Iterator[None]:
    yield
    for made in (runtime, broker, waker, lanes, ticks):
        made.cache_clear()


def failing(app: Celery, error: Exception) -> SyncTask:
    @app.task(base=SyncTask, name="fail", shared=False)
    def fail(org: str) -> None:
        raise error

    found = app.tasks[fail.name]
    assert isinstance(found, SyncTask)
    return found


@pytest.mark.parametrize(
    ("error", "said"),
    [
        (SyncError("Grant this field."), "fail('acme',): Grant this field."),
        (NotAllowed("Approve the plan."), "fail('acme',): Approve the plan."),
        (
            redis.ConnectionError("Connection refused."),
            "fail('acme',): the broker does not answer: Connection refused.",
        ),
    ],
)
def test_an_error_that_has_a_sentence_is_one_line_and_no_failure(
    app: Celery, caplog: pytest.LogCaptureFixture, error: Exception, said: str
) -> None:
    assert failing(app, error)("acme") is None
    [record] = caplog.records
    assert record.getMessage() == said
    assert record.levelno == logging.WARNING
    assert record.exc_info is None


def test_any_other_error_is_a_failure_with_its_traceback(
    app: Celery, caplog: pytest.LogCaptureFixture
) -> None:
    with pytest.raises(ZeroDivisionError):
        failing(app, ZeroDivisionError())("acme")
    assert caplog.records == []


def test_a_task_gives_back_what_it_found(app: Celery) -> None:
    @app.task(base=SyncTask, name="find", shared=False)
    def find(org: str) -> str:
        return org

    assert app.tasks["find"]("acme") == "acme"


def test_a_child_takes_nothing_over_from_its_parent(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """One engine, one session and one connection each: shared sockets would mix up answers."""
    monkeypatch.chdir(tmp_path)
    parents = runtime(), waker()
    assert (runtime(), waker()) == parents
    worker_process_init.send(sender=None)
    assert runtime() is not parents[0]
    assert waker() is not parents[1]


class Decided:
    """Lanes with one verdict, that write down how long tasks took."""

    def __init__(self, verdict: Verdict) -> None:
        self.verdict = verdict
        self.asked: list[tuple[str, Lane, str]] = []
        self.timed: list[str] = []
        self.under_way: list[str] = []

    @contextmanager
    def turn(self, org: str, lane: Lane, kind: str) -> Iterator[Verdict]:
        self.asked.append((org, lane, kind))
        yield self.verdict

    def took(self, org: str, seconds: float) -> None:
        self.timed.append(org)

    def leaves(self, org: str, work: str) -> bool:
        return work not in self.under_way and not self.under_way.append(work)

    def arrived(self, org: str, work: str) -> None:
        self.under_way.remove(work)


@pytest.mark.parametrize("verdict", Verdict)
@pytest.mark.parametrize(
    ("kind", "args", "slot", "tells_length"),
    [
        (OrgTask, ("acme",), "look", True),
        (SettleTask, ("acme", "live"), "settle:live", True),
        (SettleTask, ("acme", "bulk"), "settle:bulk", False),
        (RunTask, ("acme", "7"), "run", False),
    ],
)
def test_a_task_of_an_org_runs_goes_aside_or_is_dropped(
    app: Celery,
    monkeypatch: pytest.MonkeyPatch,
    verdict: Verdict,
    kind: type[OrgTask],
    args: tuple[str, ...],
    slot: str,
    tells_length: bool,
) -> None:
    """By kind it has a slot of its own, so that no edit waits for a reconcile's batch. Whoever is
    noticed after that may wake another one: the one that has the turn may have claimed already.
    """
    decided, ran, sent, woken = Decided(verdict), [], [], []
    monkeypatch.setattr(base, "lanes", lambda: decided)
    marks = SimpleNamespace(woken=lambda org, queue: woken.append((org, queue)))
    monkeypatch.setattr(base, "waker", lambda: marks)

    @app.task(base=kind, name="look", shared=False)
    def look(*names: str) -> None:
        ran.append(names)

    task = app.tasks["look"]
    monkeypatch.setattr(task, "apply_async", lambda args, queue: sent.append((args, queue)))
    with _message(task, "live", args):
        task(*args)
    assert decided.asked == [("acme", Lane.LIVE, slot)]
    assert ran == ([args] if verdict is Verdict.RUN else [])
    assert sent == ([(args, "slow")] if verdict is Verdict.ASIDE else [])
    assert decided.timed == (["acme"] if verdict is Verdict.RUN and tells_length else [])
    lets_wake = kind is SettleTask and verdict is not Verdict.RUN
    assert woken == ([args] if lets_wake else [])


@contextmanager
def _message(task: OrgTask, queue: str, args: tuple[str, ...]) -> Iterator[None]:
    """As if a worker had taken a message of this task from a queue."""
    task.push_request(called_directly=False, delivery_info={"routing_key": queue}, args=args)
    try:
        yield
    finally:
        task.pop_request()


@pytest.fixture
def decided(monkeypatch: pytest.MonkeyPatch) -> Decided:
    made = Decided(Verdict.RUN)
    monkeypatch.setattr(base, "lanes", lambda: made)
    return made


@pytest.mark.parametrize("fails", [False, True])
def test_the_end_of_slow_work_is_a_sign_of_life(
    app: Celery, decided: Decided, monkeypatch: pytest.MonkeyPatch, fails: bool
) -> None:
    """A heartbeat would wait behind what takes long."""
    beats: list[str] = []
    known = SimpleNamespace(store=SimpleNamespace(beat=beats.append))
    monkeypatch.setattr(base, "runtime", lambda: known)

    @app.task(base=OrgTask, name="look", shared=False)
    def look(org: str) -> None:
        if fails:
            raise SyncError("It took too long.")

    task = app.tasks["look"]
    for queue, said in (("live", []), ("slow", ["worker-slow"])):
        decided.under_way = ["look"]
        with _message(task, queue, ("acme",)):
            task("acme")
        assert beats == said


def test_what_is_on_its_way_aside_is_not_sent_there_again_until_it_arrives(
    app: Celery, decided: Decided, monkeypatch: pytest.MonkeyPatch
) -> None:
    sent: list[str] = []

    @app.task(base=OrgTask, name="look", shared=False)
    def look(org: str) -> None:
        """Nobody gets that far."""

    task = app.tasks["look"]
    monkeypatch.setattr(task, "apply_async", lambda _args, queue: sent.append(queue))
    decided.verdict = Verdict.ASIDE
    for _ in range(3):
        with _message(task, "live", ("acme",)):
            task("acme")
    assert sent == ["slow"]
    decided.verdict = Verdict.DROP
    with _message(task, "slow", ("acme",)):
        task("acme")
    assert decided.under_way == []


def test_what_could_not_be_sent_aside_is_not_on_its_way(
    app: Celery, decided: Decided, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object, **__: object) -> None:
        raise redis.ConnectionError("Connection refused.")

    @app.task(base=OrgTask, name="look", shared=False)
    def look(org: str) -> None:
        """Nobody gets that far."""

    task = app.tasks["look"]
    monkeypatch.setattr(task, "apply_async", fail)
    decided.verdict = Verdict.ASIDE
    with _message(task, "live", ("acme",)):
        task("acme")
    assert decided.under_way == []
