"""Signals to processes of the program; one that has ended is no error."""

import os
import signal
from collections.abc import Iterable, Iterator
from contextlib import contextmanager


def signaled(pid: int, number: int) -> bool:
    """Whether it was there to get the signal."""
    try:
        os.kill(pid, number)
    except ProcessLookupError:
        return False
    return True


@contextmanager
def stopped(pids: Iterable[int]) -> Iterator[int]:
    """Processes that do nothing for a while, though they are there; how many."""
    held = [pid for pid in pids if signaled(pid, signal.SIGSTOP)]
    try:
        yield len(held)
    finally:
        for pid in held:
            signaled(pid, signal.SIGCONT)
