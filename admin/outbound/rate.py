"""How many messages an org may send: a bucket that fills up again while time passes."""

from collections.abc import Callable


class Rate:
    """So many in a minute, and as many at once after a quiet one."""

    def __init__(self, per_minute: int, monotonic: Callable[[], float]) -> None:
        self._most = float(per_minute)
        self._monotonic = monotonic
        self._left = self._most
        self._at = monotonic()

    def allows(self) -> bool:
        """Whether there is room for one more; if so, it is taken."""
        now = self._monotonic()
        self._left = min(self._most, self._left + (now - self._at) * self._most / 60.0)
        self._at = now
        if self._left < 1.0:
            return False
        self._left -= 1.0
        return True
