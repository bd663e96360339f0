"""The daily API allotment over a rolling window, and the header that reports it.

The window is 24 hours (limits quick reference). How finely an org counts is not known:
here a use falls out of it by the minute, or by the second where the window is short.
"""

from __future__ import annotations

from simulator.clock import Clock
from simulator.database import Database

APP_NAME = "license-sync"
DAY = 24 * 3600.0
BUCKETS = 1440


class Allotment:
    """So many uses in any window; `name` is what its table and settings begin with."""

    def __init__(self, database: Database, clock: Clock, name: str, most: int = 0) -> None:
        self._db = database
        self._clock = clock
        self._name = name
        self._db.execute(
            f"CREATE TABLE IF NOT EXISTS {name}_use "
            "(bucket INTEGER PRIMARY KEY, calls INTEGER NOT NULL)"
        )
        self.max = int(database.setting(f"{name}_max", str(most)))
        self.window = float(database.setting(f"{name}_window", str(DAY)))
        self._uses: dict[int, int] = dict(database.execute(f"SELECT bucket, calls FROM {name}_use"))

    @property
    def used(self) -> int:
        """Uses of the last window. A clock that was set back still counts what came later."""
        oldest = self._oldest()
        for bucket in [b for b in self._uses if b <= oldest]:
            del self._uses[bucket]
        return sum(self._uses.values())

    def spend(self, calls: int) -> None:
        bucket = int(self._clock.now() // self._width)
        if bucket not in self._uses:
            self._db.execute(f"DELETE FROM {self._name}_use WHERE bucket <= ?", (self._oldest(),))
        self._uses[bucket] = self._uses.get(bucket, 0) + calls
        self._db.execute(
            f"INSERT OR REPLACE INTO {self._name}_use VALUES (?, ?)",
            (bucket, self._uses[bucket]),
        )

    def allot(
        self, most: int | None = None, used: int | None = None, window: float | None = None
    ) -> None:
        """What is None stays. Uses so far, or those given, count as made now in a new window."""
        counted = self.used if used is None and window is not None else used
        self.max = self.max if most is None else most
        self.window = self.window if window is None else float(window)
        self._db.set_setting(f"{self._name}_max", str(self.max))
        self._db.set_setting(f"{self._name}_window", str(self.window))
        if counted is not None:
            self._uses.clear()
            self._db.execute(f"DELETE FROM {self._name}_use")
            self.spend(counted)

    @property
    def left(self) -> int:
        return max(0, self.max - self.used)

    @property
    def exhausted(self) -> bool:
        return self.used >= self.max

    def _oldest(self) -> int:
        """The newest bucket that is out of the window."""
        return int((self._clock.now() - self.window) // self._width)

    @property
    def _width(self) -> float:
        return max(1.0, self.window // BUCKETS)


class Quota(Allotment):
    """API calls, as the header of each answer tells."""

    def __init__(self, database: Database, clock: Clock) -> None:
        super().__init__(database, clock, "api")
        self.per_app = database.setting("api_per_app") == "1"

    def configure(
        self,
        most: int | None = None,
        used: int | None = None,
        per_app: bool | None = None,
        window: float | None = None,
    ) -> None:
        self.allot(most, used, window)
        self.per_app = self.per_app if per_app is None else per_app
        self._db.set_setting("api_per_app", str(int(self.per_app)))

    def header(self) -> str:
        """Both forms are documented; the second comes with per-app limits."""
        used = self.used
        plain = f"api-usage={used}/{self.max}"
        return (
            f"{plain}; per-app-api-usage={used}/{self.max}(appName={APP_NAME})"
            if self.per_app
            else plain
        )
