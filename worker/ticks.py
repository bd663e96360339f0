"""Ticks that pile up while no worker takes them: one is carried out, the rest are late.

Whether one is late is told by the broker's clock. A message's own `expires` is a time on the
sender's clock that the worker compares with its own
(https://docs.celeryq.dev/en/stable/userguide/calling.html#expiration): with a worker whose clock
is minutes ahead of beat's, every tick would be late.
"""

import redis

LONGEST_SECONDS = 30.0
"""Of a rare tick: whoever looks that seldom may as well look again."""

HEADER = "tick_seconds"
"""The header of a tick's message that says after how many seconds the next one comes."""


class Ticks:
    """Marks of what was carried out lately, kept in the broker."""

    def __init__(self, broker: redis.Redis) -> None:
        self._broker = broker

    def is_late(self, name: str, seconds: float) -> bool:
        """Whether another tick of this name was begun less than half its interval ago."""
        milliseconds = max(1, int(min(seconds / 2, LONGEST_SECONDS) * 1000))
        return not self._broker.set(f"license-sync:tick:{name}", 1, nx=True, px=milliseconds)
