"""Whoever is stopped goes on, whatever happens meanwhile."""

import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.chaos.processes import stopped
from tests.e2e.harness import wait_for


@pytest.fixture
def sleeper() -> Iterator["subprocess.Popen[bytes]"]:
    with subprocess.Popen(["sleep", "60"]) as process:
        yield process
        process.kill()


def is_stopped(pid: int) -> bool:
    stat = Path(f"/proc/{pid}/stat").read_text()
    return stat.rpartition(")")[2].split()[0] == "T"


def test_a_stopped_process_goes_on_after_a_failure(sleeper: "subprocess.Popen[bytes]") -> None:
    def fail_meanwhile() -> None:
        with stopped([sleeper.pid]) as count:
            assert count == 1
            wait_for("it stands still", lambda: is_stopped(sleeper.pid), 5)
            raise RuntimeError

    with pytest.raises(RuntimeError):
        fail_meanwhile()
    wait_for("it goes on", lambda: not is_stopped(sleeper.pid), 5)


def test_a_process_that_has_ended_is_not_counted(sleeper: "subprocess.Popen[bytes]") -> None:
    sleeper.kill()
    sleeper.wait()
    with stopped([sleeper.pid]) as count:
        assert count == 0
