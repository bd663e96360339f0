"""The disk of the state folder, full for a while.

As root it is a small disk of its own (tmpfs) that a file fills up. Others may mount nothing: there
each process of the program is forbidden to make its files longer (RLIMIT_FSIZE), which meets the
same writes with another error, and ends the broker, as Valkey does not survive the signal.
"""

import os
import resource
import subprocess
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Protocol

SIZE = "96m"
_CHUNK = 1 << 20
_LAST_BYTES = 4096


class Disk(Protocol):
    """A disk that can be full."""

    how: str

    def fill(self) -> None:
        """Let nothing more be written."""
        ...

    def empty(self) -> None:
        """Let everything be written again."""
        ...


class SmallDisk:
    """A mounted tmpfs with a filler file in it."""

    how = "a full tmpfs"

    def __init__(self, folder: Path) -> None:
        self._filler = folder / "filler"

    def fill(self) -> None:
        with suppress(OSError), self._filler.open("wb", buffering=0) as file:
            for size in (_CHUNK, _LAST_BYTES, 1):
                with suppress(OSError):
                    while True:
                        file.write(b"\0" * size)

    def empty(self) -> None:
        self._filler.unlink(missing_ok=True)


class ShortFiles:
    """Limits on the length of files, of the processes that run when it fills up."""

    how = "a limit on the length of files"

    def __init__(self, processes: Callable[[], Iterable[int]]) -> None:
        self._processes = processes

    def fill(self) -> None:
        self._limit(0)

    def empty(self) -> None:
        self._limit(resource.RLIM_INFINITY)

    def _limit(self, size: int) -> None:
        for pid in self._processes():
            with suppress(ProcessLookupError, PermissionError, ValueError):
                hard = resource.prlimit(pid, resource.RLIMIT_FSIZE)[1]
                resource.prlimit(pid, resource.RLIMIT_FSIZE, (size, hard))


@contextmanager
def disk_for(folder: Path, processes: Callable[[], Iterable[int]]) -> Iterator[Disk]:
    """A disk under `folder` that can be filled; what was mounted is taken away in the end."""
    folder.mkdir(parents=True, exist_ok=True)
    if os.geteuid() != 0 or not _mounted(folder):
        yield ShortFiles(processes)
        return
    try:
        yield SmallDisk(folder)
    finally:
        subprocess.run(["umount", "--lazy", str(folder)], check=False)


def _mounted(folder: Path) -> bool:
    """Whether a tmpfs could be mounted there: in a container root may not be allowed to."""
    words = ["mount", "-t", "tmpfs", "-o", f"size={SIZE},mode=700", "tmpfs", str(folder)]
    try:
        return subprocess.run(words, check=False, capture_output=True).returncode == 0
    except OSError:
        return False
