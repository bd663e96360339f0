"""A listener that kills itself: `python -m tests.e2e.killed_listener POINT COUNT` is its own -9.

Everything in it is the real thing but for one line: at the COUNT-th time that it comes to POINT it
is gone, as by `kill -9`. `hear`: what arrived is not stored yet. `wake`: it is stored, and nobody
has been woken.
"""

import os
import signal
import sys
from collections.abc import Callable
from typing import Any

from cli.session import runtime
from config.logging import configure_logging
from sync.store.store import SqlStore
from worker import listen


def main(point: str, count: int) -> None:
    """Listen until the moment has come."""
    configure_logging(runtime().settings)
    left = [count]

    def fatal(act: Callable[..., Any], is_due: Callable[..., bool]) -> Callable[..., Any]:
        def do(*args: Any) -> Any:
            if is_due(*args):
                left[0] -= 1
                if left[0] <= 0:
                    os.kill(os.getpid(), signal.SIGKILL)
            return act(*args)

        return do

    if point == "hear":
        SqlStore.hear = fatal(SqlStore.hear, _has_notices)  # type: ignore[method-assign]
    else:
        listen.wake = fatal(listen.wake, lambda _org: True)
    listen.Listening(runtime()).run()


def _has_notices(_store: SqlStore, _stream: object, heard: Any, _seconds: float) -> bool:
    return bool(heard.notices)


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]))
