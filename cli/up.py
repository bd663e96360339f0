"""`license-sync up`: every process on this machine, with embedded parts for what is not set."""

import fcntl
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from cli.output import say, warn
from cli.processes import (
    WORKER_ENVIRONMENT,
    Queue,
    admin_command,
    beat_command,
    listen_command,
    worker_command,
)
from cli.session import runtime
from cli.supervisor import Process, Supervisor
from config.broker import broker_command, stop_left_over, wait_for_broker
from config.settings import Settings
from config.state import make_state_dir
from config.wiring import unknown_org
from sync.errors import NotAllowed, SyncError, UnknownReference


def up() -> None:
    """Run workers, schedule and broker until Ctrl-C."""
    settings = runtime().settings
    if not settings.orgs:
        raise UnknownReference(unknown_org("", []))
    runtime().store.now()
    for name in runtime().org_names:
        _say_what_is_wrong(name)
    names = ", ".join(runtime().org_names)
    supervisor = Supervisor()
    with alone_in(settings.state_dir):
        supervisor.stop_on_signals()
        try:
            start_parts(supervisor, settings, logs=None)
            say(f"license-sync is up for {names}; its state is in {settings.state_dir}.")
            say(f"The review page: {settings.admin.url} (`license-sync admin create-user NAME`).")
            say("`license-sync status` and `conflicts list` say what happens. Ctrl-C ends it.")
            supervisor.watch(warn)
            say("Stopping: what is being written is finished …")
        finally:
            supervisor.stop()
    say("Stopped; what was pending waits in the database.")


def _say_what_is_wrong(name: str) -> None:
    """One org's broken policy or key keeps no other org from being worked on."""
    try:
        runtime().org(name)
    except SyncError as error:
        if len(runtime().org_names) == 1:
            raise
        warn(f"{name} is left out: {error}")


def start_parts(supervisor: Supervisor, settings: Settings, logs: Path | None) -> None:
    """Start all processes for these settings. With `logs`, their output goes there."""
    if settings.uses_embedded_broker:
        stop_left_over(settings)
        command, log = broker_command(settings), _log(logs, "broker")
        folder = settings.state_dir / "broker"
        broker = supervisor.start(Process("broker", command, {}, log, folder=folder, serves=True))
        assert broker.popen is not None
        wait_for_broker(settings, broker.popen)
    for queue in Queue:
        command = worker_command(settings, [queue])
        supervisor.start(Process(f"worker-{queue}", command, _ENV, _log(logs, f"worker-{queue}")))
    supervisor.start(Process("beat", beat_command(), _ENV, _log(logs, "beat"), feeds=True))
    if any(org.events for org in settings.orgs.values()):
        listen = Process("listen", listen_command(), _ENV, _log(logs, "listen"), feeds=True)
        supervisor.start(listen)
    supervisor.start(Process("admin", admin_command(), _ENV, _log(logs, "admin")))


_ENV = {"PYTHONUNBUFFERED": "1", **WORKER_ENVIRONMENT}


def _log(logs: Path | None, name: str) -> Path | None:
    return None if logs is None else logs / f"{name}.log"


@contextmanager
def alone_in(state_dir: Path) -> Iterator[None]:
    """Hold the state folder; NotAllowed if another `up` has it."""
    make_state_dir(state_dir)
    with (state_dir / "up.lock").open("a+") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            raise NotAllowed(
                f"license-sync runs already with the state in {state_dir}: stop that one, "
                "or set another LICENSE_SYNC_STATE_DIR."
            ) from None
        lock.truncate(0)
        lock.write(f"{os.getpid()} {sys.argv[0]}\n")
        lock.flush()
        yield
