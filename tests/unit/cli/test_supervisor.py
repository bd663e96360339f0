"""What keeps processes running goes on whatever happens to the disk that it tells of them on."""

import errno
from pathlib import Path

import pytest

from cli import supervisor as module
from cli.supervisor import Process, Supervisor


def process(tmp_path: Path) -> Process:
    return Process("part", ["-c", "raise SystemExit(3)"], {}, log=tmp_path / "part.log")


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "LOOK_SECONDS", 0.01)
    monkeypatch.setattr(module, "RESTART_SECONDS", (0.01,))


def test_a_full_disk_under_its_log_ends_nothing(tmp_path: Path) -> None:
    made, said = Supervisor(), []

    def tell(sentence: str) -> None:
        said.append(sentence)
        if len(said) == 2:
            made.stopping.set()
        raise OSError(errno.EFBIG, "File too large")

    made.start(process(tmp_path))
    made.watch(tell)
    made.stop()
    assert len(said) == 2
    assert "it is started again" in said[0]


def test_what_cannot_be_started_is_tried_again(tmp_path: Path) -> None:
    part = process(tmp_path)
    part.folder = tmp_path / "file" / "folder"
    (tmp_path / "file").write_text("in the way")
    said = part.look(now=1.0)
    assert said is not None
    assert said.startswith("part cannot be started (")
    assert part.look(now=1.005) is None, "not before its time"
    (tmp_path / "file").unlink()
    assert part.look(now=2.0) is None
    assert part.popen is not None
    part.popen.wait()


def test_who_feeds_the_others_ends_before_them_and_who_serves_them_after(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A worker that is told to end while it is fed waits out all the time that it has."""
    told: list[str] = []
    stop = Process.wait_until_stopped

    def ask(part: Process) -> None:
        told.append(part.name)
        assert part.popen is not None
        part.popen.kill()

    def wait(part: Process, patience: float) -> None:
        stop(part, patience)
        told.append(f"{part.name} ended")

    monkeypatch.setattr(Process, "ask_to_stop", ask)
    monkeypatch.setattr(Process, "wait_until_stopped", wait)
    made = Supervisor()
    for name, how in (("broker", {"serves": True}), ("worker", {}), ("beat", {"feeds": True})):
        made.start(Process(name, ["-c", "import time; time.sleep(60)"], {}, tmp_path / name, **how))
    made.stop()
    expected = ["beat", "beat ended", "worker", "worker ended", "broker", "broker ended"]
    assert told == expected
