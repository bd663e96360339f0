"""Keeps a handful of processes running, and ends them all when asked to."""

import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import ExitStack, suppress
from dataclasses import dataclass, field
from pathlib import Path
from types import FrameType
from typing import IO

STOP_SECONDS = 30.0
BREATH_SECONDS = 0.7
"""For what was fed last: a worker that is told to end while a task runs waits out all of its 20 s.
https://docs.celeryq.dev/en/stable/userguide/workers.html#soft-shutdown
"""

LOOK_SECONDS = 0.5
RESTART_SECONDS = (0.2, 1.0, 5.0, 15.0)
STEADY_SECONDS = 60.0


@dataclass(slots=True)
class Process:
    """One process to keep running.

    Its output goes to `log`, or to our standard error where that is None; what it prints on
    standard output goes to `answer`, made anew at each start, where that is named. `folder` is
    made before each start if it is not there: whoever wipes it must not keep the process down.
    Others talk to one that `serves`: it ends after them. One that `feeds` others ends before them.
    """

    name: str
    command: Sequence[str]
    environment: Mapping[str, str]
    log: Path | None = None
    answer: Path | None = None
    folder: Path | None = None
    serves: bool = False
    feeds: bool = False
    popen: "subprocess.Popen[bytes] | None" = None
    started_at: float = 0.0
    falls: int = 0
    due_at: float = 0.0

    def start(self) -> None:
        """Start it, in a session of its own: Ctrl-C is for the supervisor alone."""
        if self.folder is not None:
            self.folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        with ExitStack() as files:
            errors: IO[bytes] | IO[str] = sys.stderr
            if self.log is not None:
                errors = files.enter_context(self.log.open("ab"))
            output = errors
            if self.answer is not None:
                output = files.enter_context(self.answer.open("wb"))
            self.popen = subprocess.Popen(
                [sys.executable, "-P", "-m", "cli.child", *self.command],
                env={**os.environ, **self.environment},
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=errors,
                start_new_session=True,
            )
        self.started_at = time.monotonic()

    def is_running(self) -> bool:
        """Whether it was started and has not ended."""
        return self.popen is not None and self.popen.poll() is None

    def look(self, now: float) -> str | None:
        """Start it again if it ended; a sentence if it just fell."""
        if self.popen is None:
            return self._start_again(now) if now >= self.due_at else None
        code = self.popen.poll()
        if code is None:
            return None
        self.falls = 0 if now - self.started_at > STEADY_SECONDS else self.falls + 1
        self.popen, wait = None, self._wait(now)
        return f"{self.name} ended ({_reason(code)}); it is started again in {wait:g} s."

    def _start_again(self, now: float) -> str | None:
        """What keeps it from being started, a full disk say, passes: it is tried again."""
        try:
            self.start()
        except OSError as error:
            self.falls += 1
            return f"{self.name} cannot be started ({error}); tried again in {self._wait(now):g} s."
        return None

    def _wait(self, now: float) -> float:
        """Put off the next start; by how many seconds."""
        wait = RESTART_SECONDS[min(self.falls, len(RESTART_SECONDS)) - 1 if self.falls else 0]
        self.due_at = now + wait
        return wait

    def ask_to_stop(self) -> None:
        """Ask it to end."""
        if self.popen is not None and self.popen.poll() is None:
            self.popen.terminate()

    def wait_until_stopped(self, patience: float) -> None:
        """Wait until it has ended, and end it if it has not."""
        if self.popen is None:
            return
        try:
            self.popen.wait(patience)
        except subprocess.TimeoutExpired:
            os.killpg(self.popen.pid, signal.SIGKILL)
            self.popen.wait()


@dataclass(slots=True)
class Supervisor:
    """Runs processes until it is told to stop; stops those that serve others last."""

    processes: list[Process] = field(default_factory=list)
    stopping: threading.Event = field(default_factory=threading.Event)

    def start(self, process: Process) -> Process:
        """Start a process and keep it."""
        process.start()
        self.processes.append(process)
        return process

    def stop_on_signals(self) -> None:
        """Let Ctrl-C and SIGTERM stop everything; a second one changes nothing."""
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            signal.signal(number, self._on_signal)

    def _on_signal(self, _number: int, _frame: FrameType | None) -> None:
        self.stopping.set()

    def look(self) -> list[str]:
        """Start again what ended; sentences about what fell."""
        now = time.monotonic()
        return [said for process in self.processes if (said := process.look(now)) is not None]

    def watch(self, tell: Callable[[str], object]) -> None:
        """Keep all processes running until a signal says stop.

        That nobody can be told, as the log's disk is full, ends nothing.
        """
        while not self.stopping.wait(LOOK_SECONDS):
            for fall in self.look():
                with suppress(OSError):
                    tell(fall)

    def stop(self) -> None:
        """End all processes: what feeds others first, what serves others last."""
        feeding = [process for process in self.processes if process.feeds]
        if feeding:
            _stop(feeding)
            time.sleep(BREATH_SECONDS)
        rest = [process for process in self.processes if not process.feeds]
        _stop([process for process in rest if not process.serves])
        _stop([process for process in rest if process.serves])


def _stop(some: Sequence[Process]) -> None:
    """End these at the same time."""
    for process in some:
        process.ask_to_stop()
    for process in some:
        process.wait_until_stopped(STOP_SECONDS)


def _reason(code: int) -> str:
    return f"signal {-code}" if code < 0 else f"status {code}"
