"""The application's settings, and what they do to a real worker that is told to end."""

import os
import signal
import ssl
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace

import pytest
import redis
from celery import Celery
from celery.apps.beat import Beat
from celery.beat import Scheduler, Service

from cli import processes
from cli.processes import WORKER_ENVIRONMENT
from cli.supervisor import Process
from cli.up import start_parts
from config.settings import Settings
from tests.unit.worker.running import start_worker
from worker.app import HARD_LIMIT, SOFT_LIMIT, VISIBILITY_SECONDS, make_app
from worker.wake import MARK_SECONDS

SLOW = r"""
import pathlib, time
from worker.app import app

app.conf.worker_soft_shutdown_timeout = 2

@app.task(name="slow")
def slow(seconds, path):
    with pathlib.Path(path).open("a") as file:
        file.write("begun\n")
        file.flush()
        time.sleep(seconds)
        file.write("done\n")
"""


# What the settings say


def test_a_killed_workers_message_comes_back(app: Celery) -> None:
    assert app.conf.task_acks_late
    assert app.conf.task_reject_on_worker_lost
    options = app.conf.broker_transport_options
    assert options["visibility_timeout"] == VISIBILITY_SECONDS
    assert options["unacked_restore_interval"] == 1
    assert options["unacked_restore_throttle"] == 1


def test_a_message_never_comes_back_while_its_task_runs(app: Celery) -> None:
    """A task ends, by force if need be, well before its message is given to another worker."""
    assert app.conf.task_soft_time_limit == SOFT_LIMIT
    assert app.conf.task_time_limit == HARD_LIMIT
    assert SOFT_LIMIT < HARD_LIMIT
    assert HARD_LIMIT + app.conf.worker_soft_shutdown_timeout < VISIBILITY_SECONDS
    assert MARK_SECONDS < SOFT_LIMIT


def test_a_worker_hoards_nothing(app: Celery) -> None:
    assert app.conf.worker_prefetch_multiplier == 1


def test_messages_are_json_and_nothing_is_kept_of_their_results(app: Celery) -> None:
    assert app.conf.task_serializer == "json"
    assert app.conf.accept_content == ["json"]
    assert app.conf.task_ignore_result
    assert app.conf.result_backend is None


def test_a_misspelled_queue_is_an_error_and_not_a_queue_that_nobody_reads(app: Celery) -> None:
    assert set(app.amqp.queues) == {"live", "bulk", "slow"}
    with pytest.raises(Exception, match="lvie"):
        app.send_task("x", queue="lvie")


def test_beat_keeps_nothing_in_a_file(app: Celery) -> None:
    """A file that a killed beat leaves half written is a traceback at its end or its next start."""
    service = Service(app, scheduler_cls=Beat(app=app).scheduler_cls)
    assert type(service.get_scheduler(lazy=True)) is Scheduler


@pytest.mark.parametrize(
    ("url", "given"),
    [
        ("rediss://host:6380/0", {"ssl_cert_reqs": ssl.CERT_REQUIRED}),
        ("rediss://:ssl_password@host", {"ssl_cert_reqs": ssl.CERT_REQUIRED}),
        ("rediss://host:6380/0?ssl_ca_certs=/ca.pem", {"ssl_ca_certs": "/ca.pem"}),
        ("redis://host:6379/0", None),
    ],
)
def test_tls_is_verified_also_where_the_url_does_not_ask_for_it(
    url: str, given: dict[str, object] | None
) -> None:
    """kombu does not verify by itself. With options of its own, redis-py's default counts."""
    made = make_app(Settings(broker_url=url))  # type: ignore[arg-type]
    with made.connection_for_write() as connection:
        assert (connection.ssl or None) == given
    if given is not None:
        assert redis.SSLConnection(**given).cert_reqs == ssl.CERT_REQUIRED
    made.close()


@pytest.mark.parametrize("part", ["worker", "beat"])
def test_wrong_settings_end_celery_with_their_sentences(part: str, tmp_path: Path) -> None:
    environment = os.environ | {
        "LICENSE_SYNC_ENV_FILE": os.devnull,
        "LICENSE_SYNC_POLL_SECONDS": "often",
        "LICENSE_SYNC_BROKER_URL": "redis://:hush/x@host",
    }
    done = subprocess.run(
        [sys.executable, "-m", "celery", "-A", "worker.app", part],
        cwd=tmp_path,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 2
    assert done.stdout == ""
    said = [line.partition(":")[0] for line in done.stderr.splitlines()]
    assert said == ["LICENSE_SYNC_BROKER_URL", "LICENSE_SYNC_POLL_SECONDS"]


# What a worker does


def test_the_worker_command_asks_for_a_soft_end(
    monkeypatch: pytest.MonkeyPatch, broker_settings: Settings
) -> None:
    started: list[dict[str, str]] = []
    runtime = SimpleNamespace(settings=broker_settings, store=SimpleNamespace(now=lambda: None))
    monkeypatch.setattr(processes, "runtime", lambda: runtime)
    monkeypatch.setattr(os, "execve", lambda _path, _command, given: started.append(given))
    processes.worker(["live"])
    assert WORKER_ENVIRONMENT.items() <= started[0].items()


def test_up_asks_for_a_soft_end() -> None:
    started: list[Process] = []
    supervisor = SimpleNamespace(start=started.append)
    settings = Settings(broker_url="redis://host")  # type: ignore[arg-type]
    start_parts(supervisor, settings, logs=None)  # type: ignore[arg-type]
    for process in started:
        assert WORKER_ENVIRONMENT.items() <= process.environment.items()


@pytest.fixture
def worker(broker_settings: Settings, tmp_path: Path) -> Iterator["subprocess.Popen[bytes]"]:
    """A real worker that has a slow task, in the surroundings that `license-sync worker` gives."""
    process = start_worker(broker_settings, tmp_path, SLOW, WORKER_ENVIRONMENT)
    yield process
    if process.poll() is None:
        os.killpg(process.pid, signal.SIGKILL)
    process.wait()


def begun(app: Celery, path: Path, seconds: float) -> None:
    """A task that takes so long; returns when it has begun."""
    app.send_task("slow", (seconds, str(path)), queue="live")
    deadline = time.monotonic() + 60
    while not path.exists() or "begun" not in path.read_text():
        assert time.monotonic() < deadline, (path.parent / "log").read_text()
        time.sleep(0.05)


def waiting(broker: redis.Redis) -> int:
    return int(broker.llen("license-sync:live"))


def test_what_is_nearly_done_is_finished_after_sigterm(
    worker: "subprocess.Popen[bytes]", app: Celery, broker: redis.Redis, tmp_path: Path
) -> None:
    begun(app, tmp_path / "told", 0.7)
    worker.terminate()
    worker.wait(30)
    assert (tmp_path / "told").read_text() == "begun\ndone\n"
    assert waiting(broker) == 0


@pytest.mark.e2e
def test_what_takes_too_long_goes_back_to_the_queue_after_sigterm(
    worker: "subprocess.Popen[bytes]", app: Celery, broker: redis.Redis, tmp_path: Path
) -> None:
    """Well within the time that Docker or a supervisor gives it, and not after the task's end."""
    begun(app, tmp_path / "told", 60)
    worker.terminate()
    worker.wait(30)
    assert (tmp_path / "told").read_text() == "begun\n"
    assert waiting(broker) == 1
    with pytest.raises(ProcessLookupError):
        os.killpg(worker.pid, 0)
