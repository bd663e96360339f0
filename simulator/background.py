"""Work that goes on in the event loop while no call waits for it."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine
from typing import Any

Work = Callable[[], Coroutine[Any, Any, None]]


class Background:
    """At most one task for each name; a task that fails is told to the loop's handler."""

    def __init__(self) -> None:
        self._tasks: dict[str, asyncio.Task[None]] = {}

    def start(self, name: str, work: Work) -> None:
        """Begins the work, unless it is still going on. Needs a running loop."""
        if name not in self._tasks:
            task = asyncio.get_running_loop().create_task(work(), name=name)
            self._tasks[name] = task
            task.add_done_callback(lambda _: self._tasks.pop(name, None))
