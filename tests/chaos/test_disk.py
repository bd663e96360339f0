"""A full disk takes nothing, and takes everything again afterwards: as root and as others."""

import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.chaos.disk import ShortFiles, SmallDisk, disk_for

WRITER = """
import sys
for line in sys.stdin:
    try:
        with open(sys.argv[1], "ab") as file:
            file.write(b"x" * 5000)
        print("written", flush=True)
    except OSError as error:
        print(error.strerror, flush=True)
"""


@contextmanager
def writer(path: Path) -> Iterator["subprocess.Popen[str]"]:
    """A process that tries to write whenever it gets a line."""
    pipe = subprocess.PIPE
    command = [sys.executable, "-c", WRITER, str(path)]
    with subprocess.Popen(command, stdin=pipe, stdout=pipe, text=True) as process:
        yield process
        assert process.stdin is not None
        process.stdin.close()


def tries(process: "subprocess.Popen[str]") -> str:
    assert process.stdin is not None
    assert process.stdout is not None
    process.stdin.write("go\n")
    process.stdin.flush()
    return process.stdout.readline().strip()


def test_files_cannot_grow_without_root_either(tmp_path: Path) -> None:
    with writer(tmp_path / "some.log") as process:
        disk = ShortFiles(lambda: [process.pid])
        assert tries(process) == "written"
        disk.fill()
        assert tries(process) == "File too large"
        disk.empty()
        assert tries(process) == "written"


def test_a_small_disk_is_full_to_the_last_byte(tmp_path: Path) -> None:
    with disk_for(tmp_path / "state", list) as disk:
        if not isinstance(disk, SmallDisk):
            pytest.skip("nothing may be mounted here")
        with writer(tmp_path / "state" / "some.log") as process:
            assert tries(process) == "written"
            disk.fill()
            assert tries(process) == "No space left on device"
            disk.empty()
            assert tries(process) == "written"
    assert not (tmp_path / "state" / "some.log").exists()
